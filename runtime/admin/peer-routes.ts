import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { FastifyInstance, FastifyRequest } from "fastify";

import { NOT_PROCESSED_HEADER } from "../wire/error-table.ts";

/** A request that another process passes on, for a session that lives in this one. */
export interface PeerCall {
  readonly backend: string;
  readonly pod: string;
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

export interface PeerAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Buffer>;
}

export interface PeerService {
  /** Whether the request comes from one of the processes over this store. */
  isPeer(sessionId: string, authorization: string): boolean;
  serve(call: PeerCall): Promise<PeerAnswer>;
}

interface PeerRequest {
  readonly Params: { readonly backend: string; readonly pod: string };
  readonly Body: Buffer | undefined;
}

/** What is passed on; the rest belongs to the connection between the two processes. */
const HEADERS = ["accept", "content-type", "mcp-session-id", "mcp-protocol-version"];
const ANSWER_HEADERS = ["content-type", NOT_PROCESSED_HEADER];

/** `/peer/{backend}/{pod}`, for the other processes alone. */
export function addPeerRoutes(server: FastifyInstance, peers: PeerService): void {
  server.register((guarded, _options, done) => {
    guarded.removeAllContentTypeParsers();
    guarded.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, next) =>
      next(null, body),
    );
    guarded.addHook("onRequest", async ({ headers }, reply) => {
      const id = headers["mcp-session-id"];
      const isPeer = typeof id === "string" && peers.isPeer(id, headers.authorization ?? "");
      if (!isPeer)
        await reply.code(401).send({ error: "this is for processes over the same store" });
    });
    guarded.route<PeerRequest>({
      method: ["POST", "GET", "DELETE"],
      url: "/peer/:backend/:pod",
      // The other process has taken it from a client, within its limits.
      bodyLimit: Number.MAX_SAFE_INTEGER,
      handler: async (request, reply) => {
        const gone = new AbortController();
        reply.raw.once("close", () => gone.abort(new Error("the other process is gone")));
        const answer = await peers.serve(callOf(request, gone.signal));
        // A stream has its head before its first event: Fastify would wait for that.
        reply.hijack();
        reply.raw.writeHead(answer.statusCode, namedOf(answer.headers, ANSWER_HEADERS));
        reply.raw.flushHeaders();
        const body = Readable.from(answer.body, { objectMode: false });
        // Either side may break off: the other process finds the same.
        await pipeline(body, reply.raw).catch(() => {});
      },
    });
    done();
  });
}

function callOf(request: FastifyRequest<PeerRequest>, signal: AbortSignal): PeerCall {
  const { params, body } = request;
  const method = request.method === "GET" || request.method === "DELETE" ? request.method : "POST";
  const headers = namedOf(request.headers, HEADERS);
  return { ...params, method, headers, body: body?.toString("utf8"), signal };
}

function namedOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  names: readonly string[],
): Record<string, string> {
  const found = names.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found);
}
