import { brief } from "@mcp-fleet/contract";
import type { ListName } from "../wire/methods.ts";
import type { Aggregation } from "./aggregation.ts";
import type { Catalog } from "./catalog.ts";
import { LIST_NAMES } from "./listing.ts";
import type { Conflict, Route } from "./merged-list.ts";

/** How much is said of each kind; servers choose how many names there are. */
const MAX_ROWS = 500;

/** A name as clients see it, and how it came about. */
export interface NameRow {
  readonly list: ListName;
  readonly name: string;
  readonly backend: string;
  /** What the backend calls it. */
  readonly own: string;
  /** Why it is called so. */
  readonly because: string;
  /** Whose items of the same name clients do not see. Absent: nobody's. */
  readonly hides?: readonly string[];
}

/** What clients do not see although its backend lists it. */
export interface HiddenRow {
  readonly list: ListName;
  readonly backend: string;
  readonly own: string;
  readonly because: string;
}

/** The first rows of a table, and how many more there are. */
export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly more: number;
}

/** The names of a catalog, and why they are these. */
export function explainNames(catalog: Catalog): Rows<NameRow> {
  const { aggregation } = catalog;
  const hides = hiddenBy(catalog.conflicts);
  return rowsOf(
    LIST_NAMES,
    (list) => catalog.entries(list).shown,
    (list, [name, route]) => {
      const { provider: backend, name: own } = route;
      const others = hides.get(key(list, name, backend));
      return {
        list,
        name: brief(name),
        backend,
        own: brief(own),
        because: reasonOf(list, name, route, aggregation),
        ...(others !== undefined && { hides: others }),
      };
    },
  );
}

/** What a catalog keeps from clients, and why. */
export function explainHidden(catalog: Catalog): Rows<HiddenRow> {
  const { aggregation } = catalog;
  const hiddenOf = (list: ListName) =>
    [...catalog.entries(list).hidden].flatMap(([, routes]) => routes);
  return rowsOf(LIST_NAMES, hiddenOf, (list, { provider: backend, name: own }) => ({
    list,
    backend,
    own: brief(own),
    because: aggregation.hidesAll(list, backend) ? hiddenAs(list, backend, aggregation) : "filter",
  }));
}

function rowsOf<Entry, Row>(
  lists: readonly ListName[],
  entriesOf: (list: ListName) => Iterable<Entry>,
  rowOf: (list: ListName, entry: Entry) => Row,
): Rows<Row> {
  const rows: Row[] = [];
  let more = 0;
  for (const list of lists) {
    for (const entry of entriesOf(list)) {
      if (rows.length < MAX_ROWS) rows.push(rowOf(list, entry));
      else more += 1;
    }
  }
  return { rows, more };
}

/** By name and the backend that has it: the backends that do not. */
function hiddenBy(conflicts: readonly Conflict[]): ReadonlyMap<string, readonly string[]> {
  const others = new Map<string, string[]>();
  for (const { list, name, backend, shadowedBy } of conflicts) {
    const known = others.get(key(list, name, shadowedBy)) ?? [];
    others.set(key(list, name, shadowedBy), [...known, backend]);
  }
  return others;
}

function key(list: ListName, name: string, backend: string): string {
  return JSON.stringify([list, brief(name), backend]);
}

function reasonOf(
  list: ListName,
  name: string,
  { provider, name: own }: Route,
  aggregation: Aggregation,
): string {
  const called = aggregation.rulesOf(list, provider)?.nameOf(own) ?? own;
  const isUri = list === "resources" || list === "resourceTemplates";
  const steps = called === own || isUri ? [] : ["override"];
  if (isUri) return "its own";
  const whole = aggregation.naming.prefix(provider) + called;
  if (name === called) {
    const place = aggregation.placeOf(provider);
    steps.push(steps.length === 0 ? "its own" : "no prefix");
    if (place !== undefined) steps.push(`place ${place} in priorityOrder`);
  } else if (aggregation.tellingOf(list, provider) === "priority") {
    steps.push("prefix, since several backends outside of priorityOrder have it");
  } else steps.push(name === whole ? "prefix" : "prefix, made legal, short and unique");
  return steps.join(", ");
}

function hiddenAs(list: ListName, backend: string, aggregation: Aggregation): string {
  if (aggregation.rulesOf(list, backend)?.hidesAll !== true) return "excludeAllTools";
  return aggregation.isUnlisted(list, backend) ? "defaultToolVisibility" : "excludeAll";
}
