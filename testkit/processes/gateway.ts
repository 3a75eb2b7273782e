import { fitNofile } from "@mcp-fleet/contract/capacity";
import { type Configuration, type Role, validate } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { onTestFinished } from "vitest";
import { compose } from "../../runtime/server/compose.ts";
import type { Server, ServerAddresses } from "../../runtime/server/server.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import type { Store } from "../../runtime/store/store.ts";
import { log as testLog } from "./test-log.ts";

export interface RunningRole extends ServerAddresses {
  readonly server: Server;
  close(): Promise<void>;
}

export interface RoleOptions {
  readonly store?: Store;
  readonly ring?: KeyRing;
  readonly adminToken?: string;
  /** Where variables are read that the configuration names. Default: the test's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: what is seen with FLEET_TEST_LOG=debug. */
  readonly log?: Logger;
  /** A limit of open files, for which the settings stay as they are. Default: it is unknown. */
  readonly openFiles?: number;
}

export interface RolesOptions extends RoleOptions {
  /** Default: `gateway`. */
  readonly role?: Role;
  /** Default: 1. */
  readonly count?: number;
  /** Opens the store of each. Default: that of the configuration, or else one of memory for all. */
  readonly openStore?: () => Promise<Store>;
}

/**
 * So many of a role in this process, until the test is over. Without a session storage in their configuration, they
 * share one key ring, and a store of memory.
 */
export async function startRoles(
  configuration: Configuration,
  { role = "gateway", count = 1, openStore, ...options }: RolesOptions = {},
): Promise<readonly [RunningRole, ...RunningRole[]]> {
  const isStored = configuration.sessionStorage !== undefined;
  const memory = isStored ? {} : { store: new MemoryStore(), ring: KeyRing.generate() };
  const startOne = async () => {
    const own = openStore && { store: await openStore() };
    const running = await start(role, configuration, { ...memory, ...options, ...own });
    onTestFinished(() => running.close());
    return running;
  };
  return await Promise.all([startOne(), ...Array.from({ length: count - 1 }, startOne)]);
}

/** A gateway in this process, on free ports; what it logs is seen with FLEET_TEST_LOG=debug. */
export function startGateway(configuration: Configuration, options: RoleOptions = {}) {
  return start("gateway", configuration, options);
}

/** The same as a proxy, for the one backend of the configuration. */
export function startProxy(configuration: Configuration, options: RoleOptions = {}) {
  return start("proxy", configuration, options);
}

async function start(
  role: Role,
  configuration: Configuration,
  { openFiles, ...options }: RoleOptions,
): Promise<RunningRole> {
  const settings = validate({ port: 0, adminPort: 0, ...configuration }, [], role);
  const nofile = openFiles === undefined ? {} : { nofile: fitNofile(settings, openFiles) };
  const server = await compose({ settings, log: testLog, ...nofile, ...options });
  const addresses = await server.listen();
  return {
    ...addresses,
    server,
    close: () => server.destroy(new Error("the test is over")),
  };
}
