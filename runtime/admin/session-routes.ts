import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { requireToken } from "./admin-token.ts";

/** Ends all sessions of a principal, in the whole fleet. Returns how many there were. */
export type EndSessions = (issuer: string, subject: string) => Promise<number>;

interface SessionsRequest {
  readonly Querystring: {
    readonly issuer?: string | string[];
    readonly subject?: string | string[];
  };
}

/** `DELETE /sessions?issuer=…&subject=…`, for whoever has the token; where there is none, from loopback addresses. */
export function addSessionRoutes(
  server: FastifyInstance,
  endSessions: EndSessions,
  token: string | undefined,
  log: Logger,
): void {
  server.register((guarded, _options, done) => {
    requireToken(guarded, token, log);
    guarded.delete<SessionsRequest>("/sessions", async ({ query, ip }, reply) => {
      const { issuer, subject } = query;
      if (typeof issuer !== "string" || typeof subject !== "string") {
        const error = "send issuer and subject, as in DELETE /sessions?issuer=…&subject=…";
        return await reply.code(400).send({ error });
      }
      const ended = await endSessions(issuer, subject);
      log.warn(
        { audit: true, address: ip, issuer, ended },
        "the sessions of a principal were ended",
      );
      return { ended };
    });
    done();
  });
}
