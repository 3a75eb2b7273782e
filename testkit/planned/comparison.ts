import type { Figure } from "@mcp-fleet/contract/capacity";

/** How far a plan may be above what is used. */
export const MAX_EXCESS = 1.3;

/** What a plan says of something beside the most that a run took of it. */
export interface Comparison {
  /** The limit that the plan sets. */
  readonly limit: number;
  /** The limit without its reserve: what the plan takes to be used. */
  readonly predicted: number;
  readonly used: number;
}

export function compared({ value, terms }: Figure, used: number): Comparison {
  const reserve = terms.find(({ name }) => name === "reserve")?.value ?? 0;
  return { limit: value, predicted: value - reserve, used };
}

/** How many times what was used the plan predicts. */
export function excess({ predicted, used }: Comparison): number {
  return predicted / used;
}

/** Whether what was used is within its limit, and not much less than predicted. */
export function isRight(comparison: Comparison): boolean {
  return comparison.used <= comparison.limit && excess(comparison) <= MAX_EXCESS;
}
