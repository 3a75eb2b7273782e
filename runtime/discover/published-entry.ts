import { isSection, valueAt } from "@mcp-fleet/contract";
import { parse, stringify } from "yaml";
import type { BackendEntry } from "./backend-entry.ts";

/** One backend of the ConfigMap. */
export interface PublishedEntry {
  /** The kind and namespace of its object, as in `MCPServer tools`. */
  readonly source: string;
  /** The title of its object, as in `MCPServer tools/fetch`. */
  readonly object: string;
  /** What is in the ConfigMap. */
  readonly text: string;
}

/** The label of an entry that says of which object it is: what a restarted process knows of before. */
const LABEL = "discoveredFrom";

/** An entry as YAML, in the words of `backends[]`. */
export function entryText(entry: BackendEntry, object: string): string {
  return stringify({ ...entry, metadata: { [LABEL]: object } });
}

/** The key of a backend in the ConfigMap, which is its file in the gateways. */
export function keyOf(name: string): string {
  return `${name}.yaml`;
}

/** The entries of a ConfigMap's data by name. Keys that somebody else wrote are left out, and left alone. */
export function publishedEntries(data: unknown): Map<string, PublishedEntry> {
  const found = new Map<string, PublishedEntry>();
  for (const [key, text] of Object.entries(isSection(data) ? data : {})) {
    if (!key.endsWith(".yaml")) continue;
    const object = typeof text === "string" ? objectOf(text) : undefined;
    const source = object === undefined ? undefined : /^(\S+ [^/]+)\//.exec(object)?.[1];
    if (typeof text !== "string" || object === undefined || source === undefined) continue;
    found.set(key.slice(0, -".yaml".length), { source, object, text });
  }
  return found;
}

function objectOf(text: string): string | undefined {
  try {
    const value = valueAt(parse(text), ["metadata", LABEL]);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
