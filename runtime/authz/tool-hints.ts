import { at, cut, members } from "../wire/json-text.ts";
import { HINTS } from "./vocabulary.ts";

export type ToolHints = Readonly<Record<string, boolean>>;

/** The hints of a tool that it has, each a yes or a no: from the JSON text with which it is listed. */
export function hintsOf(text: string): ToolHints {
  const span = at(text, "annotations");
  if (span === undefined || !cut(text, span).startsWith("{")) return {};
  const flags = members(text, span.start).flatMap(({ key, ...value }) => {
    const said: unknown = HINTS.includes(key) ? JSON.parse(cut(text, value)) : undefined;
    return typeof said === "boolean" ? [[key, said] as const] : [];
  });
  return Object.fromEntries(flags);
}
