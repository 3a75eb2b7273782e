import { createHash, timingSafeEqual } from "node:crypto";

import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";

/** What draining a pod came to, and what may be drained. */
export interface PodAdministration {
  /** Undefined: there is no such pod. */
  drain(pod: string): Promise<object | undefined>;
  /** Whether there is such a pod. */
  undrain(pod: string): Promise<boolean>;
  readonly pods: readonly string[];
}

interface PodRequest {
  readonly Params: { readonly name: string };
}

/** `POST /pods/{name}/drain` and its undoing by `DELETE`, for whoever has the token; where there is none, from loopback addresses. */
export function addPodRoutes(
  server: FastifyInstance,
  pods: PodAdministration,
  token: string | undefined,
  log: Logger,
): void {
  const unknown = (pod: string) => {
    const error = `no backend has a pod ${pod}; there are: ${pods.pods.join(", ") || "none"}`;
    return { error };
  };
  server.register((guarded, _options, done) => {
    guarded.addHook("onRequest", async ({ headers, ip, url }, reply) => {
      const note = () =>
        log.warn({ address: ip, url }, "a change without the admin token is refused");
      if (token === undefined) {
        if (isLoopback(ip)) return;
        const error =
          "set MCP_FLEET_ADMIN_TOKEN and send it as Authorization: Bearer …; without it, only requests from this machine or pod may change something";
        note();
        return await reply.code(403).send({ error });
      }
      if (isSame(headers.authorization ?? "", `Bearer ${token}`)) return;
      const error = "send the token of MCP_FLEET_ADMIN_TOKEN as Authorization: Bearer …";
      note();
      await reply.code(401).header("www-authenticate", "Bearer").send({ error });
    });
    guarded.post<PodRequest>("/pods/:name/drain", async ({ params }, reply) => {
      const drain = await pods.drain(params.name);
      if (drain === undefined) return reply.code(404).send(unknown(params.name));
      return reply.code(202).send(drain);
    });
    guarded.delete<PodRequest>("/pods/:name/drain", async ({ params }, reply) => {
      const isKnown = await pods.undrain(params.name);
      return isKnown ? reply.code(204).send() : reply.code(404).send(unknown(params.name));
    });
    done();
  });
}

/** Whether an address is the machine's or the pod's own, also as IPv6 writes those of IPv4. */
function isLoopback(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\./.test(address);
}

/** In a time that says nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
