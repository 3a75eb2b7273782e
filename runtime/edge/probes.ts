import type { FastifyInstance } from "fastify";

/** What liveness and readiness are judged by. */
export interface Probes {
  /** Why the process should get no traffic now; undefined while it should. */
  notReady(): string | undefined;
}

/** `/livez`, and `/health` as ToolHive calls it: the event loop turns. `/readyz`: there is a point in sending traffic here. */
export function addProbes(server: FastifyInstance, probes: Probes): void {
  for (const path of ["/livez", "/health"]) server.get(path, async () => ({ status: "ok" }));
  server.get("/readyz", async (_request, reply) => {
    const reason = probes.notReady();
    if (reason === undefined) return { status: "ready" };
    return reply.code(503).send({ status: "not ready", reason });
  });
}
