/** What no client may ever read: that the gateway itself failed, or where in its code. */
const FAULT = /^HTTP\/1\.1 500 |"INTERNAL"|\n\s+at |node:internal|\.ts:\d+/;

/** How many inputs a property of a fuzzer gets. `FUZZ_RUNS` says otherwise. */
export function runsOr(fallback: number): number {
  const { FUZZ_RUNS } = process.env;
  return FUZZ_RUNS === undefined || FUZZ_RUNS === "" ? fallback : Number(FUZZ_RUNS);
}

/** @throws the answer says what no client may ever read. */
export function checkNoFault(input: string, answer: string): void {
  if (FAULT.test(answer)) throw new Error(`${JSON.stringify(input)} got ${answer}`);
}
