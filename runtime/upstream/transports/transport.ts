import type { IncomingHttpHeaders } from "node:http";
import type { SseEvent } from "../../wire/sse.ts";
import type { Trial } from "../endpoints/circuit-breaker.ts";
import type { SignRequest } from "../endpoints/endpoint.ts";
import type { ResponseBody } from "../endpoints/response-body.ts";

/** What a request is for: the label of the `upstream_requests_total` metric. */
export type Purpose = "call" | "notify" | "open" | "list" | "probe" | "stream" | "close";

/** A session as its server knows it. */
export interface SessionRef {
  /** Absent where the server keeps no sessions, or none is open yet. */
  readonly sessionId?: string;
  /** The protocol version that the server speaks in it; empty before that is known. */
  readonly protocol: string;
}

/** Whose request it is that something is sent for: absent for what the process asks for itself. */
export interface Requester {
  /** As they came, of which backends get those that their settings name. Absent: none. */
  readonly headers?: IncomingHttpHeaders | undefined;
}

/** One request to a server, in words that every transport has. */
export interface TransportRequest {
  /**
   * `start`: opens a session with initialize. `send`: a message in a session. `receive`: what the server says unasked.
   * `close`: ends a session. `probe`: asks for a sign of life, without one.
   */
  readonly operation: "start" | "send" | "receive" | "close" | "probe";
  readonly session: SessionRef;
  /** The JSON-RPC message that is sent; empty where none is. */
  readonly text: string;
  /** The event after which a stream that broke off is to go on. */
  readonly lastEventId?: string;
  readonly purpose: Purpose;
  /** Whose session it is sent for: see `Principal.owner`. Absent for what the process asks for itself. */
  readonly owner?: string;
  /** More headers than the transport's own, for transports that have some: credentials, trace. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Signs what is sent over HTTP by this process. */
  readonly sign?: SignRequest | undefined;
  readonly signal: AbortSignal;
}

/** What a server answered. */
export type Answer =
  /** One message of JSON, as it arrives. */
  | {
      readonly kind: "json";
      readonly body: ResponseBody;
      readonly sessionId: string | undefined;
      /** Wants to hear whether the response arrived; see `Backend.dispatch`. */
      readonly trial?: Trial;
    }
  /** Messages, one after the other. */
  | {
      readonly kind: "events";
      readonly events: AsyncGenerator<SseEvent>;
      readonly sessionId: string | undefined;
      /** Wants to hear whether the response arrived; see `Backend.dispatch`. */
      readonly trial?: Trial;
      /** Gives up what has not been read. */
      destroy(): void;
    }
  /** It was taken, and nothing comes back. */
  | { readonly kind: "accepted" }
  /** The server does not know the session: nothing ran. */
  | { readonly kind: "session-unknown" }
  /** The server has no such thing as was asked for; with the HTTP status that says so, where it is one that says more. */
  | { readonly kind: "unsupported"; readonly statusCode?: number }
  | Refusal;

/** An answer that has messages. */
export type MessageAnswer = Extract<Answer, { readonly kind: "json" | "events" }>;

/** An answer that is none of MCP's. */
export interface Refusal {
  readonly kind: "refused";
  readonly statusCode: number;
  readonly contentType: string | undefined;
  /** Where a redirect points. */
  readonly location?: string;
  /** Its `WWW-Authenticate`. */
  readonly challenge?: string;
  /** The start of what it says. */
  readonly text: string;
  /** One of our own processes says that it certainly did not run. */
  readonly notProcessed: boolean;
}

/** How messages get to a server and back. One transport serves all sessions at an endpoint. */
export interface Transport {
  /** Errors of all: TransportFault, AT_CAPACITY, or the signal's reason once it is aborted. */
  start(request: TransportRequest): Promise<Answer>;
  send(request: TransportRequest): Promise<Answer>;
  receive(request: TransportRequest): Promise<Answer>;
  close(request: TransportRequest): Promise<Answer>;

  /**
   * Asks for a sign of life: any answer is one, also that there is no such session.
   *
   * @throws also where the server says that it fails.
   */
  probe(request: TransportRequest): Promise<Answer>;

  /** Answers another process of the fleet for a session that lives in this one; undefined where sessions live nowhere. */
  readonly serveHere: ((request: TransportRequest) => Promise<Answer>) | undefined;

  /** Lets what is in flight finish. */
  finish(): Promise<void>;

  /** Gives up every session that lives here. */
  destroy(): void;
}
