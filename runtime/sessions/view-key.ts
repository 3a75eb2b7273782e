import { hash } from "node:crypto";
import { isObject } from "../wire/message.ts";

/** The capabilities of a client that declares none, as JSON text. */
export const BASE_CAPABILITIES = "{}";

/**
 * What servers choose their lists by: whether they can ask the client something, and what. All else that a client
 * declares is its own affair and the servers' of its session; a view for each would be work that any client can ask for.
 */
const MATTERS = {
  elicitation: ["form", "url"],
  roots: ["listChanged"],
  sampling: ["context", "tools"],
} as const;

/** What a view is called by clients like this one: equal for capabilities that are equal in what matters to lists. */
export function viewKey(capabilities: string): string {
  return hash("sha256", `${viewCapabilities(capabilities)}\n`, "base64url").slice(0, 22);
}

/** Of a client's capabilities, as JSON text, those that matter to lists, each in its shortest form. */
export function viewCapabilities(capabilities: string): string {
  const declared: unknown = JSON.parse(capabilities);
  const matters = Object.entries(MATTERS).flatMap(([name, members]) => {
    const value = memberOf(declared, name);
    if (!isObject(value)) return [];
    const kept = members.flatMap((member) => shortest(member, memberOf(value, member)));
    return [[name, Object.fromEntries(kept)]];
  });
  return JSON.stringify(Object.fromEntries(matters));
}

function shortest(name: string, value: unknown): [string, object | boolean][] {
  if (value === true) return [[name, true]];
  return isObject(value) ? [[name, {}]] : [];
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}
