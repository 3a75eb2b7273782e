import { isSection, type Path, type Section, valueAt, withValue } from "../document.ts";
import { type Fault, fault, suggest } from "../faults.ts";
import type { Configuration } from "./configuration.ts";
import { LEAVES, type Leaf } from "./schema-walk.ts";

const PREFIX = "MCP_FLEET_";

/** Names of ours that are no setting: a process that cannot start reads the first, the others are secrets. */
const RESERVED =
  /^MCP_FLEET_(?:TERMINATION_LOG|SESSION_KEYS|OWNER_KEY|ADMIN_TOKEN|SESSION_STORAGE_(?:SENTINEL_)?PASSWORD)$/;

/** The variable of a setting: `session.idleTtl` is `MCP_FLEET_SESSION_IDLE_TTL`. */
export function variableName(path: Path): string {
  const words = path.map((step) => String(step).replaceAll(/[A-Z]/g, (letter) => `_${letter}`));
  return PREFIX + words.join("_").toUpperCase();
}

const leafOf = new Map(LEAVES.map((leaf) => [variableName(leaf.path), leaf]));

/** Sections by variable; only an empty one needs it, since the variables of its leaves say the rest. */
const sectionOf = new Map(
  LEAVES.flatMap(({ path }) => path.slice(1).map((_, index) => path.slice(0, index + 1))).map(
    (path) => [variableName(path), path],
  ),
);

/** The configuration as environment variables: what a deployer writes and `decode` reads back. */
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

/** What the environment says, before it is judged as a configuration. */
export interface Decoded {
  readonly configuration: Section;
  /** Unknown names, and values that are not the JSON they have to be. */
  readonly faults: readonly Fault[];
}

/**
 * Reads the `MCP_FLEET_*` variables. `decode(encode(c)).configuration` deep-equals `c`.
 *
 * @param base what holds where no variable says otherwise, such as what a file says.
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
              "{}: the keys of a section have variables of their own",
              sectionFix(name),
            )
          : fault([name], text, "JSON", `write it as '["a"]', '{"key":"value"}' or null`),
      );
    }
  }
  return { configuration, faults };
}

/** Text stands as it is; what is no number or boolean stays text, for the schema to refuse. */
function readLeaf({ plain }: Leaf, text: string): unknown {
  if (plain.size === 0) return JSON.parse(text);
  if (plain.has("number") && /^(?:0|-?[1-9]\d{0,15})$/.test(text)) return Number(text);
  if (plain.has("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}

function withSection(configuration: Section, path: readonly string[], text: string): Section {
  if (text.trim() !== "{}") throw new SyntaxError("a section is only ever empty");
  return valueAt(configuration, path) === undefined
    ? withValue(configuration, path, {})
    : configuration;
}

function sectionFix(name: string): string {
  return `set ${name}_…, as docs/settings.md lists them`;
}

function unknownName(name: string, text: string): Fault {
  const meant = suggest(
    name.slice(PREFIX.length),
    [...leafOf.keys()].map((known) => known.slice(PREFIX.length)),
  );
  const fix = meant
    ? `did you mean ${PREFIX}${meant}?`
    : "unset it; docs/settings.md lists the known variables";
  return fault([name], text, "the variable of a setting", fix);
}
