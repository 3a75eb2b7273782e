import { isSection, type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";
import type { Role } from "./settings.ts";

/** Kinds of items of which entries per backend say what clients see. */
const KINDS = ["tools", "prompts", "resources"] as const;

const SECTION = ["aggregation"];
const CONFIG = [...SECTION, "conflictResolutionConfig"];

/** An entry about a backend, and where it stands. */
interface Entry {
  readonly path: Path;
  readonly workload: unknown;
  readonly overrides: Section;
}

/** The values that must be names of backends, and where they stand. */
export function aggregatedBackends(document: Section): readonly (readonly [Path, unknown])[] {
  const order = valueAt(document, [...CONFIG, "priorityOrder"]);
  return [
    ...(Array.isArray(order) ? order : []).map(
      (name: unknown, index) => [[...CONFIG, "priorityOrder", index], name] as const,
    ),
    ...KINDS.flatMap((kind) => entriesOf(document, kind)).map(
      ({ path, workload }) => [[...path, "workload"], workload] as const,
    ),
  ];
}

/** The rules about how lists are merged. */
export function aggregationRules(document: Section, role: Role): Fault[] {
  return [
    ...(role === "proxy" ? listsOfProxies(document) : []),
    ...neededOrder(document),
    ...uniqueOrder(document),
    ...KINDS.flatMap((kind) => uniqueWorkloads(document, kind)),
    ...distinctNames(document, "tools"),
    ...distinctNames(document, "prompts"),
  ];
}

function entriesOf(document: Section, kind: string): Entry[] {
  const entries = valueAt(document, [...SECTION, kind]);
  return (Array.isArray(entries) ? entries : []).map((entry: unknown, index) => {
    const overrides = valueAt(entry, ["overrides"]);
    return {
      path: [...SECTION, kind, index],
      workload: valueAt(entry, ["workload"]),
      overrides: isSection(overrides) ? overrides : {},
    };
  });
}

/** What would hide or rename something. A proxy passes the lists of its server on as they are. */
const CHANGES = [...KINDS, "excludeAllTools", "defaultToolVisibility"] as const;
const WITHOUT_EFFECT: readonly unknown[] = [undefined, false, "allow"];

function listsOfProxies(document: Section): Fault[] {
  return CHANGES.flatMap((key) => {
    const path = [...SECTION, key];
    const value = valueAt(document, path);
    if (WITHOUT_EFFECT.includes(value) || (Array.isArray(value) && value.length === 0)) return [];
    const rule = "must be absent for a proxy, which passes its server's lists on as they are";
    return [fault(path, value, rule, "remove it, and set it at the gateway")];
  });
}

function neededOrder(document: Section): Fault[] {
  const path = [...CONFIG, "priorityOrder"];
  const order = valueAt(document, path);
  const isPriority = valueAt(document, [...SECTION, "conflictResolution"]) === "priority";
  if (!isPriority || (order !== undefined && !Array.isArray(order))) return [];
  if (Array.isArray(order) && order.length > 0) return [];
  const rule = "is required with conflictResolution priority";
  return [fault(path, order, rule, "list the backends, the one whose names come first first")];
}

function uniqueOrder(document: Section): Fault[] {
  const path = [...CONFIG, "priorityOrder"];
  const order = valueAt(document, path);
  if (!Array.isArray(order)) return [];
  return order.flatMap((name: unknown, index) =>
    order.indexOf(name) < index
      ? [fault([...path, index], name, "must be unique", "remove one of the two")]
      : [],
  );
}

function uniqueWorkloads(document: Section, kind: string): Fault[] {
  const entries = entriesOf(document, kind);
  const workloads = entries.map(({ workload }) => workload);
  return entries.flatMap(({ path, workload }, index) =>
    typeof workload === "string" && workloads.indexOf(workload) < index
      ? [fault([...path, "workload"], workload, "must be unique", "merge the two entries")]
      : [],
  );
}

/** Names that overrides give twice: of one backend, and where names have no prefix of their backend, of any. */
function distinctNames(document: Section, kind: "tools" | "prompts"): Fault[] {
  const isShared = sharesNames(document, kind);
  const first = new Map<string, string>();
  return entriesOf(document, kind).flatMap(({ path, workload, overrides }) =>
    Object.entries(overrides).flatMap(([own, override]) => {
      const name = valueAt(override, ["name"]);
      if (typeof name !== "string" || name === "") return [];
      const key = JSON.stringify([isShared ? "" : workload, name]);
      const other = first.get(key);
      if (other === undefined) {
        first.set(key, `${own} of ${String(workload)}`);
        return [];
      }
      const rule = `must not be the name that ${other} gets, too`;
      return [fault([...path, "overrides", own, "name"], name, rule, "change one of the two")];
    }),
  );
}

/** Whether names of two backends can be equal although nobody decides between them. */
function sharesNames(document: Section, kind: "tools" | "prompts"): boolean {
  const strategy = valueAt(document, [...SECTION, "conflictResolution"]) ?? "prefix";
  if (kind === "tools" && strategy !== "prefix") return strategy === "manual";
  const format = valueAt(document, [...CONFIG, "prefixFormat"]) ?? "{workload}";
  return strategy === "prefix" && typeof format === "string" && !format.includes("{workload}");
}
