import { isSection } from "@mcp-fleet/contract";
import { COMPONENT_ARGUMENTS } from "../component-arguments.ts";
import { ownValue } from "../own-value.ts";
import { type Component, type Program, Reference } from "../program.ts";
import { variablesOf } from "./typescript.ts";

/** The program in Python. */
export function pythonProgram({ components, name }: Program): string {
  const variables = variablesOf(components, (words) => words.replaceAll(/-+/g, "_"));
  const statements = components.flatMap((component) => {
    const members = COMPONENT_ARGUMENTS[component.type] ?? {};
    const args = Object.entries(component.args).map(
      ([key, value]) =>
        `    ${snakeCase(key)}=${literal(value, ownValue(members, key) ?? "", 4, variables)},\n`,
    );
    const call = `mcp_fleet.${component.type}(\n    ${text(component.name)},\n${args.join("")})`;
    return [`${variables.get(component)} = ${call}`, ""];
  });
  const urls = components
    .filter(({ type }) => type !== "RedisSentinel")
    .map((component) => `pulumi.export("${component.name}-url", ${variables.get(component)}.url)`);
  return [
    `"""${name}: imported from ToolHive by mcp-fleet. REPORT.md says what is different."""`,
    "",
    "import pulumi",
    "import pulumi_mcp_fleet as mcp_fleet",
    "",
    ...statements,
    ...urls,
    "",
  ].join("\n");
}

/** A value as Python: members of types in snake case, keys of maps as they are. */
function literal(
  value: unknown,
  type: string,
  indent: number,
  variables: ReadonlyMap<Component, string>,
): string {
  if (value instanceof Reference) return reference(value, indent, variables);
  if (Array.isArray(value)) {
    const inner = type.replace(/^\[\]/, "");
    return block(
      "[",
      "]",
      value.map((entry) => literal(entry, inner, indent + 4, variables)),
      indent,
    );
  }
  if (isSection(value)) {
    const members = COMPONENT_ARGUMENTS[type];
    const inner = type.replace(/^\{\}/, "");
    const parts = Object.entries(value).map(([key, entry]) => {
      const written = members ? snakeCase(key) : key;
      return `${text(written)}: ${literal(entry, ownValue(members, key) ?? inner, indent + 4, variables)}`;
    });
    return block("{", "}", parts, indent);
  }
  if (typeof value === "boolean") return value ? "True" : "False";
  return value === null ? "None" : text(value);
}

function reference(
  { component, plain }: Reference,
  indent: number,
  variables: ReadonlyMap<Component, string>,
) {
  if (component.type !== "RedisSentinel") return literal(plain, "BackendArgs", indent, variables);
  const store = variables.get(component);
  const sentinel = [
    `"master_name": ${store}.master_name`,
    `"addresses": ${store}.sentinel_addresses`,
    `"username": ${store}.username`,
  ];
  const parts = [
    `"sentinel": ${block("{", "}", sentinel, indent + 4)}`,
    `"username": ${store}.username`,
    `"password": ${store}.password`,
  ];
  return block("{", "}", parts, indent);
}

function block(open: string, close: string, parts: readonly string[], indent: number): string {
  if (parts.length === 0) return open + close;
  const line = `${open}${parts.join(", ")}${close}`;
  if (!line.includes("\n") && line.length + indent < 80) return line;
  const pad = " ".repeat(indent + 4);
  return `${open}\n${parts.map((part) => `${pad}${part},\n`).join("")}${" ".repeat(indent)}${close}`;
}

const snakeCase = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Text and numbers as JSON writes them are the same in Python. */
const text = (value: unknown) => JSON.stringify(value);
