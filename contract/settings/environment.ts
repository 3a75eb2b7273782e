import { isSection, type Path, type Section, valueAt, withValue } from "../document.ts";
import { type Fault, fault, suggest } from "../faults.ts";
import type { Configuration } from "./configuration.ts";
import { LEAVES, type Leaf } from "./schema-walk.ts";

const PREFIX = "MCP_FLEET_";

/** Variables that are not settings: the first is read by a process that cannot start, the others are secrets. */
const RESERVED =
  /^MCP_FLEET_(?:TERMINATION_LOG|SESSION_KEYS|OWNER_KEY|ADMIN_TOKEN|SESSION_STORAGE_(?:SENTINEL_)?PASSWORD)$/;

/** The variable of a setting: `MCP_FLEET_SESSION_IDLE_TTL` for `session.idleTtl`. */
export function variableName(path: Path): string {
  const words = path.map((step) => String(step).replaceAll(/[A-Z]/g, (letter) => `_${letter}`));
  return PREFIX + words.join("_").toUpperCase();
}

const leafOf = new Map(LEAVES.map((leaf) => [variableName(leaf.path), leaf]));

/** Sections by variable. Only empty sections need one: others are made of the variables of their leaves. */
const sectionOf = new Map(
  LEAVES.flatMap(({ path }) => path.slice(1).map((_, index) => path.slice(0, index + 1))).map(
    (path) => [variableName(path), path],
  ),
);

/** The configuration as environment variables: deployers write them, and `decode` reads them back. */
export function encode(configuration: Configuration): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, leaf] of leafOf) {
    const value = valueAt(configuration, leaf.path);
    if (value === undefined) continue;
    variables[name] = leaf.plain.has(typeof value) ? String(value) : JSON.stringify(value);
  }
  for (const [name, path] of sectionOf) {
    const value = valueAt(configuration, path);
    if (isSection(value) && Object.keys(value).length === 0) variables[name] = "{}";
  }
  return variables;
}

/** The configuration of an environment, not validated yet. */
export interface Decoded {
  readonly configuration: Section;
  /** Unknown variables, and values that must be JSON and are not. */
  readonly faults: readonly Fault[];
}

/**
 * Reads the `MCP_FLEET_*` variables. `decode(encode(c)).configuration` deep-equals `c`.
 *
 * @param base the configuration that the variables override, such as that of a file.
 */
export function decode(
  environment: Readonly<Record<string, string | undefined>>,
  base: Section = {},
): Decoded {
  let configuration = base;
  const faults: Fault[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || text === undefined || RESERVED.test(name)) continue;
    const leaf = leafOf.get(name);
    const section = sectionOf.get(name);
    try {
      if (leaf) configuration = withValue(configuration, leaf.path, readLeaf(leaf, text));
      else if (section) configuration = withSection(configuration, section, text);
      else faults.push(unknownName(name, text));
    } catch {
      faults.push(
        section
          ? fault(
              [name],
              text,
              "must be {}: the keys of a section have their own variables",
              sectionFix(name),
            )
          : fault([name], text, "must be JSON", `write it as '["a"]', '{"key":"value"}' or null`),
      );
    }
  }
  return { configuration, faults };
}

/** Strings are kept as they are, and so is anything that should be a number or boolean and is not: the schema reports it. */
function readLeaf({ plain }: Leaf, text: string): unknown {
  if (plain.size === 0) return JSON.parse(text);
  if (plain.has("number") && /^(?:0|-?[1-9]\d{0,15})$/.test(text)) return Number(text);
  if (plain.has("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}

function withSection(configuration: Section, path: readonly string[], text: string): Section {
  if (text.trim() !== "{}") throw new SyntaxError("a section must be empty");
  return valueAt(configuration, path) === undefined
    ? withValue(configuration, path, {})
    : configuration;
}

function sectionFix(name: string): string {
  return `set the ${name}_… variables; docs/settings.md lists them`;
}

function unknownName(name: string, text: string): Fault {
  const meant = suggest(
    name.slice(PREFIX.length),
    [...leafOf.keys()].map((known) => known.slice(PREFIX.length)),
  );
  const fix = meant
    ? `did you mean ${PREFIX}${meant}?`
    : "unset it; docs/settings.md lists the known variables";
  return fault([name], text, "must be a known variable", fix);
}
