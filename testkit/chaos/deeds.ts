import { randomFrom } from "../seed.ts";

/** What a client may do in its session; what is likelier stands here more than once. */
export const DEEDS = [
  "call",
  "call",
  "call",
  "abort",
  "abort",
  "cancel",
  "cancel",
  "cut",
  "list",
  "level",
  "subscribe",
  "unsubscribe",
  "stream",
  "end",
] as const;

/** What may happen to backends and to the store. */
export const OUTAGES = [
  "forget",
  "restart",
  "end streams",
  "refuse connections",
  "refuse requests",
  "hang",
  "reset",
  "pause store",
] as const;

export type Outage = (typeof OUTAGES)[number];

/** One of them comes with so many deeds on average. */
const DEEDS_PER_OUTAGE = 12;

/** Until something breaks off, at most: before its answer begins, amid it, or never. */
const LONGEST_MS = 20;

/** One thing that one client does, and what happens to the rest of the world just before. */
export interface Deed {
  readonly kind: (typeof DEEDS)[number];
  readonly session: number;
  readonly tool: string;
  /** Until what breaks off does so. */
  readonly breakMs: number;
  readonly outage: { readonly kind: Outage; readonly backend: number } | undefined;
}

export interface DeedsPlan {
  /** The same seed is the same deeds, in the same order. */
  readonly seed: number;
  readonly deeds: number;
  readonly sessions: number;
  /** What the tools of each backend are prefixed with. */
  readonly prefixes: readonly string[];
}

export function deedsOf({ seed, deeds, sessions, prefixes }: DeedsPlan): Deed[] {
  const random = randomFrom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <Item>(items: readonly [Item, ...Item[]] | readonly Item[], fallback: Item) =>
    items[below(items.length)] ?? fallback;
  return Array.from({ length: deeds }, () => ({
    kind: oneOf(DEEDS, "call"),
    session: below(sessions),
    tool: oneOf(prefixes, "") + oneOf(["write", "read"], "write"),
    breakMs: random() * LONGEST_MS,
    outage:
      below(DEEDS_PER_OUTAGE) === 0
        ? { kind: oneOf(OUTAGES, "forget"), backend: below(prefixes.length) }
        : undefined,
  }));
}
