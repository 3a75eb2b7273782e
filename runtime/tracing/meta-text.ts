import { at, cut, replace, withMember } from "../wire/json-text.ts";
import type { TraceHeaders } from "./call-trace.ts";

/** The members of `_meta` that are the trace's; baggage there is between client and server. */
const OWN = ["traceparent", "tracestate"];

/** The text of a request with its trace in `params._meta`: everything else leaves as it came. */
export function withTrace(text: string, headers: TraceHeaders): string {
  const params = at(text, "params");
  const paramsText = params === undefined ? "{}" : cut(text, params);
  if (!paramsText.startsWith("{")) return text;
  const meta = at(paramsText, "_meta");
  let metaText = meta === undefined ? "{}" : cut(paramsText, meta);
  if (!metaText.startsWith("{")) return text;
  for (const name of OWN) {
    const value = headers[name];
    if (value !== undefined) metaText = withMember(metaText, name, JSON.stringify(value));
  }
  const changed = withMember(paramsText, "_meta", metaText);
  if (params === undefined) return withMember(text, "params", changed);
  return replace(text, params, changed);
}
