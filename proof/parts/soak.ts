import { soak } from "../../testkit/clients/soak.ts";
import { countFrom } from "../environment.ts";
import type { Findings } from "../part.ts";

const ROUND_SECONDS = 30;

/** Of each round: as many in a second as in the short soak of the tests. */
const ABANDONED = 3_000;
const CALLS = 7_500;

/** What the heap may be after a round, measured by what it was after the second, which is the first with nothing new. */
const MAX_GROWTH = 1.1;

export async function run(say: (text: string) => void): Promise<Findings> {
  const seconds = countFrom("SOAK_SECONDS", 600);
  const seed = countFrom("SEED", 4);
  // The first round warms up, the second is what the others are compared with.
  const rounds = Math.max(3, Math.ceil(seconds / ROUND_SECONDS));
  const onRound = (bytes: number) => say(`everything is given back, heap ${megabytes(bytes)} MB`);
  const plan = { rounds, roundSeconds: ROUND_SECONDS, abandoned: ABANDONED, calls: CALLS, seed };
  const heapBytes = await soak({ ...plan, onRound });
  const comparedBytes = heapBytes[1] ?? 0;
  return {
    setup: `${rounds} rounds of ${ROUND_SECONDS} s, seed ${seed}; what a round may leave behind: 0 sessions, connections, descriptors or timers, and 10 % of heap`,
    columns: ["Round", "Abandoned sessions", "Broken requests", "Calls", "Left over", "Heap MB"],
    rows: heapBytes.map((bytes, index) => ({
      cells: [
        String(index + 1),
        String(ABANDONED),
        String(ABANDONED),
        String(CALLS),
        "0",
        megabytes(bytes),
      ],
      holds: index < 2 || bytes <= comparedBytes * MAX_GROWTH,
    })),
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}
