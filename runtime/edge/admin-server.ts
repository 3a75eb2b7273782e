import Fastify, { type FastifyInstance } from "fastify";

import type { Metrics } from "../metrics.ts";
import { ADMIN_PAGE } from "./admin-page.ts";
import { addProbes, type Probes } from "./probes.ts";

export interface AdminServerParts {
  readonly probes: Probes;
  readonly metrics: Metrics;
  readonly status: () => Promise<Record<string, unknown>>;
}

/** The listener that operators talk to. It has no guards: nothing outside the cluster may reach it. */
export function buildAdminServer({ probes, metrics, status }: AdminServerParts): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true });
  addProbes(server, probes);
  server.get("/metrics", async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.text());
  });
  server.get("/status", async () => await status());
  server.get("/", async (_request, reply) => reply.type("text/html").send(ADMIN_PAGE));
  return server;
}
