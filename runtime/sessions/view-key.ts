import { createHash } from "node:crypto";

/** The capabilities of a client that declares none, as JSON text. */
export const BASE_CAPABILITIES = "{}";

/** What a view is called by clients like this one: equal for equal capabilities, in whatever order their keys come. */
export function viewKey(capabilities: string): string {
  const hash = createHash("sha256").update(`${canonical(JSON.parse(capabilities))}\n`);
  return hash.digest("base64url").slice(0, 22);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
