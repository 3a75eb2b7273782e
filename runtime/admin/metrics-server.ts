import type { Settings } from "@mcp-fleet/contract/settings";
import Fastify, { type FastifyInstance } from "fastify";
import { sendError, translate } from "../edge/http-response.ts";
import { sockets } from "../platform/sockets.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { AdminGuards } from "./admin-guards.ts";

export interface MetricsServerParts {
  readonly metrics: Metrics;
  readonly settings: Pick<Settings, "host" | "peerHost" | "allowedHosts">;
}

/** A listener for metrics alone, so that whoever collects them reaches nothing else. */
export function buildMetricsServer({ metrics, settings }: MetricsServerParts): FastifyInstance {
  const guards = new AdminGuards(settings);
  const server = Fastify({
    forceCloseConnections: true,
    serverFactory: (handler, options) => sockets.httpServer(options, handler),
  });
  server.setErrorHandler((thrown, _request, reply) => sendError(reply, translate(thrown)));
  server.setNotFoundHandler((_request, reply) => sendError(reply, new FleetError("NOT_FOUND")));
  server.addHook("onRequest", ({ headers }, _reply, next) => {
    guards.check(headers.host, headers.origin);
    next();
  });
  addMetrics(server, metrics);
  return server;
}

/** `GET /metrics`, as Prometheus reads it. */
export function addMetrics(server: FastifyInstance, metrics: Metrics): void {
  server.get("/metrics", async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.text());
  });
}
