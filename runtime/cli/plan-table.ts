import {
  amountText,
  type Figure,
  INPUT_NAMES,
  INPUTS,
  type Plan,
  type PlannedServer,
  type ProcessPlan,
  type ServerPlan,
} from "@mcp-fleet/contract/capacity";

/** What one line shows: a name, an amount, and where it comes from. */
type Row = readonly [name: string, amount: string, from: string];

/** A plan as text: each figure with its formula, and below it the terms and where they come from. */
export function planTable({ inputs, gateways, servers, store }: Plan): string {
  const asked = INPUT_NAMES.map((name): Row => {
    const { unit, description } = INPUTS[name];
    return [name, amountText(inputs[name], unit), description];
  });
  return [
    section("What is asked", [...asked, ["store", inputs.store, "Where sessions are kept"]]),
    section("The gateways, and each pod of them while one is lost", processRows(gateways)),
    section("The time that a gateway takes to end and to start", rowsOf({ ...gateways.grace })),
    ...servers.flatMap(serverSections),
    ...(store === undefined ? [] : [section(storeTitle(inputs), rowsOf({ ...store }))]),
    "docs/capacity.md says where each constant comes from.\n",
  ].join("\n\n");
}

/** In a cluster, the keys of one gateway, or of one server's proxies, are not spread over shards. */
function storeTitle({ store }: Plan["inputs"]): string {
  if (store !== "cluster") return "The store, for all pods";
  return "Each shard of the store, for all pods: the keys of all of them may be on the same one";
}

function serverSections({ name, proxies, pods }: PlannedServer): string[] {
  const elsewhere: Row = [name, "0 pods", "It runs elsewhere, and is reached by its URL"];
  return [
    ...(proxies ? [section(`The proxies of ${name}`, withGrace(proxies, processRows))] : []),
    section(`The pods of ${name}`, pods ? withGrace(pods, podRows) : [elsewhere]),
  ];
}

function processRows({ grace: _, autoscaling, ...figures }: ProcessPlan): Row[] {
  return rowsOf({ ...figures, ...autoscaling });
}

function podRows({ grace: _, ...figures }: ServerPlan): Row[] {
  return rowsOf(figures);
}

/** Of the time of others than gateways only what its longest call makes of it: the rest is the same. */
function withGrace<Part extends ProcessPlan | ServerPlan>(
  part: Part,
  rows: (part: Part) => Row[],
): Row[] {
  const { terminationGrace, rollout, progressDeadline } = part.grace;
  return [...rows(part), ...rowsOf({ terminationGrace, rollout, progressDeadline })];
}

function section(title: string, rows: readonly Row[]): string {
  const names = Math.max(...rows.map(([name]) => name.length));
  const amounts = Math.max(...rows.map(([, value]) => value.length));
  const lines = rows.map(
    ([name, value, from]) => `${name.padEnd(names)}  ${value.padStart(amounts)}  ${from}`,
  );
  return [title, "", ...lines].join("\n");
}

function rowsOf(figures: Readonly<Record<string, Figure>>): Row[] {
  return Object.entries(figures).flatMap(([name, { value, unit, formula, terms }]): Row[] => {
    const [only] = terms;
    if (only !== undefined && terms.length === 1 && formula === only.name) {
      const from = only.from === only.name ? `= ${formula}` : only.from;
      return [[name, amountText(value, unit), from]];
    }
    const below = terms.map((term): Row => {
      const from = term.from === term.name ? "as above" : term.from;
      return [`  ${term.name}`, amountText(term.value, term.unit), from];
    });
    return [[name, amountText(value, unit), `= ${formula}`], ...below];
  });
}
