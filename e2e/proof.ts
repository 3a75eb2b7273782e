import { availableParallelism } from "node:os";
import type { CallReport, Verdict } from "../testkit/trials/call-report.ts";
import type { Trial } from "../testkit/trials/trial.ts";
import { markdown } from "../tools/docs/generated-table.ts";

const BEGIN = "<!-- BEGIN measured -->";
const END = "<!-- END measured -->";

/** What is claimed of the fleet, what was seen, and whether that is the same. */
export interface Claim {
  readonly what: string;
  readonly seen: string;
  readonly holds: boolean;
}

/** What a run has shown. */
export class Proof {
  readonly claims: Claim[] = [];
  readonly trials: Trial[] = [];
  /** What it ran on, for people. */
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  get holds(): boolean {
    return this.claims.every(({ holds }) => holds);
  }

  claim(what: string, seen: string, holds = true): void {
    this.claims.push({ what, seen, holds });
  }

  /** What all faults together have shown, of everything that the clients report. */
  claimCalls(reports: readonly CallReport[]): void {
    const count = (...verdicts: Verdict[]) =>
      reports.filter(({ verdict }) => verdicts.includes(verdict)).length;
    const calls = reports.filter(({ call }) => call > 0).length;
    const sessions = new Set(reports.map(({ session }) => session)).size;
    const planned = this.trials.filter(({ course }) => course.isPlanned);
    const cut = planned.reduce((sum, trial) => sum + trial.broken.length, 0);
    const doomed = this.trials.reduce((sum, trial) => sum + trial.course.doomed.size, 0);
    const told = this.trials.reduce((sum, trial) => sum + trial.told.size, 0);
    const large = (value: number) => value.toLocaleString("en-US");
    this.claim(
      "No session is lost: no 404, and no memory that is gone without a word",
      `${count("lost")} of ${large(sessions)} sessions`,
      count("lost") === 0,
    );
    this.claim(
      "No call is answered twice, or with another's answer",
      `${count("twice", "wrong")} of ${large(calls)} calls`,
      count("twice", "wrong") === 0,
    );
    this.claim(
      "No call is cut or refused in a planned change",
      `${cut} calls in ${planned.length} changes`,
      cut === 0,
    );
    this.claim(
      "The sessions of a stateful server stay on their pods",
      `${count("moved")} answers from another pod`,
      count("moved") === 0,
    );
    this.claim(
      "Who loses memory with a pod of the server is told so, and nobody else is",
      `${told} of ${doomed} sessions`,
      told > 0 && this.trials.every(({ mistold }) => mistold.length === 0),
    );
    const failed = this.trials.filter(({ course: { failure } }) => failure !== undefined);
    this.claim(
      "Every fault is brought about, and afterwards every pod is ready again",
      `${this.trials.length - failed.length} of ${this.trials.length} faults`,
      failed.length === 0,
    );
  }

  /** What does not hold, and in which fault, a line each. */
  get failures(): string[] {
    const claims = this.claims.filter(({ holds }) => !holds);
    return [
      ...claims.map(({ what, seen }) => `${what}: ${seen}`),
      ...this.trials.flatMap(({ course: { title }, firstFaults }) =>
        firstFaults.map((line) => `${title}: ${line}`),
      ),
    ];
  }

  /** The page with the figures of this run between its marks. */
  page(page: string): string {
    const from = page.indexOf(BEGIN);
    const to = page.indexOf(END);
    if (from < 0 || to < from) throw new Error("docs/proof.md has no marks for the figures");
    return `${page.slice(0, from + BEGIN.length)}\n\n${this.#figures()}\n\n${page.slice(to)}`;
  }

  #figures(): string {
    const seconds = Math.round(performance.now() / 1000);
    const date = new Date().toISOString().slice(0, 10);
    return `${this.#where}, ${availableParallelism()} cores, ${date}, ${seconds} s.

### Claims

${this.claimTable()}

### Faults

${this.#trialTable()}`;
  }

  claimTable(): string {
    const rows = this.claims.map(({ what, seen, holds }) => [what, seen, holds ? "yes" : "**no**"]);
    return markdown(["What", "Seen", "Holds"], rows);
  }

  #trialTable(): string {
    const head = [
      "",
      "Fault",
      "Seconds",
      "Calls",
      "Sent again",
      "Cut",
      "Refused",
      "Told",
      "Longest ms",
    ];
    const rows = this.trials.map((trial, index) => {
      const { title, fromMs, untilMs, doomed } = trial.course;
      return [
        String(index + 1),
        title,
        ((untilMs - fromMs) / 1000).toFixed(0),
        String(trial.calls),
        String(trial.resent),
        String(trial.count("cut")),
        String(trial.count("refused")),
        doomed.size === 0 ? "–" : `${trial.told.size} of ${doomed.size}`,
        String(trial.longestMs),
      ];
    });
    return markdown(head, rows);
  }
}
