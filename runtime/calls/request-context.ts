import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { clock } from "../platform/clock.ts";
import type { LiveSession, PendingCall } from "../sessions/live-session.ts";
import type { Principal } from "../sessions/principal.ts";
import type { Era } from "../wire/methods.ts";

/** What a client says of itself: at initialize for a session, or with each request. */
export interface ClientFacts {
  readonly protocol: string;
  /** JSON text, as the client wrote it. */
  readonly clientInfo: string;
  readonly capabilities: string;
  /** Names the lists that clients like this one see. */
  readonly view: string;
}

export interface RequestContextParts {
  readonly principal: Principal;
  /** The `Authorization` that came with the request. */
  readonly authorization?: string | undefined;
  /** As they came with the request. */
  readonly headers?: IncomingHttpHeaders;
  /** What it came with; absent for what the process asks by itself. */
  readonly incoming?: IncomingMessage;
  readonly session: LiveSession | undefined;
  /** Absent where the session knows. */
  readonly client?: ClientFacts;
  /** How long an answer may take in any case. */
  readonly maxMs: number;
}

/**
 * One request of a client, or one that the process makes by itself, as everything between edge and backend needs it:
 * who asks, in which era and protocol, with which capabilities, in which session if there is one, and until when.
 */
export class RequestContext implements PendingCall {
  readonly principal: Principal;
  /** The credentials at hand: the `Authorization` that came with the request. It is never kept, logged or passed on as it is. */
  readonly authorization: string | undefined;
  /** Those that came with the request: backends get what their settings name of them. */
  readonly headers: IncomingHttpHeaders | undefined;
  /** What it came with, for who has to know where from. */
  readonly incoming: IncomingMessage | undefined;
  readonly era: Era;
  readonly session: LiveSession | undefined;
  readonly startedAtMs = clock.monotonicMs();
  readonly maxMs: number;
  /** Where it runs; empty before that is known. */
  backend = "";
  progressToken: unknown;
  /** What its backend has asked the client so far. */
  questions = 0;
  /** It has its backend session, and may have been sent. */
  begun = false;
  /** The client does not wait any more: the call is neither sent again nor answered. */
  cancelled = false;
  readonly #client: ClientFacts | undefined;
  #controller: AbortController | undefined;

  constructor({
    principal,
    authorization,
    headers,
    incoming,
    session,
    client,
    maxMs,
  }: RequestContextParts) {
    this.principal = principal;
    this.authorization = authorization;
    this.headers = headers;
    this.incoming = incoming;
    this.session = session;
    this.era = session === undefined && client !== undefined ? "stateless" : "session";
    this.maxMs = maxMs;
    this.#client = client;
  }

  /** What the client says of itself. */
  get client(): ClientFacts {
    return this.#client ?? this.session?.record ?? NOBODY;
  }

  /** Aborted, with the reason, once the answer is of no use any more: cancelled, out of time, or the process ends. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  cut(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}

const NOBODY: ClientFacts = { protocol: "", clientInfo: "{}", capabilities: "{}", view: "" };
