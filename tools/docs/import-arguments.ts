import { join } from "node:path";
import { COMPONENTS } from "../../infra/components.ts";
import type { PackageSchema, Shape } from "../../infra/package-schema.ts";

/** Where the arguments of the components are written for the import, which must not import the components. */
export const IMPORT_ARGUMENTS_FILE = join(
  import.meta.dirname,
  "../../runtime/import/component-arguments.ts",
);

const HEAD = `/**
 * The arguments of the components, for the programs that an import writes: by component and type, each member with its
 * type. "" is any value, [] a list, {} a map, = the values of a choice. Generated from infra/schema.json by make docs.
 */
export const COMPONENT_ARGUMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = `;

/** The file for a schema of the components. */
export function importArguments(schema: PackageSchema): string {
  const types: Record<string, Record<string, string>> = {};
  const pending: [string, Readonly<Record<string, Shape>>][] = Object.keys(COMPONENTS).map(
    (name) => [name, schema.resources[`mcp-fleet:index:${name}`]?.inputProperties ?? {}],
  );
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const [name, members] = next;
    if (types[name]) continue;
    const own: Record<string, string> = {};
    types[name] = own;
    for (const [key, shape] of Object.entries(members)) {
      // Functions, which a program has no text for.
      if (key === "transform") continue;
      own[key] = typeOf(schema, shape, pending);
    }
  }
  const text = Object.entries(types).map(([name, own]) => {
    const lines = Object.entries(own).map(
      ([key, type]) => `    ${key}: ${JSON.stringify(type)},\n`,
    );
    return lines.length > 0 ? `  ${name}: {\n${lines.join("")}  },\n` : `  ${name}: {},\n`;
  });
  // As the formatter of the repository wants it.
  return `${HEAD}{\n${text.join("")}};\n`;
}

function typeOf(
  schema: PackageSchema,
  shape: Shape,
  pending: [string, Readonly<Record<string, Shape>>][],
): string {
  if (shape.items) return `[]${typeOf(schema, shape.items, pending)}`;
  if (shape.additionalProperties) return `{}${typeOf(schema, shape.additionalProperties, pending)}`;
  const name = shape.$ref?.replace("#/types/", "") ?? "";
  const type = schema.types[name];
  if (type?.enum) return `=${type.enum.map(({ value }) => String(value)).join("|")}`;
  if (type?.properties === undefined) return "";
  const short = name.replace("mcp-fleet:index:", "");
  pending.push([short, type.properties]);
  return short;
}
