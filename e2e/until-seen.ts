import { setTimeout as delay } from "node:timers/promises";

export interface UntilSeen<Seen> {
  readonly look: () => Promise<Seen>;
  readonly holds: (seen: Seen) => boolean;
  readonly withinMs: number;
  readonly pollMs: number;
  /** Says what was seen last. */
  readonly failure: (seen: Seen) => string;
}

/** Looks again and again until what is seen holds. @throws it never does in that time. */
export async function untilSeen<Seen>(until: UntilSeen<Seen>): Promise<void> {
  const { look, holds, withinMs, pollMs, failure } = until;
  const limit = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return;
    if (Date.now() > limit) throw new Error(failure(seen));
    await delay(pollMs);
  }
}
