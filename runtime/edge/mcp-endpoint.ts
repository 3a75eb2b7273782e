import type { Settings } from "@mcp-fleet/contract/settings";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { Role } from "../roles/role.ts";
import type { Descriptors } from "../server/descriptors.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { asFleetError, FleetError, resultText } from "../wire/fleet-error.ts";
import { type Message, readMessage } from "../wire/message.ts";
import { allowsBatches } from "../wire/protocol-version.ts";
import type { Reply } from "../wire/reply.ts";
import { SSE_CONTENT_TYPE } from "../wire/sse.ts";
import { BatchReply } from "./batch-reply.ts";
import { readClientHello } from "./client-hello.ts";
import type { ClientStreams } from "./client-streams.ts";
import type { Drain } from "./drain.ts";
import { HttpReply } from "./http-reply.ts";
import type { KeepAlive } from "./keep-alive.ts";
import { checkAccept, checkProtocolVersion, prefersSse } from "./negotiation.ts";
import { bodyText, isBatch, readBatch } from "./request-body.ts";

export interface McpEndpointParts {
  readonly role: Role;
  readonly sessions: Sessions;
  readonly streams: ClientStreams;
  readonly keepAlive: KeepAlive;
  readonly drain: Drain;
  readonly descriptors: Descriptors;
  readonly limits: Settings["limits"];
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** POST, GET and DELETE of the MCP endpoint: from HTTP to session and message, and no further. */
export class McpEndpoint {
  readonly #parts: McpEndpointParts;

  constructor(parts: McpEndpointParts) {
    this.#parts = parts;
  }

  async post(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    checkAccept(request.headers.accept, ["application/json", SSE_CONTENT_TYPE]);
    const text = bodyText(request.body);
    if (isBatch(text)) return await this.#postBatch(request, reply, text);
    const message = readMessage(text);
    try {
      if (message.method === "initialize") return await this.#initialize(request, message, reply);
      return await this.#withSession(await this.#session(request), async (session) => {
        if (message.kind !== "request") return await this.#accept(session, message, reply);
        await this.#answer(session, message, this.#replyTo(request, reply, message.idText));
        return reply;
      });
    } catch (thrown) {
      // The id of a response is one of ours: an error under it would answer some other request of the client.
      throw withId(thrown, message.kind === "request" ? message.idText : "");
    }
  }

  async get(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    checkAccept(request.headers.accept, [SSE_CONTENT_TYPE]);
    const session = await this.#session(request);
    if (this.#parts.drain.state === "closing") throw new FleetError("DRAINING");
    this.#parts.descriptors.checkRoom("stream");
    this.#parts.streams.open(session, reply);
    return reply;
  }

  async delete(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const session = await this.#session(request);
    await this.#parts.sessions.end(session, "deleted");
    return reply.code(204).send();
  }

  async #initialize(
    { owner }: FastifyRequest,
    message: Message,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { role, sessions, drain, descriptors, limits, metrics } = this.#parts;
    if (drain.refusesSessions) throw new FleetError("DRAINING");
    descriptors.checkRoom("session");
    const hello = readClientHello(message, limits.clientBytes);
    const view = role.viewOf(hello.capabilities);
    const session = await sessions.create({ ...hello, owner, view });
    const result = await this.#open(session);
    metrics.calls.inc({ method: "initialize", outcome: "ok" });
    return reply
      .header("mcp-session-id", session.id)
      .header("content-type", "application/json")
      .send(resultText(message.idText, result));
  }

  /** A session that its role cannot open was never there: the client has no id of it. */
  async #open(session: LiveSession): Promise<string> {
    const { role, sessions } = this.#parts;
    try {
      return await role.open(session);
    } catch (error) {
      await sessions.end(session, "refused");
      throw error;
    }
  }

  async #postBatch(
    request: FastifyRequest,
    reply: FastifyReply,
    text: string,
  ): Promise<FastifyReply> {
    const { limits } = this.#parts;
    return await this.#withSession(await this.#session(request), async (session) => {
      const { protocol } = session.record;
      if (!allowsBatches(protocol)) {
        const message = `batches do not exist in protocol ${protocol}`;
        throw new FleetError("INVALID_REQUEST", { message });
      }
      const messages = readBatch(text, limits.batchMessages);
      const requests = messages.filter(({ kind }) => kind === "request");
      const others = messages.filter(({ kind }) => kind !== "request");
      for (const message of others) await this.#handOver(session, message);
      if (requests.length === 0) return reply.code(202).send();
      const stream = this.#replyTo(request, reply, "");
      const answers = requests.map((message) =>
        this.#answer(session, message, new BatchReply(stream, message.idText)),
      );
      await Promise.all(answers);
      stream.end();
      return reply;
    });
  }

  /** Every request of a session ends here, well or badly. */
  async #answer(session: LiveSession, message: Message, reply: Reply): Promise<void> {
    const { role, metrics, log } = this.#parts;
    metrics.callsInFlight.inc();
    let outcome: string = "ok";
    try {
      await role.request(session, message, reply);
    } catch (thrown) {
      const error = asFleetError(thrown);
      outcome = error.code;
      logFailure(log, error, session, message.method);
      reply.fail(error);
    } finally {
      metrics.callsInFlight.dec();
      metrics.calls.inc({ method: knownMethod(message.method), outcome });
    }
  }

  #replyTo(request: FastifyRequest, reply: FastifyReply, idText: string): HttpReply {
    const asEvents = prefersSse(request.headers.accept);
    return new HttpReply(reply, idText, this.#parts.keepAlive, asEvents);
  }

  async #accept(
    session: LiveSession,
    message: Message,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    await this.#handOver(session, message);
    return reply.code(202).send();
  }

  async #handOver(session: LiveSession, message: Message): Promise<void> {
    const { role } = this.#parts;
    if (message.kind === "response") await role.response(session, message);
    else await role.notification(session, message);
  }

  async #session(request: FastifyRequest): Promise<LiveSession> {
    const id = header(request, "mcp-session-id");
    if (id === undefined) {
      checkProtocolVersion(header(request, "mcp-protocol-version"));
      throw new FleetError("SESSION_REQUIRED");
    }
    const session = await this.#parts.sessions.find(id, request.owner);
    checkProtocolVersion(header(request, "mcp-protocol-version"));
    return session;
  }

  async #withSession(
    session: LiveSession,
    work: (held: LiveSession) => Promise<FastifyReply>,
  ): Promise<FastifyReply> {
    const held = this.#parts.sessions.hold(session);
    try {
      return await work(held);
    } finally {
      this.#parts.sessions.release(held);
    }
  }
}

/** The methods of MCP, so that a client's invention does not become a metric label. */
const METHODS: ReadonlySet<string> = new Set([
  "ping",
  "tools/list",
  "tools/call",
  "prompts/list",
  "prompts/get",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "completion/complete",
  "logging/setLevel",
]);

function knownMethod(method: string): string {
  return METHODS.has(method) ? method : "other";
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function withId(thrown: unknown, idText: string): FleetError {
  const error = asFleetError(thrown);
  if (error.idText !== undefined || idText === "") return error;
  const { message, data, retryAfterSeconds, cause } = error;
  const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return new FleetError(error.code, { message, data, idText, cause, ...retry });
}

function logFailure(log: Logger, error: FleetError, session: LiveSession, method: string): void {
  const level = error.statusCode >= 500 || error.code === "INTERNAL" ? "error" : "info";
  log[level]({ sid: session.label, method, code: error.code, error }, "request failed");
}
