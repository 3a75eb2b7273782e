import { fitNofile } from "@mcp-fleet/contract/capacity";
import { type Configuration, validate } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { compose } from "../../runtime/server/compose.ts";
import type { Server, ServerAddresses } from "../../runtime/server/server.ts";
import type { KeyRing } from "../../runtime/sessions/key-ring.ts";
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
  /** Default: what is seen with FLEET_TEST_LOG=debug. */
  readonly log?: Logger;
  /** A limit of open files, for which the settings stay as they are. Default: it is unknown. */
  readonly openFiles?: number;
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
  role: "gateway" | "proxy",
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
