import type { Settings } from "@mcp-fleet/contract/settings";
import Fastify, { type FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { sendError, translate } from "../edge/http-response.ts";
import { addProbes, type Probes } from "../edge/probes.ts";
import { sockets } from "../platform/sockets.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { AdminGuards } from "./admin-guards.ts";
import { ADMIN_PAGE } from "./admin-page.ts";
import { addMetrics } from "./metrics-server.ts";
import { addPeerRoutes, type PeerService, type StreamService } from "./peer-routes.ts";
import { addPodRoutes, type PodAdministration } from "./pod-routes.ts";

export interface AdminServerParts {
  readonly probes: Probes;
  readonly metrics: Metrics;
  readonly status: { read(): Promise<object> };
  readonly pods: PodAdministration;
  readonly peers: PeerService;
  readonly settings: Pick<Settings, "host" | "peerHost" | "allowedHosts">;
  readonly log: Logger;
  readonly streams: StreamService;
  /** Guards what changes something. Undefined: only who is on the same machine, or in the same pod, may. */
  readonly token: string | undefined;
}

/** The listener that operators, probes and the other processes talk to: nothing outside the cluster may reach it. */
export function buildAdminServer(parts: AdminServerParts): FastifyInstance {
  const { probes, log } = parts;
  const guards = new AdminGuards(parts.settings);
  const server = Fastify({
    forceCloseConnections: true,
    serverFactory: (handler, options) => sockets.httpServer(options, handler),
  });
  server.setErrorHandler((thrown, { method }, reply) => {
    const error = translate(thrown);
    const about = { method, code: error.code, error };
    if (error.code === "INTERNAL") log.error(about, "a request of the admin port failed");
    else log.info(about, "a request of the admin port is refused");
    sendError(reply, error);
  });
  server.setNotFoundHandler((_request, reply) => sendError(reply, new FleetError("NOT_FOUND")));
  addProbes(server, probes);
  server.register((guarded, _options, done) => {
    guarded.addHook("onRequest", ({ headers }, _reply, next) => {
      guards.check(headers.host, headers.origin);
      next();
    });
    addGuarded(guarded, parts);
    done();
  });
  return server;
}

function addGuarded(server: FastifyInstance, parts: AdminServerParts): void {
  const { metrics, status, pods, peers, streams, token, log } = parts;
  addPodRoutes(server, pods, token, log);
  addPeerRoutes(server, peers, streams, log);
  addMetrics(server, metrics);
  server.get("/status", async () => await status.read());
  server.get("/", async (_request, reply) => reply.type("text/html").send(ADMIN_PAGE));
}
