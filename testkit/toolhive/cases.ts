/** A section `aggregation` that both gateways get. */
type Aggregation = Readonly<Record<string, unknown>>;

const prefix = (prefixFormat: string, more: Aggregation = {}): Aggregation => ({
  conflictResolution: "prefix",
  conflictResolutionConfig: { prefixFormat },
  ...more,
});

const priority = (priorityOrder: readonly string[], more: Aggregation = {}): Aggregation => ({
  conflictResolution: "priority",
  conflictResolutionConfig: { priorityOrder },
  ...more,
});

const plain = (more: Aggregation): Aggregation => prefix("{workload}_", more);

/** Overrides that leave each name of a and b to one server, and to c what it has alone. */
const APART = ["a", "b", "c"].map((workload) => ({
  workload,
  overrides: Object.fromEntries(
    ["search", "wipe", ...(workload === "a" ? [] : ["shared"])].map((name) => [
      name,
      { name: `${name}_in_${workload}` },
    ]),
  ),
}));

const manual = (tools: readonly object[]): Aggregation => ({
  conflictResolution: "manual",
  conflictResolutionConfig: {},
  tools,
});

const HINTS = { title: "Find", readOnlyHint: false, destructiveHint: true, openWorldHint: true };

/** What both gateways are configured with, by what it is. */
export const CASES: Readonly<Record<string, Aggregation>> = {
  "prefix {workload}_": prefix("{workload}_"),
  "prefix {workload}.": prefix("{workload}."),
  "prefix {workload}": prefix("{workload}"),
  "prefix of-{workload}-": prefix("of-{workload}-"),
  "prefix all_, no two names equal": prefix("all_", { tools: APART }),
  "prefix empty": prefix(""),
  "priority a, b, c": priority(["a", "b", "c"]),
  "priority c, a": priority(["c", "a"]),
  "priority a": priority(["a"]),
  "priority a, with a prefix": {
    ...priority(["a"]),
    conflictResolutionConfig: { priorityOrder: ["a"], prefixFormat: "of-{workload}-" },
  },
  "priority a, b, the first one filtered": priority(["a", "b"], {
    tools: [{ workload: "a", filter: ["a_count"] }],
  }),
  "manual, resolved": manual(APART),
  "manual, resolved by a filter": manual([
    ...APART.slice(0, 2),
    { workload: "c", filter: ["c_count"] },
  ]),
  "manual, unresolved": manual(APART.slice(0, 1)),
  "manual without entries": manual([]),
  filter: plain({ tools: [{ workload: "a", filter: ["search", "nobody"] }] }),
  "filter by a new name": plain({
    tools: [{ workload: "a", filter: ["find"], overrides: { search: { name: "find" } } }],
  }),
  "filter by the old name": plain({
    tools: [{ workload: "a", filter: ["search"], overrides: { search: { name: "find" } } }],
  }),
  "overrides of name, description and annotations": plain({
    tools: [
      {
        workload: "a",
        overrides: {
          search: { name: "find", description: "Finds.", annotations: HINTS },
          wipe: { description: "Gone.", annotations: { destructiveHint: false } },
          a_count: { name: "count", annotations: { title: "Count", idempotentHint: true } },
        },
      },
    ],
  }),
  "an override of annotations alone": plain({
    tools: [{ workload: "a", overrides: { search: { annotations: HINTS } } }],
  }),
  "an override to a name that the server has": plain({
    tools: [{ workload: "a", overrides: { search: { name: "wipe" } } }],
  }),
  excludeAll: plain({ tools: [{ workload: "a", excludeAll: true }] }),
  excludeAllTools: plain({ excludeAllTools: true }),
  "defaultToolVisibility deny": plain({
    defaultToolVisibility: "deny",
    tools: [{ workload: "b", filter: ["search", "media"] }],
  }),
  "priority, defaultToolVisibility deny": priority(["a", "b"], {
    defaultToolVisibility: "deny",
    tools: [{ workload: "a" }],
  }),
};
