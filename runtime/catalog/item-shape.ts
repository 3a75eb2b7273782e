import { cut, elements, members } from "../wire/json-text.ts";
import { isObject } from "../wire/message.ts";
import type { ListName } from "../wire/methods.ts";

type Kind = "string" | "number" | "object" | "array";

/** What MCP has in items, whichever list they are of; whatever else stands there is passed on. */
const KINDS: Readonly<Record<string, Kind>> = {
  title: "string",
  description: "string",
  mimeType: "string",
  size: "number",
  icons: "array",
  arguments: "array",
  annotations: "object",
  execution: "object",
  inputSchema: "object",
  outputSchema: "object",
  _meta: "object",
};

/** What an item must have beside what it is known by. */
const REQUIRED: Readonly<Record<ListName, readonly string[]>> = {
  tools: ["inputSchema"],
  prompts: [],
  resources: ["name"],
  resourceTemplates: ["name"],
};

/** Members that hold any JSON, in which null means null. */
const ANY_JSON: ReadonlySet<string> = new Set(["inputSchema", "outputSchema", "_meta"]);

/**
 * An item without the members that are null, which some servers write for none. Clients refuse a whole list for one of
 * them: that of all backends. An item without any is left as it is, byte for byte.
 */
export function withoutNulls(text: string): string {
  if (!text.includes("null")) return text;
  if (text.startsWith("[")) {
    const values = elements(text).map((span) => cut(text, span));
    const kept = values.map(withoutNulls);
    return kept.some((value, index) => value !== values[index]) ? `[${kept.join(",")}]` : text;
  }
  if (!text.startsWith("{")) return text;
  let isChanged = false;
  const kept = members(text).flatMap((member) => {
    const value = cut(text, member);
    const rest = ANY_JSON.has(member.key) ? value : withoutNulls(value);
    isChanged ||= value === "null" || rest !== value;
    return value === "null" ? [] : [`${JSON.stringify(member.key)}:${rest}`];
  });
  return isChanged ? `{${kept.join(",")}}` : text;
}

/** Why clients would refuse a list for the sake of this item; undefined: they would not. */
export function faultOf(text: string, list: ListName): string | undefined {
  const item: unknown = JSON.parse(text);
  if (!isObject(item)) return "it must be an object";
  for (const key of REQUIRED[list]) if (item[key] === undefined) return `${key} is required`;
  if (list !== "tools" && typeof (item.name ?? "") !== "string") return "name must be a string";
  for (const [key, kind] of Object.entries(KINDS)) {
    const value = item[key];
    if (value !== undefined && kindOf(value) !== kind) return `${key} must be of the type ${kind}`;
  }
  for (const key of ["inputSchema", "outputSchema"]) {
    const schema = item[key];
    if (isObject(schema) && schema.type !== "object") return `${key}.type must be "object"`;
  }
  return undefined;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value;
}
