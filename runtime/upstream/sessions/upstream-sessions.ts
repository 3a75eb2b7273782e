import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { SingleFlight } from "../../async/single-flight.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import { Lease } from "../../fleet/lease.ts";
import type { LeaseStore } from "../../fleet/lease-store.ts";
import type { PodStore } from "../../fleet/pod-store.ts";
import { clock } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import type { Events } from "../../sessions/events.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { EndedSession, SessionRecord, UpstreamRecord } from "../../sessions/session-record.ts";
import type { SessionStore } from "../../sessions/session-store.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import type { Backend } from "../backend.ts";
import type { BackendRegistry } from "../backend-registry.ts";
import type { Requester } from "../transports/transport.ts";
import { courtesy } from "./courtesy.ts";
import type { InitializeOutcome } from "./handshake.ts";
import { openAtPod } from "./open-at-pod.ts";
import { ownRequest } from "./own-request.ts";
import { SessionMoves } from "./session-moves.ts";
import { UpstreamSession } from "./upstream-session.ts";

/** Longer than the store may be away for without being noticed; a call waits this long for a process that was killed. */
const LEASE_MS = 5_000;

/** How often a process that waits for another's handshake looks whether it is done. */
const LEASE_POLL_MS = 50;

/** Ending a backend session is a courtesy: it may not hold anything up. */
const END_TIMEOUT_MS = 5_000;

export interface UpstreamSessionsParts {
  readonly store: SessionStore;
  readonly leases: LeaseStore;
  readonly pods: PodStore;
  readonly backends: BackendRegistry;
  readonly events: Events;
  /** The session, if this process holds it. */
  readonly held: (key: string) => LiveSession | undefined;
  readonly limits: Settings["limits"];
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * The backend sessions of client sessions: one per session and backend, opened at the first call under a
 * lease of the store, then used by every process; opened anew where the backend lost it.
 */
export class UpstreamSessions {
  readonly #parts: UpstreamSessionsParts;
  readonly #holder = random.uuid();
  readonly #opening = new SingleFlight<string, UpstreamSession>();
  readonly #moves: SessionMoves;
  readonly #cleanUps = new Set<Promise<void>>();

  constructor(parts: UpstreamSessionsParts) {
    this.#parts = parts;
    this.#moves = new SessionMoves(parts);
    parts.events.on("sessionEnded", (session) => this.#cleanUp(this.#endAll(session)));
    parts.events.on("sessionChanged", ({ key }) => {
      const session = parts.held(key);
      if (session !== undefined) this.#moves.holdUp(session);
    });
  }

  /** Resolves when the backend sessions of all sessions that have ended are ended, too. */
  async cleanedUp(): Promise<void> {
    await Promise.all(this.#cleanUps);
  }

  /** The backend session if it is open, on its way to another pod or not. */
  opened(
    session: LiveSession,
    backend: Backend,
    requester?: Requester,
  ): UpstreamSession | undefined {
    return usable(session.record, backend)?.for(requester);
  }

  /** All that are open, for what every backend has to hear. */
  allOpened(session: LiveSession, requester?: Requester): UpstreamSession[] {
    const found: UpstreamSession[] = [];
    for (const name of Object.keys(session.record.upstreams)) {
      const backend = this.#parts.backends.get(name);
      const upstream = backend === undefined ? undefined : usable(session.record, backend);
      if (upstream !== undefined) found.push(upstream.for(requester));
    }
    return found;
  }

  /**
   * Opens the backend session, or waits for whoever is opening it.
   *
   * @throws those of the handshake, SESSION_NOT_FOUND.
   */
  async open(
    session: LiveSession,
    backend: Backend,
    signal: AbortSignal,
    requester?: Requester,
  ): Promise<UpstreamSession> {
    const present = usable(session.record, backend);
    if (present !== undefined && !(await this.#leaves(session, present))) {
      return present.for(requester);
    }
    const slot = `${session.key} ${backend.name}`;
    const opening = this.#opening.run(slot, () =>
      this.#openUnderLease(session, backend, requester),
    );
    return (await untilAborted(opening, signal)).for(requester);
  }

  /** Notes that the backend forgot this session, so that the next `open` makes a new one. */
  async markLost(session: LiveSession, upstream: UpstreamSession): Promise<void> {
    const { backend, record } = upstream;
    // Many calls may find the same loss: it is one.
    if (this.opened(session, backend)?.record.epoch !== record.epoch) return;
    this.#parts.metrics.upstreamSessionsLost.inc({ backend: backend.name });
    this.#parts.log.warn({ sid: session.label, backend: backend.name }, "backend lost a session");
    await this.#write(session, backend, { ...record, lost: true });
  }

  /** Notes that the client was told of the loss. */
  async acknowledgeRenewal(session: LiveSession, upstream: UpstreamSession): Promise<void> {
    const { renewed: _, ...record } = upstream.record;
    await this.#write(session, upstream.backend, record);
    this.#parts.events.emit("upstreamRenewed", session, upstream.backend.name);
  }

  /** Opens the first backend session of a session that nobody knows yet. Answers the backend's result of initialize. */
  async openFirst(session: LiveSession, backend: Backend, requester: Requester): Promise<string> {
    const { initializeTimeoutSeconds } = this.#parts.limits;
    const signal = clock.timeout(initializeTimeoutSeconds * 1000);
    try {
      return (await this.#openNext(session, backend, signal, requester)).resultText;
    } catch (error) {
      throw signal.aborted ? timedOut(backend, initializeTimeoutSeconds, error) : error;
    }
  }

  /** Lets go of work that nobody waits for before the process ends. */
  #cleanUp(work: Promise<void>): void {
    const cleanUp = work.finally(() => this.#cleanUps.delete(cleanUp));
    this.#cleanUps.add(cleanUp);
  }

  /** Ends the backend sessions of a session that has ended. Never fails: the backends' own expiry remains. */
  async #endAll(session: EndedSession): Promise<void> {
    const ends = Object.keys(session.upstreams).map(async (name) => {
      const backend = this.#parts.backends.get(name);
      const upstream = backend === undefined ? undefined : usable(session, backend);
      if (upstream !== undefined) await this.#endOne(upstream);
    });
    await Promise.all(ends);
  }

  async #openUnderLease(
    session: LiveSession,
    backend: Backend,
    requester: Requester | undefined,
  ): Promise<UpstreamSession> {
    const { leases, limits, log } = this.#parts;
    const signal = clock.timeout(limits.initializeTimeoutSeconds * 1000);
    const purpose = `open:${backend.name}`;
    const holder = this.#holder;
    const lease = new Lease({ leases, log, key: session.key, purpose, holder, ttlMs: LEASE_MS });
    try {
      while (!(await lease.take())) {
        this.#parts.metrics.leaseWaits.inc({ backend: backend.name });
        await clock.sleep(LEASE_POLL_MS, { signal });
        const present = usable(await this.#reload(session), backend);
        if (present !== undefined && !isMoving(present)) return present;
      }
      try {
        return await lease.during(async () => {
          const present = usable(await this.#reload(session), backend);
          if (present !== undefined && !isMoving(present)) return present;
          if (present !== undefined && !(await this.#moves.end(present, session.key, signal))) {
            return await this.#stay(session, present);
          }
          return (await this.#openNext(session, backend, signal, requester)).session;
        });
      } finally {
        lease.release();
      }
    } catch (error) {
      throw signal.aborted ? timedOut(backend, limits.initializeTimeoutSeconds, error) : error;
    }
  }

  async #openNext(
    session: LiveSession,
    backend: Backend,
    signal: AbortSignal,
    requester: Requester | undefined,
  ): Promise<InitializeOutcome> {
    const { record } = session;
    const epoch = (record.upstreams[backend.name]?.epoch ?? 0) + 1;
    const outcome = await openAtPod(this.#parts, session, backend, epoch, signal, requester);
    const { session: upstream } = outcome;
    this.#parts.metrics.upstreamSessionsOpened.inc({ backend: backend.name });
    if (epoch > 1) this.#parts.metrics.upstreamReinitializations.inc({ backend: backend.name });
    await this.#replay(record, upstream, signal);
    const opened = epoch > 1 ? { ...upstream.record, renewed: true as const } : upstream.record;
    const written = await this.#write(session, backend, opened);
    const present = written === undefined ? undefined : usable(written, backend);
    if (present?.record.sessionId !== upstream.record.sessionId) {
      this.#cleanUp(this.#endOne(upstream));
    }
    if (present === undefined) throw new FleetError("SESSION_NOT_FOUND");
    this.#parts.events.emit("upstreamOpened", session, backend.name);
    return { ...outcome, session: present };
  }

  /** Whether a session is on its way to another pod; sends it there where its own one drains. */
  async #leaves(session: LiveSession, present: UpstreamSession): Promise<boolean> {
    if (isMoving(present)) return true;
    const { pod } = present.record;
    if (pod === undefined || !present.backend.drains.has(pod)) return false;
    if (!this.#moves.canMove(present, session.key)) return false;
    await this.#write(session, present.backend, { ...present.record, moving: true });
    return true;
  }

  async #stay(session: LiveSession, present: UpstreamSession): Promise<UpstreamSession> {
    const { moving: _, ...record } = present.record;
    await this.#write(session, present.backend, record);
    return new UpstreamSession(present.backend, record, session.record.owner);
  }

  /** What the client set up in the session, said again to a backend session that is new; no call fails for it. */
  async #replay(
    record: SessionRecord,
    upstream: UpstreamSession,
    signal: AbortSignal,
  ): Promise<void> {
    const { name } = upstream.backend;
    const requests: string[] = [];
    if (record.logLevel !== undefined) {
      requests.push(ownRequest("logging/setLevel", { level: record.logLevel }));
    }
    for (const { backend, uri } of record.subscriptions) {
      if (backend === name) requests.push(ownRequest("resources/subscribe", { uri }));
    }
    if (requests.length === 0) return;
    const said = requests.map(async (request) => {
      try {
        await upstream.request(request, "open", signal);
      } catch (error) {
        this.#parts.log.warn(
          { backend: name, error },
          "a new backend session could not be told a log level or a subscription",
        );
      }
    });
    await courtesy(Promise.all(said));
  }

  async #reload(session: LiveSession): Promise<SessionRecord> {
    const record = await this.#parts.store.load(session.key);
    if (record === undefined) throw new FleetError("SESSION_NOT_FOUND");
    session.follow(record);
    return record;
  }

  async #write(
    session: LiveSession,
    backend: Backend,
    upstream: UpstreamRecord,
  ): Promise<SessionRecord | undefined> {
    const record = await this.#parts.store.setUpstream(session.record, backend.name, upstream);
    if (record !== undefined) session.follow(record);
    return record;
  }

  async #endOne(upstream: UpstreamSession): Promise<void> {
    try {
      await upstream.end(clock.timeout(END_TIMEOUT_MS));
    } catch (error) {
      const backend = upstream.backend.name;
      this.#parts.log.info({ backend, error }, "a backend session could not be ended");
    }
  }
}

function isMoving({ record }: UpstreamSession): boolean {
  return record.moving === true;
}

function usable({ owner, upstreams }: EndedSession, backend: Backend): UpstreamSession | undefined {
  const upstream = upstreams[backend.name];
  if (upstream === undefined || upstream.lost === true) return undefined;
  return new UpstreamSession(backend, upstream, owner);
}

function timedOut(backend: Backend, seconds: number, cause: unknown): FleetError {
  return new FleetError("BACKEND_TIMEOUT", {
    message: `the backend ${backend.name} did not open a session within ${seconds} s; the call did not run`,
    data: { backend: backend.name },
    cause,
  });
}
