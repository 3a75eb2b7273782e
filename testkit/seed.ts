import { randomInt } from "node:crypto";

const { SEED } = process.env;

/** What a test makes its input up from: `SEED`, and without it another one in each run. A failure names it. */
export const seed = SEED === undefined || SEED === "" ? randomInt(1, 2 ** 31) : Number(SEED);

/** Numbers from 0 to 1, the same for the same seed. */
export function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
