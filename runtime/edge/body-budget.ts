import type { Settings } from "@mcp-fleet/contract/settings";
import { ByteBudget, Hold } from "../async/byte-budget.ts";
import { clock } from "../platform/clock.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { BodyRoom } from "./body-reader.ts";

/** The part of the budget that is for the first 64 KiB of bodies that arrive, so that long ones never keep short ones out. */
const BEGINNINGS_SHARE = 1 / 4;

/** A body that takes longer to arrive gives way where another one finds no room to begin. */
const SLOW_MS = 1_000;

/** How often one that finds none looks for such a body. */
const LOOK_MS = 100;

/**
 * What the process holds of clients' requests. The first 64 KiB of each body count until it has arrived: then they are part
 * of what a call takes anyway. The rest counts until the request is answered. A body that finds no room waits unread.
 */
export class BodyBudget {
  readonly #maxWaitMs: number;
  readonly #metrics: Metrics;
  readonly #beginnings: ByteBudget;
  readonly #rests: ByteBudget;
  /** Bodies that arrive and do not wait, the oldest first. */
  readonly #arriving = new Set<BodyHold>();

  constructor(limits: Settings["limits"], metrics: Metrics) {
    const { heldBodyBytes, bodyBytes, bodyBytesPerClient, queueTimeoutSeconds } = limits;
    const beginnings = Math.floor(heldBodyBytes * BEGINNINGS_SHARE);
    const shareBytes = bodyBytesPerClient;
    this.#maxWaitMs = queueTimeoutSeconds * 1000;
    this.#metrics = metrics;
    this.#beginnings = new ByteBudget(beginnings, Hold.FREE_BYTES, { freeBytes: 0 });
    this.#rests = new ByteBudget(heldBodyBytes - beginnings, bodyBytes, { shareBytes });
    metrics.onScrape(() => metrics.heldBodyBytes.set(this.#beginnings.held + this.#rests.held));
  }

  /** The body of a request of this client, of which nothing is held yet. */
  open(client: string): BodyHold {
    const hold = new BodyHold(this, this.#beginnings.open(), this.#rests.open(client));
    this.#arriving.add(hold);
    return hold;
  }

  /** The body has arrived, or does not any more. */
  close(hold: BodyHold): void {
    this.#arriving.delete(hold);
  }

  /** Resolves once there is room for so much of the body in all, or it is refused because there was none in time. */
  async wait(hold: BodyHold, bytes: number): Promise<void> {
    const { bodiesWaiting } = this.#metrics;
    const deadline = clock.after(this.#maxWaitMs, () => this.#refuse(hold));
    const waitsSinceMs = clock.monotonicMs();
    this.#arriving.delete(hold);
    bodiesWaiting.inc();
    try {
      await this.#waitToBegin(hold, Math.min(bytes, Hold.FREE_BYTES));
      if (hold.isOpen) await hold.rest.grow(bytes);
    } catch {
      // It was refused meanwhile, or its client has left.
    } finally {
      bodiesWaiting.dec();
      clock.clear(deadline);
      if (hold.isOpen) this.#arriving.add(hold);
      hold.begunAtMs += clock.monotonicMs() - waitsSinceMs;
    }
  }

  async #waitToBegin(hold: BodyHold, bytes: number): Promise<void> {
    if (hold.beginning.tryGrow(bytes)) return;
    const looks = clock.every(LOOK_MS, () => this.#letSlowestGo());
    this.#letSlowestGo();
    try {
      await hold.beginning.grow(bytes);
    } finally {
      clock.clear(looks);
    }
  }

  #letSlowestGo(): void {
    const [oldest] = this.#arriving;
    if (oldest !== undefined && clock.monotonicMs() - oldest.begunAtMs >= SLOW_MS) {
      this.#refuse(oldest);
    }
  }

  #refuse(hold: BodyHold): void {
    this.#metrics.bodiesRefused.inc();
    hold.refuse();
  }
}

/** What is held of one body. */
export class BodyHold implements BodyRoom {
  /** When it began to arrive, or would have without the time for which it has waited. */
  begunAtMs = clock.monotonicMs();
  readonly beginning: Hold;
  readonly rest: Hold;
  readonly #budget: BodyBudget;
  #isOpen = true;
  #onRefusal: ((error: FleetError) => void) | undefined;

  constructor(budget: BodyBudget, beginning: Hold, rest: Hold) {
    this.#budget = budget;
    this.beginning = beginning;
    this.rest = rest;
  }

  /** Whether any of it may be held. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  onRefusal(listener: (error: FleetError) => void): void {
    this.#onRefusal = listener;
  }

  grow(bytes: number): Promise<void> | undefined {
    const begins = this.beginning.tryGrow(Math.min(bytes, Hold.FREE_BYTES));
    if (begins && this.rest.tryGrow(bytes)) return undefined;
    return this.#budget.wait(this, bytes);
  }

  arrived(): void {
    this.#budget.close(this);
    this.beginning.release();
  }

  release(): void {
    this.#isOpen = false;
    this.arrived();
    this.rest.release();
  }

  refuse(): void {
    this.release();
    this.#onRefusal?.(new FleetError("TOO_MANY_BYTES"));
  }
}
