import { at, cut, members, replace } from "../wire/json-text.ts";

/** As clients read it: a date, a time and where. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isRole = (value: unknown) => value === "user" || value === "assistant";

/** What MCP has in the annotations of items, and which values clients take there. */
const HINTS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["title", isText],
  ["readOnlyHint", isFlag],
  ["destructiveHint", isFlag],
  ["idempotentHint", isFlag],
  ["openWorldHint", isFlag],
  ["audience", (value) => Array.isArray(value) && value.every(isRole)],
  ["priority", (value) => typeof value === "number" && value >= 0 && value <= 1],
  ["lastModified", (value) => typeof value === "string" && TIMESTAMP.test(value)],
]);

/**
 * An item without those annotations whose value is of no use to anybody, such as `readOnlyHint: "yes"`: some clients refuse
 * the lists of all backends for one. What MCP does not have is passed on. An item without any is left as it is, byte for byte.
 */
export function withSoundAnnotations(text: string): string {
  const span = at(text, "annotations");
  if (span === undefined || !cut(text, span).startsWith("{")) return text;
  const all = members(text, span.start);
  const kept = all.filter(({ key, ...value }) => isSound(key, cut(text, value)));
  if (kept.length === all.length) return text;
  const sound = kept.map(({ key, ...value }) => `${JSON.stringify(key)}:${cut(text, value)}`);
  return replace(text, span, `{${sound.join(",")}}`);
}

/** Whether a tool says of itself that running it twice does no harm: by nothing but `true`. */
export function isRepeatable(text: string): boolean {
  return ["readOnlyHint", "idempotentHint"].some((key) => {
    const hint = at(text, "annotations", key);
    return hint !== undefined && cut(text, hint) === "true";
  });
}

function isSound(key: string, valueText: string): boolean {
  return HINTS.get(key)?.(JSON.parse(valueText)) ?? true;
}
