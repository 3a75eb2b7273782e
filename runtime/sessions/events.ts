import type { IncomingMessage } from "node:http";
import type { Logger } from "pino";
import type { FleetError } from "../wire/fleet-error.ts";
import type { ListName } from "../wire/methods.ts";
import type { LiveSession } from "./live-session.ts";
import type { Principal } from "./principal.ts";
import type { EndedSession, SessionRecord } from "./session-record.ts";

/** Why a session ended. */
export type EndReason = "deleted" | "expired" | "shutdown" | "refused" | "displaced" | "revoked";

/** Everything that one part of the process tells the others, with its payload. Backends and views are named. */
export interface EventMap {
  /** A session was opened here. */
  sessionCreated: [session: LiveSession];
  /** A session was ended here: this process alone cleans up behind it. */
  sessionEnded: [ended: EndedSession, reason: EndReason];
  /** A session has ended somewhere: nothing of it may stay here. */
  sessionGone: [key: string];
  /** A session has another record, whoever wrote it and whether it is held here or not. */
  sessionChanged: [record: SessionRecord];
  /** A session has its first open stream here: what servers say unasked has somewhere to go. */
  streamOpened: [session: LiveSession];
  /** A session has no open stream here any more. */
  streamClosed: [session: LiveSession];
  /** A backend session was opened here for a session. */
  upstreamOpened: [session: LiveSession, backend: string];
  /** A client was told that a backend session is a new one. */
  upstreamRenewed: [session: LiveSession, backend: string];
  /** A backend said within a session that its lists have changed. */
  listChanged: [session: LiveSession, backend: string];
  /** The fleet says that the clients of a view see other lists of a backend. */
  viewListsChanged: [view: string, backend: string];
  /** The merged lists of a view are others than were announced last. */
  catalogChanged: [view: string, lists: readonly ListName[]];
  /** Which pods drain is not what it was, or may not be. */
  drainsChanged: [];
  /** The set of backends has one more, or another one under the name. */
  backendAdded: [backend: string];
  /** The set of backends has one less. */
  backendRemoved: [backend: string];
  /** A client's request was refused before it became a call. */
  requestRefused: [incoming: IncomingMessage, error: FleetError];
  /** A client opens a stream of its session, or has ended it. */
  sessionRequested: [
    method: "GET" | "DELETE",
    session: LiveSession,
    incoming: IncomingMessage,
    principal: Principal,
  ];
  /** The process works with another configuration. */
  configurationTaken: [generation: number, digest: string];
  /** A changed configuration is not taken over. */
  configurationRefused: [reason: string, faults: readonly string[]];
}

export type EventName = keyof EventMap;

type Listener<Name extends EventName> = (...payload: EventMap[Name]) => unknown;

type Listeners = { [Name in EventName]?: Set<Listener<Name>> };

/**
 * Who tells and who hears need not know each other. Any number may listen; one that fails is logged, and keeps nobody
 * from hearing, nor the one who tells from going on. Nobody waits for a listener.
 */
export class Events {
  readonly #log: Logger;
  readonly #listeners: Listeners = {};

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Calls `listener` for every event of this name from now on. Returns what stops it. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    const listeners = this.#of(name);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  emit<Name extends EventName>(name: Name, ...payload: EventMap[Name]): void {
    const listeners: Set<Listener<Name>> | undefined = this.#listeners[name];
    for (const listener of listeners ?? []) {
      try {
        const heard = listener(...payload);
        if (heard instanceof Promise) heard.catch((error: unknown) => this.#failed(name, error));
      } catch (error) {
        this.#failed(name, error);
      }
    }
  }

  #of<Name extends EventName>(name: Name): Set<Listener<Name>> {
    const listeners: Set<Listener<Name>> = this.#listeners[name] ?? new Set<Listener<Name>>();
    Object.assign(this.#listeners, { [name]: listeners });
    return listeners;
  }

  #failed(event: EventName, error: unknown): void {
    this.#log.error({ event, error }, "a listener has failed");
  }
}
