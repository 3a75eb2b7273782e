import type { CallReport, Verdict } from "./call-report.ts";

/** What no fault is an excuse for. */
const NEVER: readonly Verdict[] = ["lost", "twice", "moved", "wrong"];

/** What happened, and when. */
export interface Course {
  readonly title: string;
  readonly isPlanned: boolean;
  /** Calls may be refused whose session loses its pod of the server. Default: false. */
  readonly refusesLosers?: boolean;
  readonly fromMs: number;
  readonly untilMs: number;
  /** The pods of the server that went, and the lasting sessions that were on them. */
  readonly gone: readonly string[];
  readonly doomed: ReadonlySet<number>;
  readonly reports: readonly CallReport[];
  /** Containers that were started again meanwhile, which may be why calls failed. Default: none. */
  readonly restarts?: readonly string[];
  /** What kept it from being brought about, or from being over in time. */
  readonly failure: string | undefined;
}

/** One fault and what its clients saw, from its beginning to that of the next one. */
export class Trial {
  readonly course: Course;

  constructor(course: Course) {
    this.course = course;
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
    const { isPlanned, refusesLosers = false, reports } = this.course;
    if (!isPlanned) return [];
    return reports.filter(
      ({ verdict, session }) =>
        verdict === "cut" || (verdict === "refused" && !(refusesLosers && this.#loses(session))),
    );
  }

  /** Whether the session was on a pod that went. */
  #loses(session: number): boolean {
    const { doomed, gone, reports } = this.course;
    return (
      doomed.has(session) ||
      reports.some((report) => report.session === session && gone.includes(report.pod ?? ""))
    );
  }

  /** Everything that should not be, a line each. */
  get faults(): string[] {
    const { reports, failure, restarts = [] } = this.course;
    const never = reports.filter(({ verdict }) => NEVER.includes(verdict));
    const lines = [...never, ...this.broken].map(
      ({ verdict, session, detail }) => `${verdict} in session ${session}: ${detail}`,
    );
    const wrong = [...(failure === undefined ? [] : [failure]), ...lines, ...this.mistold];
    return wrong.length === 0 ? [] : [...wrong, ...restarts];
  }

  /** The first ones of each kind, so that none hides the others. */
  get firstFaults(): string[] {
    const kinds = Object.values(Object.groupBy(this.faults, (line) => line.split(" ", 1)[0] ?? ""));
    return kinds.flatMap((lines = []) => lines.slice(0, 5));
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
