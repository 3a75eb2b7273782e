import type { IncomingMessage } from "node:http";
import type { Logger } from "pino";
import type { Events } from "../sessions/events.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { FleetError } from "../wire/fleet-error.ts";
import type { ClientAddresses } from "./client-addresses.ts";

export interface RefusalParts {
  readonly log: Logger;
  readonly events: Events;
  readonly metrics: Metrics;
  readonly addresses: ClientAddresses;
}

/** Logs and counts a request that is refused before it becomes a call. */
export function recordRefusal(
  { log, events, metrics, addresses }: RefusalParts,
  request: IncomingMessage,
  error: FleetError,
): void {
  const about = { method: request.method, code: error.code, error };
  if (error.code === "INTERNAL") log.error(about, "request failed");
  else log.info({ ...about, address: addresses.ofRequest(request) }, "a request is refused");
  metrics.calls.inc({ method: "none", outcome: error.code });
  events.emit("requestRefused", request, error);
}
