import { readFileSync } from "node:fs";
import type { PackageSchema, Shape } from "../../infra/package-schema.ts";
import { SCHEMA_FILE } from "./component-schema.ts";
import { code } from "./generated-table.ts";

/** One argument, as a table shows it. */
export interface Argument {
  readonly name: string;
  /** From the component on: `load.callTime`, `backends[].name`. */
  readonly path: string;
  /** `number`, `string`, `list of BackendArgs`, or the values that it may have. */
  readonly type: string;
  /** The type of ours that describes its members or entries. */
  readonly members?: string;
  /** Whether a program may give an output for it. */
  readonly isInput: boolean;
  readonly isRequired: boolean;
  /** What it is for, without its default. */
  readonly about: string;
  /** As its comment says it; undefined where it says none. */
  readonly fallback?: string;
}

/** A type of arguments: that of a component, or one within it. */
export interface ArgumentType {
  readonly name: string;
  /** Where arguments of this type stand in the component; empty for the component's own. */
  readonly paths: readonly string[];
  readonly arguments: readonly Argument[];
}

/** An output of a component. */
export interface ComponentOutput {
  readonly name: string;
  readonly type: string;
  readonly about: string;
}

const PREFIX = "mcp-fleet:index:";
const REFERENCE = `#/types/${PREFIX}`;

const schema = (): PackageSchema => JSON.parse(readFileSync(SCHEMA_FILE, "utf8"));

/** The arguments of a component: its own first, then each type within them once, in the order in which they come. */
export function argumentTypes(component: string): ArgumentType[] {
  const { types, resources } = schema();
  const { inputProperties = {}, requiredInputs = [] } = resources[PREFIX + component] ?? {};
  const found = new Map<string, { paths: string[]; arguments: readonly Argument[] }>();
  const visit = (name: string, path: string, members: Shape) => {
    const all = argumentsOf(path, members, types);
    const known = found.get(name);
    if (known === undefined) found.set(name, { paths: path === "" ? [] : [path], arguments: all });
    else known.paths.push(path);
    for (const argument of all) {
      const { members: inner } = argument;
      if (inner === undefined) continue;
      visit(inner, entryPath(argument), types[PREFIX + inner] ?? {});
    }
  };
  visit(`${component}Args`, "", { properties: inputProperties, required: requiredInputs });
  return [...found].map(([name, rest]) => ({ name, ...rest }));
}

/** The outputs of a component. */
export function componentOutputs(component: string): ComponentOutput[] {
  const { types, resources } = schema();
  const { properties = {} } = resources[PREFIX + component] ?? {};
  return Object.entries(properties).map(([name, shape]) => ({
    name,
    type: typeText(shape, types),
    about: shape.description ?? "",
  }));
}

/** What a component is, as the comment of its class says. */
export function componentAbout(component: string): string {
  return schema().resources[PREFIX + component]?.description ?? "";
}

function entryPath({ path, type }: Argument): string {
  if (type.startsWith("list of")) return `${path}[]`;
  return type.startsWith("map of") ? `${path}.*` : path;
}

function argumentsOf(
  path: string,
  { properties = {}, required = [] }: Shape,
  types: PackageSchema["types"],
): Argument[] {
  return Object.entries(properties).map(([name, shape]) => {
    const members = membersOf(shape, types);
    const [about = "", ...fallback] = (shape.description ?? "").split(/\s*\bDefault: /);
    return {
      name,
      path: path === "" ? name : `${path}.${name}`,
      type: typeText(shape, types),
      ...(members !== undefined && { members }),
      isInput: !(shape.items ?? shape.additionalProperties ?? shape).plain,
      isRequired: required.includes(name),
      about: about.replaceAll("\n", " "),
      ...(fallback.length > 0 && { fallback: fallback.join("").replace(/\.$/, "") }),
    };
  });
}

/** The name of the type behind a reference, where it has members: an enumeration has values. */
function membersOf(shape: Shape, types: PackageSchema["types"]): string | undefined {
  const { $ref } = shape.items ?? shape.additionalProperties ?? shape;
  if (!$ref?.startsWith(REFERENCE)) return undefined;
  const name = $ref.slice(REFERENCE.length);
  return types[PREFIX + name]?.enum === undefined ? name : undefined;
}

function typeText(shape: Shape, types: PackageSchema["types"]): string {
  if (shape.items) return `list of ${typeText(shape.items, types)}`;
  if (shape.additionalProperties) return `map of ${typeText(shape.additionalProperties, types)}`;
  if (shape.$ref === undefined) return shape.type ?? "";
  if (!shape.$ref.startsWith(REFERENCE)) return "as in Kubernetes";
  const name = shape.$ref.slice(REFERENCE.length);
  const values = types[PREFIX + name]?.enum;
  return values === undefined ? name : values.map(({ value }) => code(String(value))).join(", ");
}
