import type { CallReport, Verdict } from "../testkit/trials/call-report.ts";
import type { Course } from "../testkit/trials/trial.ts";
import { element, escaped, line, type Markup, text } from "../tools/plan-drawing/svg.ts";
import { PARTS, type PodCount } from "./pods.ts";

const WIDTH = 1200;
const LEFT = 90;
const RIGHT = WIDTH - 24;
const STEP_MS = 100;

/** From top to bottom: marks, calls, what went wrong, pods, the titles of the marks. */
const MARKS_Y = 74;
const CALLS = { top: 90, bottom: 250 };
const ERRORS = { top: 262, bottom: 292 };
const PODS = { top: 312, rowHeight: 34 };
const LEGEND_ROW = 18;

/** What a call can come to that its client would rather not see; a loss that is told is no error, but no answer. */
const BAD: readonly Verdict[] = ["cut", "refused", "lost", "twice", "moved", "wrong"];

const STYLE = [
  "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:12px;fill:#0f172a}",
  ".heading{font-size:20px;font-weight:600}.quiet{fill:#526075}",
  ".page{fill:#f8fafc}.calls{fill:none;stroke:#2563eb;stroke-width:.7}.axis{stroke:#cbd5e1;fill:none}",
  ".mark{stroke:#94a3b8;stroke-dasharray:3 3;fill:none}.bad{fill:#dc2626}.told{fill:#d97706}",
  ".gateway{stroke:#2563eb}.proxy{stroke:#0d7f76}.server{stroke:#7c3aed}.redis,.sentinel{stroke:#b45309}",
  ".pods{fill:none;stroke-width:2}",
  "@media (prefers-color-scheme:dark){text{fill:#e6edf6}.quiet{fill:#9fb0c5}.page{fill:#0b1220}",
  ".calls{stroke:#6ea8fe}.axis{stroke:#36445a}}",
].join("");

/** What is drawn. */
export interface Timeline {
  readonly reports: readonly CallReport[];
  readonly pods: readonly PodCount[];
  readonly courses: readonly Course[];
}

type X = (atMs: number) => number;

/** A run as a picture: answers per 100 ms, what was no answer, pods that were ready, and when each fault began. */
export function timelineSvg({ reports, pods, courses }: Timeline): string {
  const fromMs = Math.min(...reports.map(({ atMs }) => atMs));
  const untilMs = Math.max(...reports.map(({ atMs, tookMs }) => atMs + tookMs));
  const x: X = (atMs) => LEFT + ((atMs - fromMs) / (untilMs - fromMs)) * (RIGHT - LEFT);
  const podsBottom = PODS.top + PARTS.length * PODS.rowHeight;
  const rows = Math.ceil(courses.length / 2);
  const height = podsBottom + 40 + rows * LEGEND_ROW;
  const size = { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}` };
  return element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", ...size, role: "img" },
    element("title", {}, escaped("Calls, errors and pods while the fleet is disturbed")),
    element("style", {}, STYLE),
    element("rect", { class: "page", width: WIDTH, height }),
    text(
      [24, 34],
      "heading",
      `${reports.length.toLocaleString("en-US")} requests while the fleet is disturbed`,
    ),
    text(
      [24, 54],
      "quiet",
      `${Math.round((untilMs - fromMs) / 1000)} s; the numbers are those of the faults below`,
    ),
    ...marks(courses, x, podsBottom),
    ...answers(reports, x, fromMs, untilMs),
    ...errors(reports, x),
    ...PARTS.map((part, row) => podRow(part, PODS.top + row * PODS.rowHeight, pods, x, fromMs)),
    ...legend(courses, podsBottom + 30),
  );
}

function marks(courses: readonly Course[], x: X, bottom: number): Markup[] {
  return courses.flatMap(({ fromMs }, index) => [
    line("mark", [round(x(fromMs)), MARKS_Y + 4], [round(x(fromMs)), bottom]),
    text([round(x(fromMs)), MARKS_Y], "", `${index + 1}`, "middle"),
  ]);
}

function legend(courses: readonly Course[], top: number): Markup[] {
  const rows = Math.ceil(courses.length / 2);
  return courses.map(({ title }, index) => {
    const column = Math.floor(index / rows);
    const place = [LEFT + column * 560, top + (index % rows) * LEGEND_ROW] as const;
    return text(place, "", `${index + 1}. ${title}`);
  });
}

function answers(reports: readonly CallReport[], x: X, fromMs: number, untilMs: number): Markup[] {
  const counts = new Array<number>(Math.ceil((untilMs - fromMs) / STEP_MS) + 1).fill(0);
  for (const { atMs, tookMs, verdict } of reports) {
    if (verdict !== "answered" && verdict !== "renewed") continue;
    const step = Math.floor((atMs + tookMs - fromMs) / STEP_MS);
    counts[step] = (counts[step] ?? 0) + 1;
  }
  const max = Math.max(1, ...counts);
  const y = (count: number) => CALLS.bottom - (count / max) * (CALLS.bottom - CALLS.top);
  const points = counts.map(
    (count, step) => [round(x(fromMs + step * STEP_MS)), round(y(count))] as const,
  );
  return [
    line("axis", [LEFT, CALLS.bottom], [RIGHT, CALLS.bottom]),
    text([LEFT - 10, CALLS.top + 8], "quiet", `${max}`, "end"),
    text([LEFT - 10, CALLS.bottom], "quiet", "0", "end"),
    text([24, CALLS.top + 70], "", "answers"),
    text([24, CALLS.top + 86], "quiet", "per 100 ms"),
    line("calls", ...points),
  ];
}

function errors(reports: readonly CallReport[], x: X): Markup[] {
  const dots = reports.flatMap(({ atMs, tookMs, verdict }) => {
    const isBad = BAD.includes(verdict);
    if (!isBad && verdict !== "told") return [];
    const cy = isBad ? ERRORS.top + 8 : ERRORS.bottom - 8;
    const className = isBad ? "bad" : "told";
    return element("circle", { class: className, cx: round(x(atMs + tookMs)), cy, r: 2.5 });
  });
  return [
    text([24, ERRORS.top + 12], "", "errors"),
    text([24, ERRORS.bottom - 4], "", "told losses"),
    ...dots,
  ];
}

function podRow(
  part: string,
  top: number,
  pods: readonly PodCount[],
  x: X,
  fromMs: number,
): Markup {
  const seen = pods.filter(({ atMs }) => atMs >= fromMs);
  const max = Math.max(1, ...seen.map(({ ready }) => ready[part] ?? 0));
  const bottom = top + PODS.rowHeight - 10;
  const y = (count: number) => round(bottom - (count / max) * (PODS.rowHeight - 14));
  const points = seen.flatMap(({ atMs, ready }, index) => {
    const before = seen[index - 1]?.ready[part] ?? ready[part] ?? 0;
    const at = round(Math.min(RIGHT, x(atMs)));
    return [[at, y(before)] as const, [at, y(ready[part] ?? 0)] as const];
  });
  return [
    text([24, bottom], "", part),
    text([LEFT - 10, y(max) + 8], "quiet", `${max}`, "end"),
    line(`pods ${part}`, ...points),
  ].join("");
}

const round = (value: number): number => Math.round(value * 10) / 10;
