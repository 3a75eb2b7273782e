import { isObject } from "../wire/message.ts";

/** What one process hands to another for a server, apart from its own headers. */
export const PASSED_HEADER = "mcp-fleet-passed-headers";

export function encodeHeaders(headers: Readonly<Record<string, string>>): string {
  return Buffer.from(JSON.stringify(headers)).toString("base64url");
}

/** Undefined where there are none. @throws for what no process of ours wrote. */
export function decodeHeaders(encoded: string): Record<string, string> | undefined {
  if (encoded === "") return undefined;
  const headers: unknown = JSON.parse(Buffer.from(encoded, "base64url").toString());
  if (!isObject(headers)) throw new Error("the headers of another process are none");
  const values = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  return Object.fromEntries(values);
}
