import type { FastifyInstance } from "fastify";
import { clock } from "../platform/clock.ts";

/**
 * How far a process that ends has come. `lingering`: not ready any more, and everything is still served, for
 * whom the news has not reached. `closing`: the listener is closed, and what is in flight finishes.
 */
export const DRAIN_STATES = ["serving", "lingering", "closing"] as const;

export type DrainState = (typeof DRAIN_STATES)[number];

/** What the edge does differently while the process ends. */
export class Drain {
  readonly #canMove: boolean;
  #state: DrainState = "serving";
  #endsAtMs: number | undefined;

  /** `canMove`: a session opened here goes on elsewhere, since its store outlives the process. */
  constructor(canMove: boolean) {
    this.#canMove = canMove;
  }

  get state(): DrainState {
    return this.#state;
  }

  /** Answers carry `Connection: close`, so that the next request of the client finds another process. */
  get closesConnections(): boolean {
    return this.#state !== "serving";
  }

  /** A session that could only end with this process is better opened elsewhere. */
  get refusesSessions(): boolean {
    return this.#state !== "serving" && !this.#canMove;
  }

  advance(state: Exclude<DrainState, "serving">): void {
    this.#state = state;
  }

  /** What is in flight by then is cut. */
  cutAfter(milliseconds: number): void {
    this.#endsAtMs = clock.monotonicMs() + milliseconds;
  }

  /** How long what is in flight still has; undefined while nothing says when it is cut. */
  get secondsLeft(): number | undefined {
    if (this.#endsAtMs === undefined) return undefined;
    return Math.max(0, (this.#endsAtMs - clock.monotonicMs()) / 1000);
  }
}

/** How often it looks for connections that have become idle. */
const IDLE_CHECK_MS = 50;

/** Takes no new connection, and lets what is in flight finish. */
export async function closeListener(listener: FastifyInstance): Promise<void> {
  const { server } = listener;
  const closeIdle = () => clock.soon(() => server.closeIdleConnections());
  const idle = clock.every(IDLE_CHECK_MS, closeIdle);
  // On a connection that looks idle, a request may have come while this process was busy. Between two turns it is read.
  await nextTurn();
  await nextTurn();
  await listener.close();
  clock.clear(idle);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => clock.soon(resolve));
}
