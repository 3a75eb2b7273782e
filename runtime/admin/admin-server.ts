import Fastify, { type FastifyInstance } from "fastify";
import { sendError } from "../edge/http-response.ts";
import { addProbes, type Probes } from "../edge/probes.ts";
import { sockets } from "../platform/sockets.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { asFleetError } from "../wire/fleet-error.ts";
import { ADMIN_PAGE } from "./admin-page.ts";
import { addPeerRoutes, type PeerService, type StreamService } from "./peer-routes.ts";
import { addPodRoutes, type PodAdministration } from "./pod-routes.ts";

export interface AdminServerParts {
  readonly probes: Probes;
  readonly metrics: Metrics;
  readonly status: { read(): Promise<object> };
  readonly pods: PodAdministration;
  readonly peers: PeerService;
  readonly streams: StreamService;
  /** Guards what changes something. Undefined: whoever reaches the port may. */
  readonly token: string | undefined;
}

/** The listener that operators talk to. It has no guards: nothing outside the cluster may reach it. */
export function buildAdminServer(parts: AdminServerParts): FastifyInstance {
  const { probes, metrics, status, pods, peers, streams, token } = parts;
  const server = Fastify({
    forceCloseConnections: true,
    serverFactory: (handler, options) => sockets.httpServer(options, handler),
  });
  server.setErrorHandler((thrown, _request, reply) => {
    sendError(reply, asFleetError(thrown));
  });
  addProbes(server, probes);
  addPodRoutes(server, pods, token);
  addPeerRoutes(server, peers, streams);
  server.get("/metrics", async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.text());
  });
  server.get("/status", async () => await status.read());
  server.get("/", async (_request, reply) => reply.type("text/html").send(ADMIN_PAGE));
  return server;
}
