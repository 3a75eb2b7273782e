import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { untilAborted } from "../async/until-aborted.ts";
import { clock } from "../platform/clock.ts";
import type { Events } from "../sessions/events.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Backend } from "../upstream/backend.ts";
import { settle } from "../upstream/endpoints/circuit-breaker.ts";
import { circuitOpen, refused, unreachable } from "../upstream/sessions/backend-error.ts";
import { errorIn, UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import type { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import { describe, reasonOf } from "../upstream/transports/answer-text.ts";
import type { Answer, MessageAnswer, Refusal } from "../upstream/transports/transport.ts";
import {
  CircuitOpen,
  EndpointGone,
  TransportFault,
} from "../upstream/transports/transport-fault.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { isObject, type Message } from "../wire/message.ts";
import type { Reply } from "../wire/reply.ts";
import { sentIdText, underSentId } from "../wire/request-id.ts";
import { clientIds, type RequestIds } from "../wire/response.ts";
import { AnswerRelay } from "./answer-relay.ts";
import type { Call } from "./call.ts";
import type { CallLimits } from "./call-limits.ts";
import { CallTimer } from "./call-timer.ts";
import { Places } from "./places.ts";
import type { RequestContext } from "./request-context.ts";
import type { SessionStreams } from "./session-streams.ts";
import { placesOf } from "./too-many-calls.ts";

/** Limits of what is sent to one backend. */
export interface BackendRates {
  /** @throws RATE_LIMIT_EXCEEDED, STORE_UNAVAILABLE. */
  requireOf(context: RequestContext, backend: string): Promise<void>;
}

/** A call on its way to one backend. */
export interface Forwarding {
  readonly call: Call;
  readonly backend: Backend;
  /** What the backend gets: the client's own text, with names in the backend's words. */
  readonly text: string;
  /** Running it twice does no harm: the method only reads, or the tool says so. */
  readonly repeatable: boolean;
  /** Default: the call's. */
  readonly reply?: Reply;
}

export interface ForwarderParts {
  readonly upstreams: UpstreamSessions;
  readonly sessionStreams: SessionStreams;
  readonly limits: Settings["limits"];
  readonly callLimits: CallLimits;
  /** Absent: requests to backends are not limited. */
  readonly rates?: BackendRates | undefined;
  /** Clients see no other backend. */
  readonly isOnlyBackend: boolean;
  /** Clients hear of changed lists in its own words. */
  readonly relaysListChanges: boolean;
  readonly events: Events;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** What came of an attempt that did not answer the client. */
type AttemptFailure =
  /** It certainly did not run, and would not run the next time either. */
  | { readonly kind: "not-run"; readonly error: FleetError }
  /** A pod or a front of ours did not take it: another one may. */
  | { readonly kind: "rejected"; readonly error: FleetError }
  /** The backend does not know the session any more: it did not run. */
  | { readonly kind: "session-lost"; readonly upstream: UpstreamSession }
  /** It may have run. */
  | { readonly kind: "unknown"; readonly cause: unknown; readonly reason?: string };

/** A call with all that its attempts share. */
interface Attempted extends Required<Forwarding> {
  readonly ids: RequestIds;
  readonly session: LiveSession;
  readonly timer: CallTimer;
  /** The answer has been handed to the client. */
  readonly answered: () => void;
}

/**
 * Sends a call and sees to it that it runs at most once: sent again, once, only where it certainly did not
 * run or may run twice.
 */
export class Forwarder {
  readonly #parts: ForwarderParts;
  readonly #places = new WeakMap<Backend, Places>();

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  /**
   * Resolves once the answer has been handed to the reply and the backend's stream has ended.
   *
   * @throws {FleetError} BACKEND_UNREACHABLE, BACKEND_REFUSED, BACKEND_CIRCUIT_OPEN, BACKEND_TIMEOUT, BACKEND_SESSION_LOST, OUTCOME_UNKNOWN,
   * TOO_MANY_CALLS, INVALID_REQUEST for an id that is in flight already, SESSION_REQUIRED, or the reason with which the call was cut.
   */
  async forward(forwarding: Forwarding): Promise<void> {
    const { call, backend } = forwarding;
    const { context, message } = call;
    const { session } = context;
    if (session === undefined) throw new FleetError("SESSION_REQUIRED");
    if (session.calls.get(message.idText) !== context) {
      throw new FleetError("INVALID_REQUEST", {
        message: "a request with this id is already in flight",
      });
    }
    this.#requireClosedCircuit(session, backend);
    context.backend = backend.name;
    const { rates } = this.#parts;
    if (rates !== undefined) await rates.requireOf(context, backend.name);
    await this.#parts.callLimits.run(context, backend.name, () =>
      this.#forwardNow(session, forwarding),
    );
  }

  async #forwardNow(
    session: LiveSession,
    { call, backend, text, repeatable, reply = call.reply }: Forwarding,
  ): Promise<void> {
    const { context, message } = call;
    const { limits, metrics } = this.#parts;
    const idleSeconds = backend.settings.callTimeoutSeconds ?? limits.callTimeoutSeconds;
    const timer = new CallTimer({
      startedAtMs: context.startedAtMs,
      idleMs: idleSeconds * 1000,
      capMs: context.maxMs,
      onExpired: (afterMs) => context.cut(timedOut(backend, afterMs)),
    });
    const answered = () => {
      session.calls.delete(message.idText);
      metrics.observeCall(backend.name, timer.elapsedMs / 1000);
    };
    context.progressToken = progressTokenOf(message);
    backend.hold();
    try {
      const ids = clientIds(message.idText);
      const sent = ids.sentIdText === ids.idText ? text : underSentId(text, "id");
      const shared = {
        call,
        backend,
        text: sent,
        repeatable,
        reply,
        ids,
        session,
        timer,
        answered,
      };
      await this.#placesAt(backend).run(context, () => this.#attempts(shared));
    } catch (error) {
      if (context.cancelled) return reply.end();
      if (error instanceof FleetError && error.code === "BACKEND_TIMEOUT") {
        this.#cancel(session, backend, message.idText);
      }
      throw error;
    } finally {
      timer.stop();
      backend.letGo();
    }
  }

  /** Before the call waits for a place: those may all be taken by calls that hang. */
  #requireClosedCircuit(session: LiveSession, backend: Backend): void {
    const pod = this.#parts.upstreams.opened(session, backend)?.record.pod;
    const open = backend.circuitOpen(backend.settings.stateful ? pod : undefined);
    if (open !== undefined) throw circuitOpen(backend, open);
  }

  /** As many calls as the backend has connections; further ones wait here, where a wait has an end. */
  #placesAt(backend: Backend): Places {
    const present = this.#places.get(backend);
    if (present !== undefined) return present;
    const { limits, metrics } = this.#parts;
    const { name } = backend;
    const limit = { limit: "backend", setting: "upstreamConnections" } as const;
    const parts = { ...limit, places: limits.upstreamConnections, backend: name };
    const places = new Places(placesOf(parts, limits, metrics));
    this.#places.set(backend, places);
    return places;
  }

  async #attempts(attempted: Attempted): Promise<void> {
    const { call, session, backend, repeatable, reply } = attempted;
    const { upstreams, metrics } = this.#parts;
    const { context } = call;
    const first = await this.#attempt(attempted);
    if (first === undefined) return;
    if (context.cancelled) return reply.end();
    if (first.kind === "not-run") throw first.error;
    if (first.kind === "session-lost") {
      await upstreams.markLost(session, first.upstream);
      // One that has not answered since the client was told of a loss has no memory that could be lost again.
      if (backend.settings.stateful && first.upstream.record.renewed === undefined) {
        metrics.upstreamMemoryLost.inc({ backend: backend.name });
        throw sessionLost(backend);
      }
    } else if (first.kind === "unknown" && (!repeatable || reply.isGone)) {
      throw outcomeUnknown(backend, first);
    }
    metrics.resends.inc({ backend: backend.name });
    context.begun = false;
    const second = await this.#attempt(attempted);
    if (second === undefined) return;
    if (second.kind === "not-run" || second.kind === "rejected") throw second.error;
    if (second.kind === "session-lost") {
      await upstreams.markLost(session, second.upstream);
      throw sessionLost(backend);
    }
    throw outcomeUnknown(backend, second);
  }

  async #attempt(attempted: Attempted): Promise<AttemptFailure | undefined> {
    const { call, session, backend, text } = attempted;
    const { context } = call;
    const { sessionStreams } = this.#parts;
    const upstream = await this.#open(attempted);
    if (!(upstream instanceof UpstreamSession)) return upstream;
    const stream = sessionStreams.begin(session, upstream, attempted);
    try {
      if (stream?.opening !== undefined) await untilAborted(stream.opening, context.signal);
      context.begun = true;
      const answer = await upstream.send(text, "call", context.signal);
      if (answer.kind !== "json" && answer.kind !== "events") {
        return await this.#classify(attempted, upstream, answer);
      }
      await this.#answer(attempted, upstream, answer);
      return undefined;
    } catch (error) {
      if (error instanceof EndpointGone) return { kind: "session-lost", upstream };
      if (error instanceof CircuitOpen) return elsewhere(upstream, error);
      if (!(error instanceof TransportFault)) throw error;
      if (error.sent) return { kind: "unknown", cause: error };
      const isElsewhere = backend.hasPods && upstream.record.pod === undefined;
      const kind = isElsewhere ? "rejected" : "not-run";
      return { kind, error: unreachable(backend, error) };
    } finally {
      stream?.end(attempted);
    }
  }

  /** Brings the answer to the client, and tells the backend's breaker whether it came. */
  async #answer(
    attempted: Attempted,
    upstream: UpstreamSession,
    answer: MessageAnswer,
  ): Promise<void> {
    const { trial } = answer;
    const { reply, call } = attempted;
    try {
      await this.#relay(attempted, upstream).relay(answer);
      trial?.succeeded();
    } catch (error) {
      // A client that went away, or that was asked something and may not have answered, is no failure of the backend.
      const isOfClient = reply.isGone || call.context.questions > 0;
      if (trial !== undefined && isOfClient) trial.abandoned();
      else if (trial !== undefined) settle(trial, error, call.context.signal);
      throw error;
    }
  }

  /** A front that cannot open a session now may do so, or another one, at the second attempt. */
  async #open({ session, backend, call }: Attempted): Promise<UpstreamSession | AttemptFailure> {
    try {
      const { context } = call;
      return await this.#parts.upstreams.open(session, backend, context.signal, context);
    } catch (error) {
      const isBusy = error instanceof FleetError && error.code === "BACKEND_BUSY";
      if (!isBusy) throw error;
      return { kind: "rejected", error };
    }
  }

  #relay(attempted: Attempted, upstream: UpstreamSession): AnswerRelay {
    const { call, ids, session, timer, reply, answered } = attempted;
    const { isOnlyBackend, relaysListChanges, limits, events, log } = this.#parts;
    return new AnswerRelay({
      upstream,
      ids,
      context: call.context,
      session,
      timer,
      reply,
      isOnlyBackend,
      relaysListChanges,
      maxQuestions: limits.serverRequests,
      events,
      log,
      answered: (isMarked) => {
        answered();
        if (isMarked) void this.#acknowledgeRenewal(session, upstream);
      },
    });
  }

  /** What an answer that is none of MCP's means for the call. */
  async #classify(
    attempted: Attempted,
    upstream: UpstreamSession,
    answer: Exclude<Answer, { readonly kind: "json" | "events" }>,
  ): Promise<AttemptFailure | undefined> {
    if (answer.kind === "session-unknown") return { kind: "session-lost", upstream };
    const unknown = { kind: "unknown", cause: describe(answer), reason: reasonOf(answer) } as const;
    if (answer.kind !== "refused") return unknown;
    const { call, ids, backend, reply, answered } = attempted;
    const { statusCode, notProcessed } = answer;
    if (await this.#isLost(call, upstream, answer)) return { kind: "session-lost", upstream };
    if (notProcessed) return { kind: "rejected", error: refused(backend, answer) };
    const response = errorIn(answer, ids);
    if (response !== undefined) {
      reply.message(response);
      answered();
      return undefined;
    }
    const isNotRun = statusCode >= 300 && statusCode < 500;
    return isNotRun ? { kind: "not-run", error: refused(backend, answer) } : unknown;
  }

  /** 400 may say that the session is unknown, and then a ping in the same session is refused too. */
  async #isLost(
    { context }: Call,
    upstream: UpstreamSession,
    { statusCode }: Refusal,
  ): Promise<boolean> {
    if (statusCode !== 400 || upstream.record.sessionId === undefined) return false;
    return !(await upstream.isKnown(context.signal));
  }

  async #acknowledgeRenewal(session: LiveSession, upstream: UpstreamSession): Promise<void> {
    try {
      await this.#parts.upstreams.acknowledgeRenewal(session, upstream);
    } catch (error) {
      this.#parts.log.warn(
        { sid: session.label, error },
        "the renewal could not be noted: the next answer is marked too",
      );
    }
  }

  /** Tells the backend that nobody waits any more; whether it hears does not matter. */
  #cancel(session: LiveSession, backend: Backend, idText: string): void {
    const upstream = this.#parts.upstreams.opened(session, backend);
    const text = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${sentIdText(idText)},"reason":"timed out"}}`;
    const timeoutMs = this.#parts.limits.connectTimeoutSeconds * 1000;
    upstream?.notify(text, clock.timeout(timeoutMs)).catch((error: unknown) => {
      this.#parts.log.info({ backend: backend.name, error }, "a cancellation was not delivered");
    });
  }
}

/** A session with nothing to lose goes to another pod, if there is one. */
function elsewhere(upstream: UpstreamSession, open: CircuitOpen): AttemptFailure {
  const { backend, record } = upstream;
  const others = backend.available.filter((pod) => pod !== record.pod);
  const mayMove = record.pod !== undefined && !backend.settings.stateful && others.length > 0;
  if (mayMove) return { kind: "session-lost", upstream };
  return { kind: "not-run", error: circuitOpen(backend, open) };
}

/** A server forgot a session whose memory counts: the client has to know. */
export function sessionLost(backend: Backend): FleetError {
  return new FleetError("BACKEND_SESSION_LOST", {
    message: `the backend ${backend.name} lost this session's memory; the call did not run, the next one starts a new session there`,
    data: { backend: backend.name },
  });
}

function outcomeUnknown(
  backend: Backend,
  { cause, reason = "broke off after the call was sent" }: { cause: unknown; reason?: string },
): FleetError {
  return new FleetError("OUTCOME_UNKNOWN", {
    message: `the backend ${backend.name} ${reason}; whether it ran is unknown`,
    data: { backend: backend.name },
    cause,
  });
}

function timedOut(backend: Backend, afterMs: number): FleetError {
  return new FleetError("BACKEND_TIMEOUT", {
    message: `the backend ${backend.name} did not answer within ${Math.round(afterMs / 100) / 10} s; whether the call ran is unknown`,
    data: { backend: backend.name },
  });
}

function progressTokenOf({ params }: Message): unknown {
  const { _meta: meta } = params;
  return isObject(meta) ? meta.progressToken : undefined;
}
