import { once } from "node:events";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { PeerCall } from "../upstream/peer-calls.ts";
import type { StreamNews, StreamWord } from "../upstream/stream-peers.ts";
import { CARRIED_HEADERS } from "../upstream/transports/peer-forwarder.ts";
import type { Answer } from "../upstream/transports/transport.ts";
import { NOT_PROCESSED_HEADER } from "../wire/error-table.ts";
import { encodeEvent, SSE_CONTENT_TYPE } from "../wire/sse.ts";
import { PeerBodies, type PeerBodiesParts } from "./peer-bodies.ts";

export interface PeerService {
  /** Whether the request comes from one of the processes over this store. */
  isPeer(sessionId: string, authorization: string): boolean;
  serve(call: PeerCall): Promise<Answer>;
}

/** The streams of sessions at backends, of which one process has each. */
export interface StreamService {
  /** Whether what another process says could be done. */
  hear(word: StreamWord): Promise<boolean>;
}

export interface PeerRoutesParts extends PeerBodiesParts {
  readonly peers: PeerService;
  readonly streams: StreamService;
  readonly log: Logger;
}

interface StreamRequest {
  readonly Params: { readonly backend: string; readonly news: string };
}

interface PeerRequest {
  readonly Params: { readonly backend: string; readonly endpoint: string };
}

const OPERATIONS = { POST: "send", GET: "receive", DELETE: "close" } as const;

const NEWS: readonly StreamNews[] = ["follow", "message", "asked", "free"];

/**
 * For the other processes alone. `/peer/{backend}/{endpoint}`: streamable HTTP for sessions that live here.
 * `/streams/{backend}/{news}`: about the stream of a session at a backend; 202, or 404 where nothing could be done.
 */
export function addPeerRoutes(server: FastifyInstance, parts: PeerRoutesParts): void {
  const { peers, streams, log } = parts;
  const bodies = new PeerBodies(parts);
  server.register((guarded, _options, done) => {
    guarded.removeAllContentTypeParsers();
    // Left to the handlers, which read them within their limits.
    guarded.addContentTypeParser("*", (_request, _body, next) => next(null));
    guarded.addHook("onRequest", async ({ headers, ip }, reply) => {
      const id = headers["mcp-session-id"];
      const isPeer = typeof id === "string" && peers.isPeer(id, headers.authorization ?? "");
      if (isPeer) return;
      log.warn(
        { address: ip },
        "a request without the proof of a process of this fleet is refused",
      );
      await reply.code(401).send({ error: "this is for processes over the same store" });
    });
    guarded.route<PeerRequest>({
      method: ["POST", "GET", "DELETE"],
      url: "/peer/:backend/:endpoint",
      handler: async (request, reply) => {
        const gone = new AbortController();
        reply.raw.once("close", () => gone.abort(new Error("the other process is gone")));
        const session = textOf(request.headers["mcp-session-id"]);
        const answer = await bodies.withRequest(request, session, (text) =>
          peers.serve(callOf(request, text, gone.signal)),
        );
        await sendAnswer(answer, reply);
      },
    });
    guarded.post<StreamRequest>("/streams/:backend/:news", async (request, reply) => {
      const { backend, news: name } = request.params;
      const news = NEWS.find((known) => known === name);
      const key = textOf(request.headers["mcp-session-id"]);
      const done = await bodies.withMessage(
        request,
        async (text) => news !== undefined && (await streams.hear({ key, backend, news, text })),
      );
      await reply.code(done ? 202 : 404).send();
    });
    done();
  });
}

function callOf(
  { method, params, headers }: FastifyRequest<PeerRequest>,
  text: string,
  signal: AbortSignal,
): PeerCall {
  const operation = method === "GET" || method === "DELETE" ? OPERATIONS[method] : OPERATIONS.POST;
  const session = {
    sessionId: textOf(headers["mcp-session-id"]),
    protocol: textOf(headers["mcp-protocol-version"]),
  };
  const carried = carriedHeaders(textOf(headers[CARRIED_HEADERS]));
  return { ...params, operation, text, session, ...(carried && { headers: carried }), signal };
}

/** Whoever sent them has proven that it is a process of the fleet. */
function carriedHeaders(text: string): Record<string, string> | undefined {
  return text === "" ? undefined : JSON.parse(text);
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === "string" ? header : "";
}

async function sendAnswer(answer: Answer, reply: FastifyReply): Promise<void> {
  switch (answer.kind) {
    case "events":
      return await sendEvents(answer, reply);
    case "json":
      answer.body.destroy();
      throw new Error("a session that lives in a process answers with events");
    case "accepted":
      await reply.code(202).send();
      return;
    case "session-unknown":
      await reply.code(404).send();
      return;
    case "unsupported":
      await reply.code(405).send();
      return;
    case "refused":
      if (answer.notProcessed) reply.header(NOT_PROCESSED_HEADER, "true");
      await reply.code(answer.statusCode).type("text/plain").send(answer.text);
  }
}

/** The head is sent before the first event: the other process waits for it. Either side may break off. */
async function sendEvents(
  { events, destroy }: Extract<Answer, { readonly kind: "events" }>,
  reply: FastifyReply,
): Promise<void> {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, { "content-type": SSE_CONTENT_TYPE }).flushHeaders();
  const gone = new AbortController();
  raw.once("close", () => {
    gone.abort();
    destroy();
  });
  try {
    for await (const { data } of events) {
      if (raw.write(encodeEvent(data))) continue;
      await once(raw, "drain", { signal: gone.signal });
    }
    raw.end();
  } catch {
    // The other process finds that the stream broke off.
    raw.destroy();
  }
}
