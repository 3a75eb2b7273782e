import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  amountText,
  CONSTANTS,
  type Constant,
  INPUT_NAMES,
  INPUTS,
  type Input,
  inputKey,
  printInput,
  SERVER_INPUT_NAMES,
  SERVER_INPUTS,
  TIMES,
} from "@mcp-fleet/contract/capacity";
import {
  AUDIT_EVENTS,
  fieldsWithin,
  LEAVES,
  type Leaf,
  LIMIT_KINDS,
  REFUSALS,
  toolhive,
  variableName,
} from "@mcp-fleet/contract/settings";
import { parse } from "yaml";
import * as z from "zod";
import { DiscoverMetrics } from "../../runtime/discover/discover-metrics.ts";
import type { MetricDescription } from "../../runtime/telemetry/metric-set.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { ATTRIBUTES, type AttributeDescription, SPANS } from "../../runtime/tracing/vocabulary.ts";
import { ERROR_LEVELS, ERROR_TABLE, type ErrorRow } from "../../runtime/wire/error-table.ts";
import { ALERT_TABLES } from "./alert-tables.ts";
import { COMPONENT_TABLES } from "./component-pages.ts";
import { SCHEMA_FILE, schemaText } from "./component-schema.ts";
import { code, type GeneratedTable, markdown } from "./generated-table.ts";
import { IMPORT_ARGUMENTS_FILE, importArguments } from "./import-arguments.ts";
import { importTable } from "./import-table.ts";
import { DRAWING_FILE, EXAMPLE_FILE, planDrawing } from "./plan-drawing.ts";
import { POLICY_PAGES, POLICY_TABLES } from "./policy-pages.ts";
import { roomPicture } from "./room-picture.ts";
import { SCALING_TABLES } from "./scaling-tables.ts";
import { differencesTable } from "./toolhive-differences.ts";

const DOCS = join(import.meta.dirname, "../../docs");

/** Every generated table. */
export const TABLES: readonly GeneratedTable[] = [
  { file: "settings.md", name: "settings", table: settings },
  { file: "settings.md", name: "toolhive-settings", table: toolhiveSettings },
  { file: "toolhive.md", name: "works", table: works },
  { file: "toolhive.md", name: "refused", table: refused },
  { file: "toolhive.md", name: "import", table: importTable },
  { file: "toolhive.md", name: "differences", table: differencesTable },
  { file: "errors.md", name: "error-levels", table: errorLevels },
  { file: "errors.md", name: "errors", table: errors },
  { file: "audit.md", name: "audit-events", table: () => described("Type", AUDIT_EVENTS) },
  { file: "rate-limits.md", name: "rate-limits", table: () => described("Limit", LIMIT_KINDS) },
  { file: "metrics.md", name: "metrics", table: metrics },
  { file: "telemetry.md", name: "spans", table: spans },
  { file: "telemetry.md", name: "attributes", table: attributes },
  { file: "discovery.md", name: "discovery-metrics", table: discoveryMetrics },
  { file: "capacity.md", name: "example", table: example },
  { file: "capacity.md", name: "times", table: () => constants(TIMES) },
  { file: "capacity.md", name: "inputs", table: inputs },
  { file: "capacity.md", name: "servers", table: servers },
  { file: "capacity.md", name: "constants", table: () => constants(CONSTANTS) },
  { file: "stack.md", name: "configuration", table: stackConfiguration },
  { file: "architecture.md", name: "rooms", table: roomPicture },
  ...SCALING_TABLES,
  ...ALERT_TABLES,
  ...COMPONENT_TABLES,
  ...POLICY_TABLES,
];

/**
 * The page with its tables as the code has them now.
 *
 * @throws {Error} when a table has no pair of marks in the page.
 */
export function withTables(file: string, page: string): string {
  return TABLES.filter((table) => table.file === file).reduce((text, { name, table }) => {
    const begin = `<!-- BEGIN generated: ${name} -->`;
    const end = "<!-- END generated -->";
    const from = text.indexOf(begin);
    const to = text.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`docs/${file} has no marks for the table ${name}`);
    return `${text.slice(0, from + begin.length)}\n\n${table()}\n\n${text.slice(to)}`;
  }, page);
}

const printed = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** What the JSON Schema says of a leaf: the same that editors show. */
function about(leaf: Leaf) {
  const {
    title,
    description,
    type,
    enum: values,
    const: only,
    minimum,
    maximum,
    ...rest
  } = z.toJSONSchema(leaf.schema, { io: "input" });
  const fixed = only === undefined ? (values ?? []) : [only];
  const choices = fixed.map((value) => code(String(value) || '""')).join(", ");
  const shape = type === "array" ? "list" : type === "object" ? "map" : String(type ?? "");
  const kind = type === "integer" ? `${minimum} to ${maximum}` : (title ?? shape);
  return {
    values: choices || kind,
    fallback: rest.default === undefined ? "–" : code(printed(rest.default)),
    description: description ?? "",
  };
}

const isSilent = (leaf: Leaf) => /^(?:Not supported|No effect):/.test(about(leaf).description);

const ofToolhive = new Set(Object.keys(toolhive));

function settingRows(leaves: readonly Leaf[]): string[][] {
  return leaves
    .filter((leaf) => !isSilent(leaf))
    .flatMap((leaf) => {
      const variable = code(variableName(leaf.path));
      const row = (field: Leaf, where: string) => {
        const { values, fallback, description } = about(field);
        return [code(field.path.join(".")), where, fallback, values, description];
      };
      const inner = fieldsWithin(leaf).filter((field) => !isSilent(field));
      return [row(leaf, `${variable}${leaf.plain.size === 0 ? " (JSON)" : ""}`)].concat(
        inner.map((field) => row(field, "within")),
      );
    });
}

const SETTING_HEAD = ["Setting", "Environment variable", "Default", "Values", "Description"];

function settings(): string {
  return markdown(SETTING_HEAD, settingRows(LEAVES.filter(({ path: [top] }) => !isToolhive(top))));
}

function toolhiveSettings(): string {
  return markdown(SETTING_HEAD, settingRows(LEAVES.filter(({ path: [top] }) => isToolhive(top))));
}

function isToolhive(key: string | undefined): boolean {
  return key !== undefined && ofToolhive.has(key);
}

/** The fields of a backend that ToolHive's file has too; the others are ours. */
const TOOLHIVE_BACKEND = ["name", "url", "transport", "type", "caBundlePath", "metadata"];

/** The fields of `oidc` that are ours. */
const OWN_OIDC = [
  "clientSecretFile",
  "clockTolerance",
  "tokenType",
  "dpopRequired",
  "backchannelLogout",
  "cacheBytes",
];

function isToolhiveOidc(field: string | undefined): boolean {
  return field !== undefined && !OWN_OIDC.includes(field) && !field.startsWith("moreIssuers");
}
/** Rules for lists that ToolHive has for tools only. */
const OURS_OF_LISTS = /^(?:prompts|resources)\b/;
/** What a strategy has here beside what ToolHive's has. */
const OUR_STRATEGIES = [
  "bearerToken",
  "clientCredentials",
  "clientAuth",
  "clientSecretFile",
  "headerValueFile",
  "insecureAllowHttp",
  "issuer",
  "loginUrl",
  "privateKeyFile",
  "resource",
];

/** In sections of ToolHive's. */
const OURS: Readonly<Record<string, RegExp>> = {
  audit: /^(?:output|redact|onOverload|queueEvents|queueBytes|rotateBytes|rotatedFiles)$/,
  rateLimiting: /^(?:perSession|backends|classes|initialize|bytes|onStoreFailure)\b/,
};

function works(): string {
  const leaves = LEAVES.flatMap((leaf) => [leaf, ...fieldsWithin(leaf)]).filter((leaf) => {
    const [top, field = ""] = leaf.path;
    if (top === "backends[]") return TOOLHIVE_BACKEND.includes(field);
    // Ours, in a section of ToolHive's.
    if (top === "incomingAuth" && field === "jwt") return false;
    if (top === "incomingAuth" && field === "oidc") return isToolhiveOidc(leaf.path[2]);
    if (top === "aggregation" && OURS_OF_LISTS.test(field)) return false;
    if (OURS[top ?? ""]?.test(field)) return false;
    if (top === "outgoingAuth" && leaf.path.some((step) => OUR_STRATEGIES.includes(step)))
      return false;
    return isToolhive(top?.replace(/\[\]$|\.\*$/, "")) && !isSilent(leaf);
  });
  const rows = leaves.map((leaf) => {
    const { values, description } = about(leaf);
    return [code(leaf.path.join(".")), values, description];
  });
  return markdown(["Field", "Values", "What it does here"], rows);
}

function refused(): string {
  const rows = REFUSALS.map(({ path, allowed, rule, fix }) => [
    code(path),
    allowed ? allowed.map(code).join(", ") || "absent" : "empty, or disabled",
    rule,
    fix,
  ]);
  return markdown(["Field", "Allowed", "Rule", "What to do instead"], rows);
}

function errorLevels(): string {
  const rows = Object.entries(ERROR_LEVELS).map(([level, why]) => [code(level), why]);
  return markdown(["Level", "How it is said, and why"], rows);
}

function errors(): string {
  const rows = Object.entries(ERROR_TABLE).map(([name, row]: [string, ErrorRow]) => [
    code(name),
    code(row.level),
    `${row.httpStatus}${row.retryAfter ? " + `Retry-After`" : ""}${row.level === "either" ? ", or 200" : ""}`,
    String(row.rpcCode),
    row.message,
    row.client,
    row.operator,
  ]);
  const head = [
    "Name",
    "Level",
    "HTTP",
    "JSON-RPC",
    "Message",
    "For the client",
    "For the operator",
  ];
  return markdown(head, rows);
}

function spans(): string {
  const rows = SPANS.map(({ name, kind, help }) => [code(name), kind, help]);
  return markdown(["Span", "Kind", "What it is"], rows);
}

function attributes(): string {
  const rows = Object.values<AttributeDescription>(ATTRIBUTES).map(({ name, legacy, on, help }) => [
    code(name),
    legacy === undefined ? "–" : code(legacy),
    on,
    help,
  ]);
  return markdown(["Attribute", "Older name", "On spans", "What it says"], rows);
}

function described(head: string, table: Readonly<Record<string, string>>): string {
  const rows = Object.entries(table).map(([name, text]) => [code(name), text]);
  return markdown([head, "When it is written, or what it counts"], rows);
}

function metrics(): string {
  return metricRows(new Metrics().described);
}

function discoveryMetrics(): string {
  return metricRows(new DiscoverMetrics().described);
}

function metricRows(described: readonly MetricDescription[]): string {
  const rows = described.map(({ name, type, labels, help }) => [
    code(name),
    type,
    labels.map(code).join(", ") || "–",
    help,
  ]);
  return markdown(["Metric", "Type", "Labels", "Description"], rows);
}

function constants(table: Readonly<Record<string, Constant>>): string {
  const rows = Object.entries(table).map(([name, { value, unit, description, source }]) => [
    code(name),
    value.toLocaleString("en-US"),
    unit,
    description,
    source,
  ]);
  return markdown(["Constant", "Value", "Unit", "Description", "Source"], rows);
}

function example(): string {
  return ["```yaml", readFileSync(EXAMPLE_FILE, "utf8").trimEnd(), "```"].join("\n");
}

function inputs(): string {
  const rows = INPUT_NAMES.map((name) => {
    const { description, unit, default: usual, setting, loadFirst }: Input = INPUTS[name];
    const inLoad = setting === undefined || loadFirst ? [code(`load.${inputKey(name)}`)] : [];
    const inSettings = setting === undefined ? [] : [code(setting)];
    const printed = usual === undefined ? "–" : printInput(name, usual);
    return [code(name), [...inLoad, ...inSettings].join(", else "), unit, printed, description];
  });
  return markdown(["Input", "In a file", "Unit", "Default", "Description"], rows);
}

function servers(): string {
  const rows = SERVER_INPUT_NAMES.map((name) => {
    const { description, unit, default: usual }: Input = SERVER_INPUTS[name];
    const printed = usual === undefined ? "–" : amountText(usual, unit);
    return [code(name), code(inputKey(name)), unit, printed, description];
  });
  return markdown(["Input", "Key", "Unit", "Default", "Description"], rows);
}

interface StackKey {
  readonly type?: string;
  readonly default?: string | number;
  readonly description?: string;
}

function stackConfiguration(): string {
  const project = parse(readFileSync(join(import.meta.dirname, "../../Pulumi.yaml"), "utf8"));
  const keys: Readonly<Record<string, StackKey>> = project.config;
  const rows = Object.entries(keys).map(([key, { type = "string", description = "", ...rest }]) => [
    code(key.replace(`${project.name}:`, "")),
    type,
    code(String(rest.default)),
    description,
  ]);
  return markdown(["Key", "Type", "Default", "Description"], rows);
}

if (import.meta.main) {
  const schema = schemaText();
  writeFileSync(SCHEMA_FILE, schema);
  writeFileSync(IMPORT_ARGUMENTS_FILE, importArguments(JSON.parse(schema)));
  writeFileSync(DRAWING_FILE, planDrawing());
  for (const [file, text] of POLICY_PAGES) writeFileSync(join(DOCS, file), text);
  for (const file of new Set(TABLES.map((table) => table.file))) {
    const path = join(DOCS, file);
    writeFileSync(path, withTables(file, readFileSync(path, "utf8")));
  }
}
