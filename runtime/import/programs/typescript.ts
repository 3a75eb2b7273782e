import { isSection } from "@mcp-fleet/contract";
import { type Component, type Program, Reference } from "../program.ts";

const WIDTH = 100;

/** The program in TypeScript. */
export function typescriptProgram({ components, name }: Program): string {
  const variables = variablesOf(components, camelCase);
  const types = [...new Set(components.map(({ type }) => type))].toSorted();
  const statements = components.map((component) => {
    const variable = variables.get(component);
    const args = literal(component.args, 0, variables);
    return `const ${variable} = new ${component.type}(${JSON.stringify(component.name)}, ${args});`;
  });
  const urls = components
    .filter(({ type }) => type !== "RedisSentinel")
    .map(
      (component) =>
        `export const ${variables.get(component)}Url = ${variables.get(component)}.url;`,
    );
  return [
    `// ${name}: imported from ToolHive by mcp-fleet. REPORT.md says what is different.`,
    `import { ${types.join(", ")} } from "mcp-fleet";`,
    "",
    ...statements.flatMap((statement) => [statement, ""]),
    ...urls,
    "",
  ].join("\n");
}

/** A value as JavaScript, in one line where it fits. */
function literal(
  value: unknown,
  indent: number,
  variables: ReadonlyMap<Component, string>,
): string {
  if (value instanceof Reference) return variables.get(value.component) ?? "undefined";
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const inner = indent + 2;
  const parts = Array.isArray(value)
    ? value.map((entry) => literal(entry, inner, variables))
    : Object.entries(value).map(
        ([key, entry]) => `${keyOf(key)}: ${literal(entry, inner, variables)}`,
      );
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return open + close;
  const space = isSection(value) ? " " : "";
  const line = `${open}${space}${parts.join(", ")}${space}${close}`;
  if (!line.includes("\n") && line.length + indent < WIDTH - 20) return line;
  const pad = " ".repeat(inner);
  return `${open}\n${parts.map((part) => `${pad}${part},\n`).join("")}${" ".repeat(indent)}${close}`;
}

// A key of this name would be the prototype of the object.
const keyOf = (key: string) =>
  key === "__proto__"
    ? '["__proto__"]'
    : /^[A-Za-z_$][\w$]*$/.test(key)
      ? key
      : JSON.stringify(key);

const KIND: Readonly<Record<Component["type"], string>> = {
  RedisSentinel: "store",
  McpServer: "server",
  VirtualMcpServer: "gateway",
};

/** A variable for each component, which is no word of a language: `githubServer`. */
export function variablesOf(
  components: readonly Component[],
  casing: (words: string) => string,
): ReadonlyMap<Component, string> {
  return new Map(
    components.map((component) => [component, casing(`${component.name}-${KIND[component.type]}`)]),
  );
}

const camelCase = (words: string) =>
  words.replaceAll(/-+(\w)/g, (_, letter: string) => letter.toUpperCase());
