import type { Section } from "@mcp-fleet/contract";
import { output } from "@pulumi/pulumi";
import type { Shape } from "../package-schema.ts";
import { isKnownMap, isLater } from "../process/placeholders.ts";
import { typeOf } from "./pod-template-schema.ts";

/**
 * Merges as `kubectl patch --type strategic` does, by the merge keys of Kubernetes' OpenAPI: maps member by member, lists
 * such as containers, env and volumes entry by entry, and all else as a whole. `null` removes a member, and an entry with
 * `$patch: delete` the entry of that key. An output replaces what is there, but for lists and maps that it is merged into.
 */
export function strategicMerge(base: unknown, patch: unknown, shape: Shape): unknown {
  if (patch === undefined) return base;
  const { mergeKey } = shape;
  if (isLater(patch)) {
    const merges = mergeKey !== undefined || isKnownMap(base);
    return merges ? output(patch).apply((known) => strategicMerge(base, known, shape)) : patch;
  }
  if (isKnownMap(base) && isKnownMap(patch)) return mergedMap(base, patch, typeOf(shape));
  if (Array.isArray(base) && Array.isArray(patch) && mergeKey !== undefined) {
    return mergedList(base, patch, mergeKey, shape.items ?? {});
  }
  return patch;
}

function mergedMap(base: Section, patch: Section, { properties = {} }: Shape): Section {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = strategicMerge(merged[name], value, properties[name] ?? {});
  }
  return merged;
}

function mergedList(
  base: readonly unknown[],
  patch: readonly unknown[],
  key: string,
  shape: Shape,
): unknown[] {
  const merged = [...base];
  for (const entry of patch) {
    const index = merged.findIndex((one) => keyOf(one, key) === keyOf(entry, key));
    const isDeleted = isKnownMap(entry) && entry.$patch === "delete";
    if (index < 0) merged.push(...(isDeleted ? [] : [entry]));
    else if (isDeleted) merged.splice(index, 1);
    else merged[index] = strategicMerge(merged[index], entry, shape);
  }
  return merged;
}

/** An entry whose key is not known yet is one of its own. */
function keyOf(entry: unknown, key: string): unknown {
  const value = isKnownMap(entry) ? entry[key] : undefined;
  return value === undefined || isLater(value) ? entry : value;
}
