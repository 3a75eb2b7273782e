import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { CallReport, Verdict } from "../../testkit/trials/call-report.ts";
import { Trial } from "../../testkit/trials/trial.ts";

function report(verdict: Verdict, session = 1): CallReport {
  return { atMs: 0, tookMs: 5, session, lasts: true, call: 1, verdict, resent: 0, pod: "server-0" };
}

interface Course {
  readonly isPlanned?: boolean;
  readonly refusesLosers?: boolean;
  readonly gone?: readonly string[];
  readonly doomed?: readonly number[];
}

function faultsOf(
  reports: readonly CallReport[],
  { isPlanned = true, refusesLosers = false, gone = [], doomed = [] }: Course = {},
): string[] {
  const course = { title: "one", fromMs: 0, untilMs: 1, failure: undefined };
  const trial = new Trial({
    ...course,
    isPlanned,
    refusesLosers,
    gone,
    doomed: new Set(doomed),
    reports,
  });
  return trial.faults;
}

describe("a trial", () => {
  it("has no fault where 2 calls are answered and a session is opened and ended", () => {
    expect(faultsOf([report("opened"), report("answered"), report("ended")])).toEqual([]);
  });

  it.each<[Verdict, number, number]>([
    ["cut", 1, 0],
    ["refused", 1, 0],
    ["lost", 1, 1],
    ["twice", 1, 1],
    ["moved", 1, 1],
    ["wrong", 1, 1],
  ])(
    "with 1 call that is %s has %i fault in a planned change, %i where a pod is killed",
    (verdict, planned, killed) => {
      expect(faultsOf([report(verdict)])).toHaveLength(planned);
      expect(faultsOf([report(verdict)], { isPlanned: false })).toHaveLength(killed);
    },
  );

  it("lets a planned change refuse calls of sessions on a pod that goes, and cut none", () => {
    const course = { refusesLosers: true, gone: ["server-0"], doomed: [1] };
    const told = { ...report("told"), pod: "" };
    const other = { ...report("refused", 2), pod: "" };
    const guest = [{ ...report("answered", 3), lasts: false }, report("refused", 3)];
    expect(faultsOf([report("refused"), told, ...guest], course)).toEqual([]);
    expect(faultsOf([report("refused"), told, other], course)).toHaveLength(1);
    expect(faultsOf([report("cut"), told], course)).toHaveLength(1);
  });

  it("wants each of 2 sessions told of its loss, and nobody told of none", () => {
    const course = { isPlanned: false, gone: ["server-0"], doomed: [1, 2] };
    const told = (session: number) => ({ ...report("told", session), pod: "" });
    const undue = (session: number) => [`session ${session} was told of a loss that is none`];
    expect(faultsOf([told(1), told(2)], course)).toEqual([]);
    expect(faultsOf([told(1)], course)).toEqual(["nobody told session 2 that its memory is gone"]);
    expect(faultsOf([told(1), told(2), told(2)], course)).toEqual(undue(2));
    expect(faultsOf([told(1), told(2), told(3)], course)).toEqual(undue(3));
    expect(faultsOf([told(1), told(2), report("renewed", 2), told(2)], course)).toEqual([]);
  });
});

it("every claim of docs/proof.md held when it was written", () => {
  const page = readFileSync(new URL("../../docs/proof.md", import.meta.url), "utf8");
  const claims = page.split("\n").filter((line) => /\| (?:yes|\*\*no\*\*) +\|$/.test(line));
  expect(claims.length).toBeGreaterThan(5);
  expect(claims.filter((line) => line.includes("**no**"))).toEqual([]);
});
