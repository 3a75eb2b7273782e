import type { Logger } from "pino";
import { Lease } from "../../fleet/lease.ts";
import type { LeaseStore } from "../../fleet/lease-store.ts";
import { clock } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import type { LiveSession } from "../../sessions/live-session.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Answer } from "../transports/transport.ts";
import type { UpstreamSession } from "./upstream-session.ts";

export interface SessionMovesParts {
  readonly leases: LeaseStore;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Longer than the 2 s within which every process hears of a change. */
const SETTLE_MS = 2_500;

/** How often it is looked whether calls have ended. */
const POLL_MS = 50;

/** How long calls in flight are waited for, while others wait behind them. */
const PATIENCE_MS = 10_000;

/** A session that was too busy to move is left alone for so long. */
const PAUSE_MS = 60_000;

/** Longer than the store may be away for without being noticed. */
const LEASE_MS = 5_000;

const END_TIMEOUT_MS = 5_000;

/**
 * Sends backend sessions away from pods that drain. The record says that a session is moving; then no process begins a
 * call in it, and those that have some in flight hold it up until they end.
 */
export class SessionMoves {
  readonly #parts: SessionMovesParts;
  readonly #holder = random.uuid();
  /** Backends that do not let sessions end: they would keep what the client has left. */
  readonly #unmovable = new Set<string>();
  /** Until when a session stays, by session and backend. */
  readonly #staysUntilMs = new Map<string, number>();
  /** What this process holds up, by session and backend. */
  readonly #heldUp = new Set<string>();

  constructor(parts: SessionMovesParts) {
    this.#parts = parts;
  }

  /** A stateful server's memory does not move with the session: it waits for its end where it is. */
  canMove({ backend }: UpstreamSession, key: string): boolean {
    if (backend.settings.stateful || this.#unmovable.has(backend.name)) return false;
    return (this.#staysUntilMs.get(slotOf(key, backend.name)) ?? 0) <= clock.monotonicMs();
  }

  /** Keeps a session that is moving where it is for as long as calls of this process run in it. */
  holdUp(session: LiveSession): void {
    for (const [backend, { moving }] of Object.entries(session.record.upstreams)) {
      if (moving === true && isBusy(session, backend)) this.#holdUp(session, backend);
    }
  }

  /** Ends the old backend session once nobody calls in it. Whether it did; otherwise it stays. */
  async end(upstream: UpstreamSession, key: string, signal: AbortSignal): Promise<boolean> {
    const { leases, metrics, log } = this.#parts;
    const backend = upstream.backend.name;
    const stays = (outcome: "busy" | "unmovable") => {
      metrics.sessionMoves.inc({ backend, outcome });
      log.info({ backend, pod: upstream.record.pod, outcome }, "a session stays at a draining pod");
      return false;
    };
    await clock.sleep(SETTLE_MS, { signal });
    const untilMs = clock.monotonicMs() + PATIENCE_MS;
    while (await leases.isTaken(key, purposeOf(backend, ""))) {
      if (clock.monotonicMs() > untilMs) {
        this.#staysUntilMs.set(slotOf(key, backend), clock.monotonicMs() + PAUSE_MS);
        return stays("busy");
      }
      await clock.sleep(POLL_MS, { signal });
    }
    if ((await this.#end(upstream)) === "unsupported") {
      this.#unmovable.add(backend);
      return stays("unmovable");
    }
    metrics.sessionMoves.inc({ backend, outcome: "moved" });
    return true;
  }

  /** A pod that does not answer any more keeps nothing that would matter. */
  async #end(upstream: UpstreamSession): Promise<Answer["kind"] | undefined> {
    try {
      return (await upstream.end(clock.timeout(END_TIMEOUT_MS))).kind;
    } catch (error) {
      const backend = upstream.backend.name;
      this.#parts.log.info(
        { backend, error },
        "the old backend session of a move could not be ended",
      );
      return undefined;
    }
  }

  #holdUp(session: LiveSession, backend: string): void {
    const { leases, log } = this.#parts;
    const slot = slotOf(session.key, backend);
    if (this.#heldUp.has(slot)) return;
    this.#heldUp.add(slot);
    const holder = this.#holder;
    const purpose = purposeOf(backend, holder);
    const lease = new Lease({ leases, log, key: session.key, purpose, holder, ttlMs: LEASE_MS });
    const untilIdle = async () => {
      await lease.take();
      await lease.during(async () => {
        while (isBusy(session, backend)) await clock.sleep(POLL_MS);
      });
    };
    untilIdle()
      .catch((error: unknown) =>
        log.warn(
          { backend, error },
          "a session move could not be postponed until the calls in it end",
        ),
      )
      .finally(() => {
        this.#heldUp.delete(slot);
        lease.release();
      });
  }
}

function isBusy(session: LiveSession, backend: string): boolean {
  for (const call of session.calls.values())
    if (call.backend === backend && call.begun) return true;
  return false;
}

function purposeOf(backend: string, holder: string): string {
  return `busy:${backend}:${holder}`;
}

function slotOf(key: string, backend: string): string {
  return `${key} ${backend}`;
}
