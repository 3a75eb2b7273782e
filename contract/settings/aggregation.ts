import * as z from "zod";
import { text, unsupported } from "./fields.ts";

/** How equal names of several backends are told apart. */
export type ConflictResolution = "prefix" | "priority" | "manual";

/** What clients see of an item instead of what its backend says. */
export interface ItemOverride {
  /** Of tools and prompts, it is what they are called by. */
  readonly name?: string;
  readonly title?: string;
  readonly description?: string;
  readonly annotations?: Readonly<Record<string, string | boolean>>;
}

/** What clients see of the tools, prompts or resources of one backend. */
export interface WorkloadRules {
  readonly workload: string;
  /** Absent: all. */
  readonly filter?: readonly string[];
  /** By the backend's own name or URI. */
  readonly overrides: Readonly<Record<string, ItemOverride>>;
  readonly excludeAll: boolean;
}

/** How the lists of all backends become one. */
export interface AggregationSettings {
  readonly conflictResolution: ConflictResolution;
  readonly prefixFormat: string;
  /** Backends, the first one first. Empty unless conflictResolution is priority. */
  readonly priorityOrder: readonly string[];
  readonly tools: readonly WorkloadRules[];
  readonly prompts: readonly WorkloadRules[];
  readonly resources: readonly WorkloadRules[];
  readonly excludeAllTools: boolean;
  /** Whether the tools of backends without an entry in `tools` are listed. */
  readonly defaultToolVisibility: "allow" | "deny";
}

const hint = (description: string) => z.boolean().optional().describe(description);

const shown = {
  name: z.string().optional().describe("Its new name. Absent or empty: the backend's."),
  title: z.string().optional().describe("Its title. Absent: the backend's."),
  description: z.string().optional().describe("Its description. Absent or empty: the backend's."),
};

const toolOverride = z.strictObject({
  ...shown,
  annotations: z
    .strictObject({
      title: z.string().optional().describe("The title."),
      readOnlyHint: hint("Whether it only reads."),
      destructiveHint: hint("Whether it may destroy something."),
      idempotentHint: hint("Whether a second call changes nothing more."),
      openWorldHint: hint("Whether it reaches beyond its own server."),
    })
    .optional()
    .describe("Its annotations. Those that are absent are the backend's."),
});

const itemOverride = z.strictObject(shown);

/** What an entry says of one kind of items, beside their overrides. */
const rulesOf = (kind: string, by: string) => ({
  workload: text("The backend that the entry is about."),
  filter: z
    .array(text("A name, after overrides; of resources, a URI or URI template."))
    .optional()
    .describe(
      `The ${kind} that clients may see and use, by ${by}. Absent or empty: all of the backend's.`,
    ),
  excludeAll: z
    .boolean()
    .default(false)
    .describe(`Whether all ${kind} of the backend are hidden: not listed, and refused if used.`),
});

const BY_NAME = "their names after overrides";

export const aggregation = z.strictObject({
  conflictResolution: z
    .enum(["prefix", "priority", "manual"])
    .default("prefix")
    .describe(
      "How equal names of tools of several backends are told apart. prefix: each name gets the prefix of its backend. priority: names stay, and the first backend in priorityOrder has a name; one that only others have gets their prefixes. manual: names stay, and overrides or filters must leave each to one backend; otherwise the gateway does not start, and keeps its last lists while it runs. Prompts get prefixes, but for the backends in priorityOrder. A URI belongs to the first backend that lists it.",
    ),
  conflictResolutionConfig: z
    .strictObject({
      prefixFormat: z
        .string()
        .default("{workload}_")
        .describe(
          'The prefix of tool and prompt names; {workload} stands for the backend\'s name. Characters other than letters, digits, _ and - become _, but for a dot that prefixFormat has. "" leaves names unchanged; then, as without {workload}, of two equal names the first backend keeps its own, and /status lists the conflict.',
        ),
      priorityOrder: z
        .array(text("The name of a backend."))
        .optional()
        .describe(
          "The backends whose names come first, the first one first. Required with conflictResolution priority, without effect otherwise. Backends that are not in it come after all of these, and /status lists them.",
        ),
    })
    .prefault({}),
  tools: z
    .array(
      z.strictObject({
        ...rulesOf("tools", BY_NAME),
        overrides: z
          .record(z.string(), toolOverride)
          .default({})
          .describe(
            "By the tool's name at the backend: the name, title, description and annotations (title, readOnlyHint, destructiveHint, idempotentHint, openWorldHint) that clients see instead. They apply before filters, prefixes and conflicts.",
          ),
        toolConfigRef: unsupported("a file cannot refer to an MCPToolConfig.").optional(),
      }),
    )
    .optional()
    .describe("Per backend: which tools are listed, and under which names."),
  excludeAllTools: z
    .boolean()
    .default(false)
    .describe("Whether the tools of all backends are hidden: not listed, and refused if called."),
  defaultToolVisibility: z
    .enum(["allow", "deny"])
    .default("allow")
    .describe(
      "Whether the tools of a backend without an entry in aggregation.tools are listed (allow) or hidden (deny).",
    ),
  prompts: z
    .array(
      z.strictObject({
        ...rulesOf("prompts", BY_NAME),
        overrides: z
          .record(z.string(), itemOverride)
          .default({})
          .describe(
            "By the prompt's name at the backend: the name, title and description that clients see instead. They apply before filters, prefixes and conflicts.",
          ),
      }),
    )
    .optional()
    .describe("Per backend: which prompts are listed, and under which names."),
  resources: z
    .array(
      z.strictObject({
        ...rulesOf("resources", "their URIs and URI templates"),
        overrides: z
          .record(z.string(), itemOverride)
          .default({})
          .describe(
            "By the URI or URI template: the name, title and description that clients see instead. URIs stay as they are.",
          ),
      }),
    )
    .optional()
    .describe(
      "Per backend: which resources and resource templates are listed. A resource that is hidden is not reached by a template, either.",
    ),
});

type Parsed = z.output<typeof aggregation>;
type ParsedRules = NonNullable<Parsed["prompts" | "tools"]>[number];

/** The settings of a valid section. */
export function aggregationOf(parsed: Parsed): AggregationSettings {
  const { conflictResolution, conflictResolutionConfig: config } = parsed;
  const { tools = [], prompts = [], resources = [] } = parsed;
  return {
    conflictResolution,
    prefixFormat: config.prefixFormat,
    priorityOrder: conflictResolution === "priority" ? (config.priorityOrder ?? []) : [],
    tools: tools.map(workloadRules),
    prompts: prompts.map(workloadRules),
    resources: resources.map(workloadRules),
    excludeAllTools: parsed.excludeAllTools,
    defaultToolVisibility: parsed.defaultToolVisibility,
  };
}

function workloadRules({
  workload,
  filter = [],
  overrides,
  excludeAll,
}: ParsedRules): WorkloadRules {
  return {
    workload,
    ...(filter.length > 0 && { filter }),
    overrides: Object.fromEntries(
      Object.entries(overrides).map(([name, override]) => [name, filled(override)]),
    ),
    excludeAll,
  };
}

/** As in ToolHive, an empty name or description is none. */
function filled(override: z.output<typeof toolOverride>): ItemOverride {
  const { name, title, description, annotations = {} } = override;
  const hints = Object.entries(annotations).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return {
    ...(name && { name }),
    ...(title !== undefined && { title }),
    ...(description && { description }),
    ...(hints.length > 0 && { annotations: Object.fromEntries(hints) }),
  };
}
