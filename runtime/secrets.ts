import { ConfigError, type Fault } from "./contract/faults.ts";
import type { SessionSecrets } from "./sessions/key-ring.ts";
import { keyOfVariable, keysOfVariable } from "./sessions/session-keys.ts";

/** What stands in the environment alone, and is neither a setting nor ever printed. */
export interface Secrets {
  /** `MCP_FLEET_SESSION_KEYS`: what session ids are signed with. */
  readonly sessionKeys?: SessionSecrets;
  /** `MCP_FLEET_OWNER_KEY`: what principals are digested with. */
  readonly ownerKey?: Buffer;
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
  if (faults.length > 0) throw new ConfigError(faults);
  return { ...(sessionKeys && { sessionKeys }), ...(ownerKey && { ownerKey }) };
}
