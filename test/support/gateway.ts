import { pino } from "pino";

import { type Configuration, validate } from "../../runtime/contract/index.ts";
import { Gateway, type GatewayAddresses } from "../../runtime/gateway/gateway.ts";
import type { KeyRing } from "../../runtime/sessions/key-ring.ts";
import type { SessionStore } from "../../runtime/sessions/session-store.ts";

export interface RunningGateway extends GatewayAddresses {
  readonly gateway: Gateway;
  close(): Promise<void>;
}

export interface GatewayParts {
  readonly store?: SessionStore;
  readonly ring?: KeyRing;
}

/** A gateway in this process, on free ports; what it logs is seen with MCP_FLEET_TEST_LOG=debug. */
export async function startGateway(
  configuration: Configuration,
  parts: GatewayParts = {},
): Promise<RunningGateway> {
  const settings = validate({ port: 0, adminPort: 0, ...configuration });
  const log = pino({ level: process.env.MCP_FLEET_TEST_LOG ?? "silent" });
  const gateway = new Gateway({ settings, log, ...parts });
  const addresses = await gateway.listen();
  return { ...addresses, gateway, close: () => gateway.destroy(new Error("the test is over")) };
}
