import { ConfigError, type Fault, fault } from "@mcp-fleet/contract";
import type { SessionSecrets } from "../sessions/key-ring.ts";
import { keyOfVariable, keysOfVariable } from "../sessions/session-keys.ts";

/** What stands in the environment alone, and is neither a setting nor ever printed. */
export interface Secrets {
  /** `MCP_FLEET_SESSION_KEYS`: what session ids are signed with. */
  readonly sessionKeys?: SessionSecrets;
  /** `MCP_FLEET_OWNER_KEY`: what principals are digested with. */
  readonly ownerKey?: Buffer;
  /** `MCP_FLEET_ADMIN_TOKEN`: what a request that changes something on the admin port has to bring. */
  readonly adminToken?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {ConfigError} with the faults of all variables; none shows a value. */
export function readSecrets(environment: Environment): Secrets {
  const faults: Fault[] = [];
  const read = <T>(name: string, parse: (name: string, text: string) => T): T | undefined => {
    const text = environment[name];
    if (text === undefined) return undefined;
    try {
      return parse(name, text);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  };
  const sessionKeys = read("MCP_FLEET_SESSION_KEYS", keysOfVariable);
  const ownerKey = read("MCP_FLEET_OWNER_KEY", keyOfVariable);
  const adminToken = read("MCP_FLEET_ADMIN_TOKEN", tokenOfVariable);
  if (faults.length > 0) throw new ConfigError(faults);
  return {
    ...(sessionKeys && { sessionKeys }),
    ...(ownerKey && { ownerKey }),
    ...(adminToken !== undefined && { adminToken }),
  };
}

/** An empty variable would let everybody in who was meant to be kept out. */
function tokenOfVariable(name: string, text: string): string {
  if (text.trim() !== "") return text.trim();
  throw new ConfigError([fault([name], undefined, "a token", "remove it, or give it a value")]);
}
