import type { Socket } from "node:net";
import type { Settings } from "@mcp-fleet/contract/settings";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { Handler } from "../calls/call.ts";
import type { Calls } from "../calls/calls.ts";
import { RequestContext } from "../calls/request-context.ts";
import type { Events } from "../sessions/events.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import { ANONYMOUS } from "../sessions/principal.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { asFleetError, FleetError, resultText } from "../wire/fleet-error.ts";
import type { Message } from "../wire/message.ts";
import { allowsBatches } from "../wire/protocol-version.ts";
import { BatchReply } from "./batch-reply.ts";
import type { BodyBudget, BodyHold } from "./body-budget.ts";
import { readBody } from "./body-reader.ts";
import type { ClientAddresses } from "./client-addresses.ts";
import type { ClientStreams } from "./client-streams.ts";
import type { Drain } from "./drain.ts";
import { HttpReply } from "./http-reply.ts";
import { readInitialize } from "./initialize-params.ts";
import type { KeepAlive } from "./keep-alive.ts";
import { answerForm, checkProtocolVersion, requireEvents } from "./negotiation.ts";
import { recordRefusal } from "./refusal-record.ts";
import { bodyText, isBatch, readBatch, readOne } from "./request-body.ts";
import { WholeReply } from "./whole-reply.ts";

/** The longest initialize, beside its client's capabilities and info. */
const INITIALIZE_BYTES = 16 * 2 ** 10;

/**
 * Whether the process has descriptors left for one more.
 *
 * @throws AT_CAPACITY.
 */
export interface Room {
  requireCapacity(what: "session" | "stream"): void;
  /** The client of a connection has a session. */
  recognise(socket: Socket): void;
}

export interface McpEndpointParts {
  readonly calls: Calls;
  /** The result of initialize, as JSON text. */
  readonly initialize: (context: RequestContext) => Promise<string>;
  readonly sessions: Sessions;
  readonly streams: ClientStreams;
  readonly keepAlive: KeepAlive;
  readonly bodies: BodyBudget;
  readonly drain: Drain;
  readonly room: Room;
  readonly addresses: ClientAddresses;
  readonly limits: Settings["limits"];
  readonly events: Events;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * MCP over HTTP, the sessions' era: POST, GET and DELETE of the endpoint, from HTTP to session and message, and no
 * further. Guards and authentication come before it (`mcp-server.ts`), the life of a call is in `calls/`.
 */
export class McpEndpoint {
  readonly #parts: McpEndpointParts;

  constructor(parts: McpEndpointParts) {
    this.#parts = parts;
  }

  async post(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    answerForm(request.headers.accept);
    const session = await this.#lookUp(request);
    const hold = this.#parts.bodies.open(clientOf(request, session));
    try {
      // The bytes are gone once they are text.
      const text = bodyText(await this.#body(request, session, hold), this.#parts.limits);
      return await this.#answer(request, reply, session, text);
    } catch (thrown) {
      const error = asFleetError(thrown);
      // Any other status would end the whole session for some clients. Where no request is named, there is no other way.
      if (session instanceof FleetError || error.idText === undefined) throw error;
      recordRefusal(this.#parts, request.raw, error);
      this.#replyTo(request, reply, error.idText).fail(error);
      return reply;
    } finally {
      hold.release();
    }
  }

  async #answer(
    request: FastifyRequest,
    reply: FastifyReply,
    session: LiveSession | FleetError,
    text: string,
  ): Promise<FastifyReply> {
    if (isBatch(text)) return await this.#postBatch(request, reply, session, text);
    const message = readOne(text);
    try {
      if (message.method === "initialize") return await this.#initialize(request, message, reply);
      return await this.#postMessage(request, reply, session, message);
    } catch (thrown) {
      // The id of a response is one of ours: an error under it would answer some other request of the client.
      throw asFleetError(thrown).withId(message.kind === "request" ? message.idText : "");
    }
  }

  async #postMessage(
    request: FastifyRequest,
    reply: FastifyReply,
    found: LiveSession | FleetError,
    message: Message,
  ): Promise<FastifyReply> {
    const { sessions, calls } = this.#parts;
    const session = this.#hold(request, found);
    try {
      if (message.method !== "notifications/initialized") sessions.use(session);
      const context = this.#context(request, session);
      if (message.kind === "request") {
        const answer = this.#replyTo(request, reply, message.idText);
        await calls.request({ context, message, reply: answer });
        return reply;
      }
      await this.#handOver(context, message);
      return reply.code(202).send();
    } finally {
      sessions.release(session);
    }
  }

  async get(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    requireEvents(request.headers.accept);
    const session = await this.#session(request);
    const { sessions, drain, room, streams, events } = this.#parts;
    if (drain.state === "closing") throw new FleetError("DRAINING");
    room.recognise(request.raw.socket);
    room.requireCapacity("stream");
    sessions.use(session);
    streams.open(session, reply, request.principal.expiresAtMs);
    events.emit("sessionRequested", "GET", session, request.raw, request.principal);
    return reply;
  }

  async delete(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const session = await this.#session(request);
    const { sessions, events } = this.#parts;
    await sessions.end(session, "deleted");
    events.emit("sessionRequested", "DELETE", session, request.raw, request.principal);
    return reply.code(204).send();
  }

  async #initialize(
    request: FastifyRequest,
    message: Message,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { calls, sessions, drain, room, limits, addresses } = this.#parts;
    const answer = new WholeReply(reply, message.idText, answerForm(request.headers.accept));
    const handler: Handler = async ({ context: { principal } }) => {
      if (drain.refusesSessions) throw new FleetError("DRAINING");
      room.requireCapacity("session");
      const client = readInitialize(message, limits.clientBytes);
      const address = addresses.ofRequest(request.raw);
      const session = await sessions.create({ ...client, owner: principal.owner, address });
      const result = await this.#open(request, session);
      room.recognise(request.raw.socket);
      reply.header("mcp-session-id", session.id);
      answer.message(resultText(message.idText, result));
    };
    const context = this.#context(request, undefined);
    try {
      await calls.through({ context, message, reply: answer }, handler);
    } catch (thrown) {
      answer.fail(asFleetError(thrown));
    }
    return reply;
  }

  /** A session that its role cannot open was never there: the client has no id of it. */
  async #open(request: FastifyRequest, session: LiveSession): Promise<string> {
    const { initialize, sessions } = this.#parts;
    try {
      return await initialize(this.#context(request, session));
    } catch (error) {
      await sessions.end(session, "refused");
      throw error;
    }
  }

  async #postBatch(
    request: FastifyRequest,
    reply: FastifyReply,
    found: LiveSession | FleetError,
    text: string,
  ): Promise<FastifyReply> {
    const { calls, limits, sessions } = this.#parts;
    const session = this.#hold(request, found);
    try {
      sessions.use(session);
      const { protocol } = session.record;
      if (!allowsBatches(protocol)) {
        const message = `batches do not exist in protocol ${protocol}`;
        throw new FleetError("INVALID_REQUEST", { message });
      }
      // Its answers arrive one by one, and are not collected.
      requireEvents(request.headers.accept);
      const messages = readBatch(text, limits.batchMessages);
      const requests = messages.filter(({ kind }) => kind === "request");
      const others = messages.filter(({ kind }) => kind !== "request");
      for (const message of others) {
        await this.#handOver(this.#context(request, session), message);
      }
      if (requests.length === 0) return reply.code(202).send();
      const stream = this.#replyTo(request, reply, "");
      const answers = requests.map(async (message) => {
        const context = this.#context(request, session);
        const answer = new BatchReply(stream, message.idText);
        await calls.request({ context, message, reply: answer });
        await answer.written;
      });
      await Promise.all(answers);
      stream.end();
      return reply;
    } finally {
      sessions.release(session);
    }
  }

  /** Of who has no session, nothing is held that is longer than an initialize. */
  #body(
    { raw }: FastifyRequest,
    session: LiveSession | FleetError,
    hold: BodyHold,
  ): Promise<Buffer> {
    const { bodyBytes, clientBytes } = this.#parts.limits;
    if (!(session instanceof FleetError)) {
      const message = `the body is larger than ${bodyBytes} bytes (limits.bodyBytes)`;
      const tooLarge = () => new FleetError("BODY_TOO_LARGE", { message });
      return readBody(raw, { hold, maxBytes: bodyBytes, tooLarge, namesRequest: true });
    }
    const maxBytes = Math.min(bodyBytes, clientBytes + INITIALIZE_BYTES);
    return readBody(raw, { hold, maxBytes, tooLarge: () => session, namesRequest: false });
  }

  #context(request: FastifyRequest, session: LiveSession | undefined): RequestContext {
    const { principal, headers, raw: incoming } = request;
    const maxMs = this.#parts.limits.callTimeoutMaxSeconds * 1000;
    const { authorization } = headers;
    return new RequestContext({ principal, authorization, headers, incoming, session, maxMs });
  }

  #replyTo(request: FastifyRequest, reply: FastifyReply, idText: string): HttpReply {
    const form = answerForm(request.headers.accept);
    return new HttpReply(reply, idText, this.#parts.keepAlive, form);
  }

  async #handOver(context: RequestContext, message: Message): Promise<void> {
    const { calls } = this.#parts;
    if (message.kind === "response") await calls.response(context, message);
    else await calls.notification(context, message);
  }

  async #session(request: FastifyRequest): Promise<LiveSession> {
    const id = header(request, "mcp-session-id");
    if (id === undefined) {
      checkProtocolVersion(header(request, "mcp-protocol-version"));
      throw new FleetError("SESSION_REQUIRED");
    }
    const found = this.#parts.sessions.find(id, request.principal.owner);
    const session = found instanceof Promise ? await found : found;
    checkProtocolVersion(header(request, "mcp-protocol-version"));
    return session;
  }

  /** The session of a request, or why there is none: whether that matters is known when its body is. */
  async #lookUp(request: FastifyRequest): Promise<LiveSession | FleetError> {
    try {
      return await this.#session(request);
    } catch (thrown) {
      return asFleetError(thrown);
    }
  }

  /**
   * Has the session in use, until it is released.
   *
   * @throws why there is none.
   */
  #hold(request: FastifyRequest, session: LiveSession | FleetError): LiveSession {
    if (session instanceof FleetError) throw session;
    const { sessions, room } = this.#parts;
    room.recognise(request.raw.socket);
    return sessions.hold(session);
  }
}

/** Whose share of the bodies a request takes: what is known of its client before the body is. */
function clientOf(request: FastifyRequest, session: LiveSession | FleetError): string {
  const { owner } = request.principal;
  if (owner !== ANONYMOUS.owner) return owner;
  return session instanceof FleetError ? `address ${request.ip}` : session.key;
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
