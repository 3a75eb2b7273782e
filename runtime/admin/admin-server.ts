import type { Settings } from "@mcp-fleet/contract/settings";
import type { FastifyInstance } from "fastify";
import { addProbes, type Probes } from "../edge/probes.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { adminListener, guard } from "./admin-listener.ts";
import { ADMIN_PAGE } from "./admin-page.ts";
import { addMetrics } from "./metrics-server.ts";
import { addPeerRoutes, type PeerRoutesParts } from "./peer-routes.ts";
import { addPodRoutes, type OnPod, type PodAdministration } from "./pod-routes.ts";
import { addSessionRoutes, type EndSessions } from "./session-routes.ts";

export interface AdminServerParts extends Omit<PeerRoutesParts, "limits"> {
  readonly probes: Probes;
  readonly metrics: Metrics;
  readonly status: { read(): Promise<object> };
  readonly pods: PodAdministration;
  readonly onPod: OnPod;
  readonly endSessions: EndSessions;
  readonly settings: Pick<Settings, "host" | "peerHost" | "allowedHosts" | "limits">;
  /** Guards what changes something. Undefined: only who is on the same machine, or in the same pod, may. */
  readonly token: string | undefined;
}

/** The listener that operators, probes and the other processes talk to: nothing outside the cluster may reach it. */
export function buildAdminServer(parts: AdminServerParts): FastifyInstance {
  const { probes, settings, log } = parts;
  const server = adminListener(log);
  addProbes(server, probes);
  server.register((guarded, _options, done) => {
    guard(guarded, settings);
    addGuarded(guarded, parts);
    done();
  });
  return server;
}

function addGuarded(server: FastifyInstance, parts: AdminServerParts): void {
  const { metrics, status, pods, onPod, endSessions, token, settings, log } = parts;
  addPodRoutes(server, pods, onPod, token, log);
  addSessionRoutes(server, endSessions, token, log);
  addPeerRoutes(server, { ...parts, limits: settings.limits });
  addMetrics(server, metrics);
  server.get("/status", async () => await status.read());
  server.get("/", async (_request, reply) => reply.type("text/html").send(ADMIN_PAGE));
}
