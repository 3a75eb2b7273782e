import { setTimeout as delay } from "node:timers/promises";

import type { CallReport, Verdict } from "./call-report.ts";
import type { Fault, Fleet } from "./fleet.ts";

/** Load that goes on when the fault is over, so that what it left behind shows. */
const AFTER_MS = 2_000;
/** Within this, every session whose memory went has called again. */
const TOLD_WITHIN_MS = 40_000;
const POLL_MS = 250;

/** What no fault is an excuse for. */
const NEVER: readonly Verdict[] = ["lost", "twice", "moved", "wrong"];

/** What happened, and when. */
export interface Course {
  readonly title: string;
  readonly isPlanned: boolean;
  readonly fromMs: number;
  readonly untilMs: number;
  /** The pods of the server that went, and the lasting sessions that were on them. */
  readonly gone: readonly string[];
  readonly doomed: ReadonlySet<number>;
  readonly reports: readonly CallReport[];
  /** What kept it from being brought about, or from being over in time. */
  readonly failure: string | undefined;
}

/** One fault and what its clients saw, from its beginning to that of the next one. */
export class Trial {
  readonly course: Course;

  constructor(course: Course) {
    this.course = course;
  }

  static async of({ title, isPlanned, bring }: Fault, fleet: Fleet): Promise<Trial> {
    const { load, pods } = fleet;
    const fromMs = Date.now();
    const first = load.reports.length;
    const before = [...load.places];
    let gone: readonly string[] = [];
    let failure: string | undefined;
    const doomed = () =>
      new Set(before.filter(([, pod]) => gone.includes(pod)).map(([session]) => session));
    try {
      gone = await bring(fleet);
      await pods.settled();
      await untilTold(fleet, first, doomed());
      await delay(AFTER_MS);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    const reports = load.reports.slice(first);
    const untilMs = Date.now();
    return new Trial({
      ...{ title, isPlanned, fromMs, untilMs },
      ...{ gone, doomed: doomed(), reports, failure },
    });
  }

  count(...verdicts: readonly Verdict[]): number {
    return this.course.reports.filter(({ verdict }) => verdicts.includes(verdict)).length;
  }

  get calls(): number {
    return this.course.reports.filter(({ call }) => call > 0).length;
  }

  /** How often something was sent again. */
  get resent(): number {
    return this.course.reports.reduce((sum, { resent }) => sum + resent, 0);
  }

  get longestMs(): number {
    return Math.max(0, ...this.course.reports.map(({ tookMs }) => tookMs));
  }

  /** The lasting sessions that were told of a loss. */
  get told(): ReadonlySet<number> {
    const told = this.course.reports.filter(({ verdict, lasts }) => verdict === "told" && lasts);
    return new Set(told.map(({ session }) => session));
  }

  /** In a planned change, the calls that it should have left alone. */
  get broken(): readonly CallReport[] {
    const { isPlanned, reports } = this.course;
    if (!isPlanned) return [];
    return reports.filter(({ verdict }) => verdict === "cut" || verdict === "refused");
  }

  /** Everything that should not be, a line each. */
  get faults(): string[] {
    const { reports, failure } = this.course;
    const never = reports.filter(({ verdict }) => NEVER.includes(verdict));
    const lines = [...never, ...this.broken].map(
      ({ verdict, session, detail }) => `${verdict} in session ${session}: ${detail}`,
    );
    return [...(failure === undefined ? [] : [failure]), ...lines, ...this.mistold];
  }

  /**
   * Losses that nobody was told of, and such as are none. A session that was told goes on with another pod; where that
   * one goes, too, it is told again.
   */
  get mistold(): string[] {
    const { doomed, gone, reports } = this.course;
    const losing = new Set(doomed);
    const undue: number[] = [];
    for (const { session, lasts, verdict, pod = "" } of reports) {
      if (gone.includes(pod)) losing.add(session);
      if (lasts && verdict === "told" && !losing.delete(session)) undue.push(session);
    }
    const untold = [...doomed].filter((session) => !this.told.has(session));
    return [
      ...untold.map((session) => `nobody told session ${session} that its memory is gone`),
      ...undue.map((session) => `session ${session} was told of a loss that is none`),
    ];
  }
}

async function untilTold({ load }: Fleet, first: number, doomed: ReadonlySet<number>) {
  const limit = Date.now() + TOLD_WITHIN_MS;
  const isOver = () => {
    const told = load.reports.slice(first).filter(({ verdict }) => verdict === "told");
    const sessions = new Set(told.map(({ session }) => session));
    return doomed.size === 0 || [...doomed].every((session) => sessions.has(session));
  };
  while (!isOver() && Date.now() < limit) await delay(POLL_MS);
}
