import * as z from "zod";
import { isSection, type Path, printPath, type Section, valueAt } from "../document.ts";
import { seconds } from "../units.ts";
import { count, duration } from "./fields.ts";

/** How a gateway takes over a changed configuration. */
export const liveConfiguration = z.strictObject({
  observe: duration(
    "How long a gateway compares its calls with those before, once it has taken over a changed configuration. Gateways of one store do so one after the other.",
    { min: seconds("100ms"), max: seconds("10m") },
  ).prefault("5s"),
  tolerancePercent: count(
    "By how many percent of the calls the failed ones may have become more meanwhile. Beyond that, and from five failed calls on, the gateway goes back to the configuration before, and no other one takes the change over.",
    0,
    100,
  ).default(5),
});

/** What a running gateway can take over from a changed file, and where it stands there. Everything else needs a rollout. */
export const LIVE_SECTIONS = {
  backends: [["backends"], ["operational", "timeouts", "perWorkload"]],
  aggregation: [["aggregation"]],
  authorization: [["incomingAuth", "authz"]],
} as const satisfies Readonly<Record<string, readonly Path[]>>;

export type LiveSection = keyof typeof LIVE_SECTIONS;

/** What no process reads. */
const WITHOUT_EFFECT: readonly Path[] = [["load"]];

/** The paths at which two documents differ, as users write them: of live sections, and of the rest. */
export interface Changes {
  readonly live: readonly string[];
  readonly needsRollout: readonly string[];
}

/** What has changed from one valid document to another, where these sections are live. */
export function changesOf(
  before: Section,
  after: Section,
  sections: readonly LiveSection[],
): Changes {
  const livePaths = pathsOf(sections);
  const live: string[] = [];
  const needsRollout: string[] = [];
  for (const path of differences(before, after, [])) {
    if (WITHOUT_EFFECT.some((known) => isWithin(path, known))) continue;
    const isLive = livePaths.some((known) => isWithin(path, known));
    (isLive ? live : needsRollout).push(printPath(path));
  }
  return { live: live.toSorted(), needsRollout: needsRollout.toSorted() };
}

/** The document with these sections of another. */
export function withLiveSections(
  document: Section,
  other: Section,
  sections: readonly LiveSection[],
): Section {
  return pathsOf(sections).reduce<Section>(
    (changed, path) => placed(changed, path.map(String), valueAt(other, path)),
    document,
  );
}

/** Cedar stays cedar while a gateway runs, and what it remembers of decisions is as large as at the start. */
const AT_START: readonly Path[] = [
  ["incomingAuth", "authz", "type"],
  ["incomingAuth", "authz", "cachedDecisions"],
];

/** What a running gateway cannot take over of a document: where it is another one, gateways need a rollout. */
export function rolloutPart(document: Section): Section {
  const isCedar = valueAt(document, ["incomingAuth", "authz", "type"]) === "cedar";
  const rest = withLiveSections(document, {}, [
    "backends",
    "aggregation",
    ...(isCedar ? (["authorization"] as const) : []),
  ]);
  return AT_START.reduce<Section>(
    (part, path) => placed(part, path.map(String), valueAt(document, path)),
    rest,
  );
}

/** What the live sections of a document say, as text. */
export function liveText(document: Section, sections: readonly LiveSection[]): string {
  return JSON.stringify(pathsOf(sections).map((path) => valueAt(document, path) ?? null));
}

function pathsOf(sections: readonly LiveSection[]): readonly Path[] {
  return sections.flatMap((section): readonly Path[] => LIVE_SECTIONS[section]);
}

/** Sections are compared key by key, everything else as a whole. */
function differences(before: unknown, after: unknown, path: Path): Path[] {
  if (isSection(before ?? {}) && isSection(after ?? {})) {
    const [one, other] = [sectionOf(before), sectionOf(after)];
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...keys].flatMap((key) => differences(one[key], other[key], [...path, key]));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
}

function sectionOf(value: unknown): Section {
  return isSection(value) ? value : {};
}

function isWithin(path: Path, section: Path): boolean {
  return section.every((step, index) => step === path[index]);
}

/** The document with a value at a path, or without any there. */
function placed(
  document: Section,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): Section {
  const { [key]: present, ...others } = document;
  const inner = rest.length === 0 ? value : placed(sectionOf(present), rest, value);
  return inner === undefined ? others : { ...others, [key]: inner };
}
