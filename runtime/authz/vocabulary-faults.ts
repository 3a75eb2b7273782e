import { type Fault, fault, type Path, suggest } from "@mcp-fleet/contract";
import type { AttributeRead, EntityName, Mentions } from "./mentions.ts";
import { ACTIONS, ARGUMENT, CLAIM, ENTITY_TYPES, RESOURCE_ATTRIBUTES } from "./vocabulary.ts";

/** A policy in the text of a setting. */
export interface PolicyPlace {
  readonly path: Path;
  readonly text: string;
  readonly part: string;
}

/**
 * A policy about what does not exist never applies: a permission would be without effect, and so would a prohibition.
 *
 * @param ownTypes entity types of the configuration's own.
 */
export function vocabularyFaults(
  { path, text, part }: PolicyPlace,
  { entities, entityTypes, attributes }: Mentions,
  ownTypes: readonly string[],
): Fault[] {
  const types = [...ENTITY_TYPES, ...ownTypes];
  const faultAt = (word: string, rule: string, fix: string) => {
    const offset = Math.max(0, text.indexOf(part.trim()));
    const at = text.indexOf(word, offset);
    const line = text.slice(0, at < 0 ? offset : at).split("\n").length;
    return fault(path, part.trim(), `line ${line}: ${rule}`, fix);
  };
  const unknownTypes = entityTypes.filter((type) => !types.includes(type));
  const unknownActions = entities.filter(isUnknownAction);
  return [
    ...unknownTypes.map((type) =>
      faultAt(type, `there are no entities of the type ${type}`, oneOf(type, types)),
    ),
    ...unknownActions.map(({ id }) =>
      faultAt(id, `there is no Action::"${id}"`, oneOf(id, ACTIONS, ACTION_NAMES[id])),
    ),
    ...attributes.flatMap((read) => {
      const fix = fixOf(read);
      const rule = `${read.of} has no attribute ${read.name}`;
      return fix === undefined ? [] : [faultAt(read.name, rule, fix)];
    }),
  ];
}

/** MCP's own names of what policies call otherwise. */
const ACTION_NAMES: Readonly<Record<string, string>> = {
  "tools/call": "call_tool",
  "prompts/get": "get_prompt",
  "resources/read": "read_resource",
};

function isUnknownAction({ type, id }: EntityName): boolean {
  return type === "Action" && !ACTIONS.includes(id);
}

function oneOf(word: string, known: readonly string[], meant = suggest(word, known)): string {
  return meant === undefined ? `use one of ${known.join(", ")}` : `use ${meant}`;
}

/** What to write instead of an attribute that never exists; undefined where it may exist. */
function fixOf({ of, name }: AttributeRead): string | undefined {
  if (of === "principal" || of === "context") {
    const isArgument = of === "context" && name.startsWith(ARGUMENT);
    if (name.startsWith(CLAIM) || isArgument) return undefined;
    const what = of === "context" ? "a claim or an argument of the call" : "a claim";
    const instead = of === "context" ? `${CLAIM}${name} or ${ARGUMENT}${name}` : `${CLAIM}${name}`;
    return `use ${instead}: ${of} has ${what} under each of its attributes`;
  }
  if (of === "action") return name === "operation" ? undefined : "use action.operation";
  if (RESOURCE_ATTRIBUTES.includes(name) || name.startsWith(ARGUMENT)) return undefined;
  return oneOf(name, RESOURCE_ATTRIBUTES);
}
