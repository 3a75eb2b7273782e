import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { requireToken } from "./admin-token.ts";

/** What draining a pod came to, and what may be drained. */
export interface PodAdministration {
  /** Undefined: there is no such pod. */
  drain(pod: string): Promise<object | undefined>;
  /** Whether there is such a pod. */
  undrain(pod: string): Promise<boolean>;
  readonly pods: readonly string[];
}

/** Hears of what was done to a pod. */
export type OnPod = (action: "drain_pod" | "undrain_pod", pod: string) => void;

interface PodRequest {
  readonly Params: { readonly name: string };
}

/** `POST /pods/{name}/drain` and its undoing by `DELETE`, for whoever has the token; where there is none, from loopback addresses. */
export function addPodRoutes(
  server: FastifyInstance,
  pods: PodAdministration,
  onPod: OnPod,
  token: string | undefined,
  log: Logger,
): void {
  const unknown = (pod: string) => {
    const error = `no backend has a pod ${pod}; there are: ${pods.pods.join(", ") || "none"}`;
    return { error };
  };
  server.register((guarded, _options, done) => {
    requireToken(guarded, token, log);
    guarded.post<PodRequest>("/pods/:name/drain", async ({ params }, reply) => {
      const drain = await pods.drain(params.name);
      if (drain === undefined) return reply.code(404).send(unknown(params.name));
      onPod("drain_pod", params.name);
      return reply.code(202).send(drain);
    });
    guarded.delete<PodRequest>("/pods/:name/drain", async ({ params }, reply) => {
      const isKnown = await pods.undrain(params.name);
      if (isKnown) onPod("undrain_pod", params.name);
      return isKnown ? reply.code(204).send() : reply.code(404).send(unknown(params.name));
    });
    done();
  });
}
