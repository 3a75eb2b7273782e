import { isSection, type Path } from "@mcp-fleet/contract";
import { COMPONENT_ARGUMENTS } from "./component-arguments.ts";
import { ownValue } from "./own-value.ts";
import { Reference } from "./program.ts";

/** Whether a component has an argument. */
export const hasArgument = (component: string, argument: string): boolean =>
  ownValue(COMPONENT_ARGUMENTS[component], argument) !== undefined;

/** A key of an existing Secret. */
export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

/**
 * A value as arguments of a type, without what the type does not have.
 *
 * @param type a name of COMPONENT_ARGUMENTS, or one of its values.
 * @param dropped where the paths of what it does not have are added.
 * @param secrets by the environment variable that a gateway reads them from: components refer to the Secret itself where
 * they can, as clientSecretRef instead of clientSecretEnv.
 */
export function asArguments(
  value: unknown,
  type: string,
  path: Path,
  dropped: Path[],
  secrets: ReadonlyMap<string, SecretKey> = new Map(),
): unknown {
  if (type === "" || value instanceof Reference) return value;
  if (type.startsWith("=")) {
    if (type.slice(1).split("|").includes(String(value))) return value;
    dropped.push(path);
    return undefined;
  }
  if (type.startsWith("[]")) {
    if (!Array.isArray(value)) return value;
    const inner = type.slice(2);
    return value.map((entry, index) =>
      asArguments(entry, inner, [...path, index], dropped, secrets),
    );
  }
  if (!isSection(value)) return value;
  const members = type.startsWith("{}") ? undefined : COMPONENT_ARGUMENTS[type];
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const member = members ? ownValue(members, key) : type.slice(2);
    if (member !== undefined) {
      const fitted = asArguments(inner, member, [...path, key], dropped, secrets);
      return fitted === undefined ? [] : [[key, fitted]];
    }
    const reference = key.replace(/Env$/, "Ref");
    const secret = typeof inner === "string" ? secrets.get(inner) : undefined;
    if (secret && ownValue(members, reference)) return [[reference, secret]];
    dropped.push([...path, key]);
    return [];
  });
  return Object.fromEntries(entries);
}
