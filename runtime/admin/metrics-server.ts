import type { Settings } from "@mcp-fleet/contract/settings";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Metrics } from "../telemetry/metrics.ts";
import { adminListener, guard } from "./admin-listener.ts";

export interface MetricsServerParts {
  readonly metrics: Metrics;
  readonly settings: Pick<Settings, "host" | "peerHost" | "allowedHosts">;
  readonly log: Logger;
}

/** A listener for metrics alone, so that whoever collects them reaches nothing else. */
export function buildMetricsServer({
  metrics,
  settings,
  log,
}: MetricsServerParts): FastifyInstance {
  const server = adminListener(log);
  guard(server, settings);
  addMetrics(server, metrics);
  return server;
}

/** `GET /metrics`, as Prometheus reads it. */
export function addMetrics(
  server: FastifyInstance,
  metrics: Pick<Metrics, "registry" | "text">,
): void {
  server.get("/metrics", async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.text());
  });
}
