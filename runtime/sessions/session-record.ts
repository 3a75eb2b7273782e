/** A backend session as every process needs to know it to go on with it. */
export interface UpstreamRecord {
  /** The backend's `Mcp-Session-Id`; absent where the backend keeps no sessions. */
  readonly sessionId?: string;
  /** The protocol version that the backend answered initialize with. */
  readonly protocol: string;
  /** Counts the backend sessions that this client session has had here; ids of backend requests carry it. */
  readonly epoch: number;
  /** The pod that holds it; absent where the backend is one address, or each of its pods serves it. */
  readonly pod?: string;
  /** It is on its way to another pod: no call may begin in it. */
  readonly moving?: true;
  /** The backend forgot this session: the next call opens epoch + 1. */
  readonly lost?: true;
  /** The client has not been told yet that an earlier epoch was lost. */
  readonly renewed?: true;
}

export interface Subscription {
  readonly backend: string;
  readonly uri: string;
}

/** What is left of a session that has ended: what has to be closed at its backends. */
export type EndedSession = Pick<SessionRecord, "key" | "owner" | "upstreams">;

/** Everything about a session that outlives the process that serves it. Holds no credential of the client. */
export interface SessionRecord {
  /** The digest of the id: see `sessionKey`. */
  readonly key: string;
  /** The principal's digest, or `anonymous`. */
  readonly owner: string;
  /** The protocol version negotiated with the client. */
  readonly protocol: string;
  /** The client's `clientInfo` and `capabilities`, as JSON text, for the backends' initialize. */
  readonly clientInfo: string;
  readonly capabilities: string;
  /** The digest under which the lists of clients like this one are kept. */
  readonly view: string;
  readonly createdAtMs: number;
  /** Moves with every use. */
  readonly expiresAtMs: number;
  /** Never moves; absent without `session.maxLifetime`. */
  readonly lifetimeEndsAtMs?: number;
  /** The client's address, as long as it has sent nothing since it opened the session: until then it gives way. */
  readonly unusedFrom?: string;
  readonly logLevel?: string;
  readonly subscriptions: readonly Subscription[];
  /** By backend name. */
  readonly upstreams: Readonly<Record<string, UpstreamRecord>>;
}
