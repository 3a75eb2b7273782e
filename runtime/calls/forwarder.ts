import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock } from "../platform/clock.ts";
import type { LiveSession, PendingCall } from "../sessions/live-session.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Backend } from "../upstream/backend.ts";
import { PodGone } from "../upstream/endpoints/pod-gone.ts";
import { refused, unreachable } from "../upstream/sessions/handshake.ts";
import {
  errorBody,
  isJson,
  isResponse,
  isSse,
  type UpstreamSession,
} from "../upstream/sessions/upstream-session.ts";
import { ownRequest, type UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import type { UpstreamResponse } from "../upstream/transports/exchange.ts";
import { TransportFault } from "../upstream/transports/transport-fault.ts";
import { NOT_PROCESSED_HEADER } from "../wire/error-table.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { Reply } from "../wire/reply.ts";
import { AnswerRelay } from "./answer-relay.ts";
import { CallTimer } from "./call-timer.ts";

/** One request of a client on its way to one backend. */
export interface ForwardedCall {
  readonly session: LiveSession;
  readonly backend: Backend;
  /** What the backend gets: the client's own text, with names in the backend's words. */
  readonly text: string;
  readonly idText: string;
  /** Running it twice does no harm: the method only reads, or the tool says so. */
  readonly repeatable: boolean;
  readonly reply: Reply;
}

export interface ForwarderParts {
  readonly upstreams: UpstreamSessions;
  readonly limits: Settings["limits"];
  readonly metrics: Metrics;
  readonly log: Logger;
  /** A backend said within a call that its lists changed. Answers what of that to pass on. */
  readonly listsChanged: (
    session: LiveSession,
    backend: Backend,
    text: string,
  ) => string | undefined;
}

/** What an attempt came to, where it did not answer the client. */
type Setback =
  /** It certainly did not run, and would not run the next time either. */
  | { readonly kind: "not-run"; readonly error: FleetError }
  /** A pod or a front of ours did not take it: another one may. */
  | { readonly kind: "turned-away"; readonly error: FleetError }
  /** The backend does not know the session any more: it did not run. */
  | { readonly kind: "session-lost"; readonly upstream: UpstreamSession }
  /** It may have run. */
  | { readonly kind: "unknown"; readonly cause: unknown };

/**
 * Sends a call and sees to it that it runs at most once: sent again, once, only where it certainly did not
 * run or may run twice.
 */
export class Forwarder {
  readonly #parts: ForwarderParts;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  /**
   * Resolves once the answer has been handed to `reply` and the backend's stream has ended.
   * Errors: BACKEND_UNREACHABLE, BACKEND_REFUSED, BACKEND_TIMEOUT, BACKEND_SESSION_LOST, OUTCOME_UNKNOWN,
   * INVALID_REQUEST for an id that is in flight already, or the reason with which the call was cut.
   */
  async forward(call: ForwardedCall): Promise<void> {
    const { session, backend, idText } = call;
    const { limits, metrics } = this.#parts;
    if (session.calls.has(idText)) {
      throw new FleetError("INVALID_REQUEST", { message: "a request with this id is in flight" });
    }
    const idleSeconds = backend.settings.callTimeoutSeconds ?? limits.callTimeoutSeconds;
    const timer = new CallTimer(
      idleSeconds * 1000,
      limits.callTimeoutMaxSeconds * 1000,
      (afterMs) => timedOut(backend, afterMs),
    );
    const pending: PendingCall = {
      backend: backend.name,
      begun: false,
      cancelled: false,
      cut: (reason) => timer.cut(reason),
    };
    session.calls.set(idText, pending);
    const answered = () => {
      session.calls.delete(idText);
      metrics.callSeconds.observe({ backend: backend.name }, timer.elapsedMs / 1000);
    };
    try {
      await this.#attempts(call, pending, timer, answered);
    } catch (error) {
      if (pending.cancelled) return call.reply.end();
      if (error instanceof FleetError && error.code === "BACKEND_TIMEOUT") this.#cancel(call);
      throw error;
    } finally {
      timer.stop();
      if (session.calls.get(idText) === pending) session.calls.delete(idText);
    }
  }

  async #attempts(
    call: ForwardedCall,
    pending: PendingCall,
    timer: CallTimer,
    answered: () => void,
  ): Promise<void> {
    const { session, backend, repeatable } = call;
    const first = await this.#attempt(call, pending, timer, answered);
    if (first === undefined) return;
    if (pending.cancelled) return call.reply.end();
    if (first.kind === "not-run") throw first.error;
    if (first.kind === "session-lost") {
      await this.#parts.upstreams.lose(session, first.upstream);
      if (backend.settings.stateful) {
        this.#parts.metrics.upstreamMemoryLost.inc({ backend: backend.name });
        throw sessionLost(backend);
      }
    } else if (first.kind === "unknown" && (!repeatable || call.reply.gone.aborted)) {
      throw outcomeUnknown(backend, first.cause);
    }
    this.#parts.metrics.resends.inc({ backend: backend.name });
    pending.begun = false;
    const second = await this.#attempt(call, pending, timer, answered);
    if (second === undefined) return;
    if (second.kind === "not-run" || second.kind === "turned-away") throw second.error;
    if (second.kind === "session-lost") {
      await this.#parts.upstreams.lose(session, second.upstream);
      throw sessionLost(backend);
    }
    throw outcomeUnknown(backend, second.cause);
  }

  async #attempt(
    call: ForwardedCall,
    pending: PendingCall,
    timer: CallTimer,
    answered: () => void,
  ): Promise<Setback | undefined> {
    const { session, backend, text, idText, reply } = call;
    const { upstreams, log } = this.#parts;
    const upstream = await upstreams.open(session, backend, timer.signal);
    pending.begun = true;
    try {
      const response = await upstream.post(text, "call", timer.signal);
      if (response.statusCode !== 200) {
        return await this.#judge(call, upstream, response, timer.signal, answered);
      }
      if (!isSse(response) && !isJson(response)) {
        await response.body.dump();
        return { kind: "unknown", cause: `content type ${response.headers["content-type"]}` };
      }
      const handedOver = () => {
        answered();
        if (upstream.record.renewed) void this.#told(session, upstream);
      };
      const relay = new AnswerRelay({
        upstream,
        idText,
        timer,
        reply,
        log,
        answered: handedOver,
        listsChanged: (text) => this.#parts.listsChanged(session, backend, text),
      });
      await relay.relay(response);
      return undefined;
    } catch (error) {
      if (error instanceof PodGone) return { kind: "session-lost", upstream };
      if (!(error instanceof TransportFault)) throw error;
      if (error.sent) return { kind: "unknown", cause: error };
      const isElsewhere = backend.hasPods && upstream.record.pod === undefined;
      const kind = isElsewhere ? "turned-away" : "not-run";
      return { kind, error: unreachable(backend, error) };
    }
  }

  /** What an HTTP status other than 200 means for the call. */
  async #judge(
    call: ForwardedCall,
    upstream: UpstreamSession,
    response: UpstreamResponse,
    signal: AbortSignal,
    answered: () => void,
  ): Promise<Setback | undefined> {
    const { statusCode } = response;
    const body = await errorBody(response);
    if (await this.#isLost(upstream, statusCode, signal)) return { kind: "session-lost", upstream };
    if (isResponse(body, call.idText)) {
      call.reply.message(body);
      answered();
      return undefined;
    }
    const error = refused(call.backend, statusCode, body);
    if (response.headers[NOT_PROCESSED_HEADER] !== undefined) return { kind: "turned-away", error };
    if (statusCode >= 300 && statusCode < 500) return { kind: "not-run", error };
    return { kind: "unknown", cause: error };
  }

  /** 404 says so; 400 may say so, and then a ping on the same session is refused too. */
  async #isLost(
    upstream: UpstreamSession,
    statusCode: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (upstream.record.sessionId === undefined) return false;
    if (statusCode === 404) return true;
    if (statusCode !== 400) return false;
    const ping = await upstream.ask(ownRequest("ping", {}), "probe", signal);
    return ping.statusCode === 400 || ping.statusCode === 404;
  }

  async #told(session: LiveSession, upstream: UpstreamSession): Promise<void> {
    try {
      await this.#parts.upstreams.told(session, upstream);
    } catch (error) {
      this.#parts.log.warn({ sid: session.label, error }, "a renewed session stays untold");
    }
  }

  /** Tells the backend that nobody waits any more; whether it hears does not matter. */
  #cancel({ session, backend, idText }: ForwardedCall): void {
    const upstream = this.#parts.upstreams.opened(session, backend);
    const text = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${idText},"reason":"timed out"}}`;
    const timeoutMs = this.#parts.limits.connectTimeoutSeconds * 1000;
    upstream?.tell(text, clock.timeout(timeoutMs)).catch((error: unknown) => {
      this.#parts.log.info({ backend: backend.name, error }, "a cancellation was not delivered");
    });
  }
}

function sessionLost(backend: Backend): FleetError {
  return new FleetError("BACKEND_SESSION_LOST", {
    message: `the backend ${backend.name} lost this session's memory; the call did not run, the next one starts a new session there`,
    data: { backend: backend.name },
  });
}

function outcomeUnknown(backend: Backend, cause: unknown): FleetError {
  return new FleetError("OUTCOME_UNKNOWN", {
    message: `the backend ${backend.name} broke off after the call was sent; whether it ran is unknown`,
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
