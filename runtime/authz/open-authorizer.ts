import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Authorizer } from "./authorizer.ts";

/**
 * What decides, by `incomingAuth.authz`. Undefined where every client may do everything: then nothing of it is loaded.
 *
 * @throws {ConfigError} with the faults of all policies.
 */
export async function openAuthorizer(
  { authorization, name }: Settings,
  metrics: Metrics,
  log: Logger,
): Promise<Authorizer | undefined> {
  if (authorization === undefined) return undefined;
  const { CedarAuthorizer } = await import("./cedar-authorizer.ts");
  return await CedarAuthorizer.open({ settings: authorization, gateway: name, metrics, log });
}
