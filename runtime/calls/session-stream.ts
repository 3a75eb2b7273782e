import type { Logger } from "pino";
import { Lease } from "../fleet/lease.ts";
import type { LeaseStore } from "../fleet/lease-store.ts";
import { Backoff } from "../platform/backoff.ts";
import { clock, type Timer } from "../platform/clock.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import { TokenBucket } from "../sessions/token-bucket.ts";
import type { Backend } from "../upstream/backend.ts";
import type { UpstreamSession } from "../upstream/sessions/upstream-session.ts";
import type { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import type { StreamNews, StreamPeers } from "../upstream/stream-peers.ts";
import { describe } from "../upstream/transports/answer-text.ts";
import { heardStream } from "../upstream/transports/heard-stream.ts";
import { type RunningCall, RunningCalls } from "./running-calls.ts";

export interface SessionStreamParts {
  readonly session: LiveSession;
  readonly backend: Backend;
  /** Of the backend session that it is opened for first. */
  readonly epoch: number;
  /** Resolves when an earlier stream of the same session and backend has let go. */
  readonly earlier: Promise<void>;
  readonly leases: LeaseStore;
  readonly upstreams: UpstreamSessions;
  readonly peers: StreamPeers;
  readonly acquireStream: (yields: () => boolean) => (() => void) | undefined;
  /** What the backend may ask the client on it. */
  readonly questionsPerMinute: number;
  /** How long `opening` takes at most. */
  readonly waitMs: number;
  /** How long it is of use after the last call. */
  readonly lingerMs: number;
  /** Something that the backend said. */
  readonly deliver: (upstream: UpstreamSession, text: string, signal: AbortSignal) => Promise<void>;
  /** The backend has no stream for this backend session. */
  readonly onUnsupported: (epoch: number) => void;
  /** Whether it is to be open without any call, too. */
  readonly isWanted: () => boolean;
  readonly log: Logger;
}

/** One process holds a session's stream at a backend: SDK servers allow one. */
const LEASE_MS = 30_000;
const LEASE_RETRY_MS = 1_000;

/** How often a process says that it follows another one's stream; thrice missed, it does not. */
const FOLLOW_MS = 10_000;

/** How long a stream that ended, or a backend or store that does not answer, is left alone: at first, and at most. */
const REOPEN = { firstMs: 500, maxMs: 15_000 };

/** Telling another process something takes no longer. */
const PEER_TIMEOUT_MS = 2_000;

/**
 * A session's stream at one backend, as one process sees it: open here, or in the process that has the lease, which is
 * then told that calls run here, too.
 */
export class SessionStream {
  readonly session: LiveSession;
  readonly backend: Backend;
  readonly calls = new RunningCalls();
  /** What the backend may ask the client. */
  readonly questions: TokenBucket;
  /** Resolves when everything is given back. */
  readonly ended: Promise<void>;
  readonly #parts: SessionStreamParts;
  readonly #lease: Lease;
  readonly #stop = new AbortController();
  readonly #backoff = new Backoff(REOPEN);
  /** By URL, until when other processes need the stream. */
  readonly #followers = new Map<string, number>();
  #connection = new AbortController();
  /** The lease is ours. */
  #isHeld = false;
  #epoch: number;
  #usedAtMs = Number.NEGATIVE_INFINITY;
  #idleTimer: Timer | undefined;
  /** What the name of its holder is signed about. */
  readonly #about: string;
  #opening: Promise<void> | undefined;
  #opened = () => {};

  constructor(parts: SessionStreamParts) {
    const { session, backend, leases, peers, log } = parts;
    this.#parts = parts;
    const { questionsPerMinute } = parts;
    this.session = session;
    this.backend = backend;
    this.questions = new TokenBucket(questionsPerMinute / 60, questionsPerMinute);
    this.#epoch = parts.epoch;
    const purpose = `stream:${backend.name}`;
    this.#about = `${purpose} ${session.key}`;
    const holder = peers.seal(this.#about);
    this.#lease = new Lease({ leases, log, key: session.key, purpose, holder, ttlMs: LEASE_MS });
    this.#beginOpening();
    this.ended = this.#run();
  }

  /** Until the stream is open, here or elsewhere, or nobody should wait longer; undefined from then on. */
  get opening(): Promise<void> | undefined {
    return this.#opening;
  }

  get isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /**
   * Whether calls need it, here or elsewhere, or may do so soon. A server that keeps work in its sessions may take the
   * end of the stream for the end of its client, and drop that work: there, it stays.
   */
  get isUsed(): boolean {
    return this.#stays || this.calls.size > 0 || this.#usedUntilMs > clock.monotonicMs();
  }

  /** A call begins in this backend session. */
  begin(call: RunningCall, epoch: number): void {
    this.calls.add(call);
    this.follows(epoch);
  }

  /** The backend session is this one by now; undefined: it may be any. */
  follows(epoch = this.#epoch): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.#beginOpening();
    this.wake();
  }

  end(call: RunningCall): void {
    this.calls.delete(call);
    if (this.calls.size > 0) return;
    this.#usedAtMs = clock.monotonicMs();
    this.#watchUse();
  }

  /** Another process follows. Returns whether the stream is held here. */
  async follow(url: string): Promise<boolean> {
    await this.#opening;
    if (!this.#isHeld || this.isStopped) return false;
    this.#followers.set(url, clock.monotonicMs() + 3 * FOLLOW_MS);
    this.#watchUse();
    return true;
  }

  /** Tries at once what it would have tried later. */
  wake(): void {
    const before = this.#connection;
    this.#connection = new AbortController();
    before.abort(new Error("there is something new"));
  }

  stop(reason: string): void {
    clock.clear(this.#idleTimer);
    this.#stop.abort(new Error(reason));
  }

  /** Whether a process that follows could do what is asked. */
  async tellFollowers(news: StreamNews, text: string): Promise<boolean> {
    for (const [url, untilMs] of this.#followers) {
      if (untilMs <= clock.monotonicMs()) this.#followers.delete(url);
      else if (await this.#tell(url, news, text)) return true;
    }
    return false;
  }

  get #stays(): boolean {
    return this.#isHeld && this.backend.settings.stateful && this.session.canBeAsked;
  }

  get #usedUntilMs(): number {
    return Math.max(this.#usedAtMs + this.#parts.lingerMs, ...this.#followers.values());
  }

  #watchUse(): void {
    if (this.#idleTimer !== undefined || this.isStopped) return;
    const restMs = Math.max(0, this.#usedUntilMs - clock.monotonicMs());
    this.#idleTimer = clock.after(restMs, () => {
      this.#idleTimer = undefined;
      if (!this.isUsed && !this.#parts.isWanted()) this.stop("no call needs it any more");
      else if (this.calls.size === 0 && this.#usedUntilMs > clock.monotonicMs()) this.#watchUse();
    });
    this.#idleTimer.unref();
  }

  /** A client needs its descriptor: it closes unless something needs it right now. */
  readonly #giveWay = (): boolean => {
    if (this.calls.size > 0 || this.#stays || this.#parts.isWanted()) return false;
    this.stop("a client needs its descriptor");
    return true;
  };

  #beginOpening(): void {
    this.#opened();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#opening = promise;
    const opened = () => {
      clock.clear(timer);
      if (this.#opening === promise) this.#opening = undefined;
      resolve();
    };
    const timer = clock.after(this.#parts.waitMs, opened);
    timer.unref();
    this.#opened = opened;
  }

  async #run(): Promise<void> {
    const { earlier, session, backend, log } = this.#parts;
    const { signal } = this.#stop;
    try {
      await earlier;
      while (!signal.aborted) {
        const connection = AbortSignal.any([signal, this.#connection.signal]);
        const pauseMs = await this.#attempt(connection);
        if (pauseMs === undefined) return;
        await clock.sleep(pauseMs, { signal: connection }).catch(() => {});
      }
    } catch (error) {
      log.error({ sid: session.label, backend: backend.name, error }, "stream ends");
    } finally {
      this.stop("it has ended");
      this.#opened();
      this.#lease.release();
      for (const url of this.#followers.keys()) void this.#tell(url, "free", "");
    }
  }

  /** Returns how long to wait for the next attempt, or undefined for none. */
  async #attempt(signal: AbortSignal): Promise<number | undefined> {
    const { session, backend, log } = this.#parts;
    try {
      this.#isHeld = await this.#lease.take();
      if (!this.#isHeld) return await this.#followHolder();
      const release = this.#parts.acquireStream(this.#giveWay);
      if (release === undefined) {
        this.#opened();
        this.#isHeld = false;
        this.#lease.release();
        return REOPEN.maxMs;
      }
      try {
        return await this.#listen(signal);
      } finally {
        release();
      }
    } catch (error) {
      if (signal.aborted) return 0;
      log.info({ sid: session.label, backend: backend.name, error }, "stream lost");
      return this.#backoff.nextMs();
    }
  }

  async #followHolder(): Promise<number> {
    const { peers } = this.#parts;
    const holder = await this.#lease.currentHolder();
    const url = holder === undefined ? undefined : peers.unseal(holder, this.#about);
    if (url === undefined || url === peers.url) return LEASE_RETRY_MS;
    if (!(await this.#tell(url, "follow", peers.url))) return LEASE_RETRY_MS;
    this.#opened();
    return FOLLOW_MS;
  }

  /** One stream, from its opening to its end. */
  async #listen(signal: AbortSignal): Promise<number | undefined> {
    const { session, backend, upstreams, deliver, onUnsupported } = this.#parts;
    const upstream = upstreams.opened(session, backend, this.calls.requester);
    if (upstream === undefined) return undefined;
    this.#epoch = upstream.record.epoch;
    const stream = await this.#lease.during(() => upstream.receive(signal));
    if (stream.kind === "refused") throw new Error(`a stream got ${describe(stream)}`);
    if (stream.kind === "session-unknown" && !(await upstream.isKnown(signal))) {
      if (backend.settings.stateful) return undefined;
      await upstreams.markLost(session, upstream);
      await upstreams.open(session, backend, signal);
      return 0;
    }
    if (stream.kind !== "events") {
      onUnsupported(upstream.record.epoch);
      return undefined;
    }
    this.#opened();
    return await this.#lease.during(() =>
      heardStream(stream.events, this.#backoff, async ({ data }) => {
        if (data !== "") await deliver(upstream, data, signal);
      }),
    );
  }

  async #tell(url: string, news: StreamNews, text: string): Promise<boolean> {
    const { peers, session, backend } = this.#parts;
    const word = { key: session.key, backend: backend.name, news, text };
    return await peers.tell(url, word, clock.timeout(PEER_TIMEOUT_MS));
  }
}
