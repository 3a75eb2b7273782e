import { fitNofile } from "@mcp-fleet/contract/capacity";
import { type Configuration, validate } from "@mcp-fleet/contract/settings";
import { pino } from "pino";
import { createGateway } from "../../runtime/roles/gateway/gateway.ts";
import { createProxy } from "../../runtime/roles/proxy/proxy.ts";
import type { ProcessAddresses, RoleProcess } from "../../runtime/server/role-process.ts";
import type { KeyRing } from "../../runtime/sessions/key-ring.ts";
import type { SessionStore } from "../../runtime/sessions/session-store.ts";

export interface RunningRole extends ProcessAddresses {
  readonly process: RoleProcess;
  close(): Promise<void>;
}

export interface RoleOptions {
  readonly store?: SessionStore;
  readonly ring?: KeyRing;
  readonly adminToken?: string;
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
  const log = pino({ level: process.env.FLEET_TEST_LOG ?? "silent" });
  const create = role === "proxy" ? createProxy : createGateway;
  const nofile = openFiles === undefined ? {} : { nofile: fitNofile(settings, openFiles) };
  const running = create({ settings, log, ...nofile, ...options });
  const addresses = await running.listen();
  return {
    ...addresses,
    process: running,
    close: () => running.destroy(new Error("the test is over")),
  };
}
