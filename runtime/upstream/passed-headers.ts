import type { IncomingHttpHeaders } from "node:http";

/**
 * The headers of a client's request that go to a backend. One that `Connection` names belongs to that connection, whatever
 * it is called.
 *
 * @param names in lower case.
 */
export function passedHeaders(
  incoming: IncomingHttpHeaders,
  names: readonly string[],
): Record<string, string> {
  const ofConnection = new Set(
    (incoming.connection ?? "").split(",").map((name) => name.trim().toLowerCase()),
  );
  const passed: Record<string, string> = {};
  for (const name of names) {
    const value = incoming[name];
    if (typeof value === "string" && !ofConnection.has(name)) passed[name] = value;
  }
  return passed;
}
