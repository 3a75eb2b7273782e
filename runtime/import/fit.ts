import { isSection, type Path } from "@mcp-fleet/contract";
import { COMPONENT_ARGUMENTS } from "./component-arguments.ts";
import { ownValue } from "./own-value.ts";
import { Reference } from "./program.ts";

/** Whether a component has an argument. */
export const hasArgument = (component: string, argument: string): boolean =>
  ownValue(COMPONENT_ARGUMENTS[component], argument) !== undefined;

/**
 * A value as arguments of a type, without what the type does not have.
 *
 * @param type a name of COMPONENT_ARGUMENTS, or one of its values.
 * @param dropped where the paths of what it does not have are added.
 */
export function fit(value: unknown, type: string, path: Path, dropped: Path[]): unknown {
  if (type === "" || value instanceof Reference) return value;
  if (type.startsWith("=")) {
    if (type.slice(1).split("|").includes(String(value))) return value;
    dropped.push(path);
    return undefined;
  }
  if (type.startsWith("[]")) {
    if (!Array.isArray(value)) return value;
    return value.map((entry, index) => fit(entry, type.slice(2), [...path, index], dropped));
  }
  if (!isSection(value)) return value;
  const members = type.startsWith("{}") ? undefined : COMPONENT_ARGUMENTS[type];
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const member = members ? ownValue(members, key) : type.slice(2);
    if (member === undefined) {
      dropped.push([...path, key]);
      return [];
    }
    const fitted = fit(inner, member, [...path, key], dropped);
    return fitted === undefined ? [] : [[key, fitted]];
  });
  return Object.fromEntries(entries);
}
