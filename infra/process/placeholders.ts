import { Output } from "@pulumi/pulumi";

/** A text that every rule of the configuration takes for a name, and a URL that it takes for a URL. */
const NAME = "known-later";
const TEXTS: Readonly<Record<string, string>> = {
  url: "http://known-later:8080/mcp",
  urls: "http://known-later:8080/mcp",
  issuer: "https://known-later",
  jwks: "https://known-later/keys",
  resource: "https://known-later/mcp",
  address: "known-later:6379",
  addrs: "known-later:26379",
  srv: "_mcp._tcp.known-later.default.svc.cluster.local",
};

/** Settings that hold a list: programs in other languages may give all of it as one output. */
const LISTS: ReadonlySet<string> = new Set(["addrs", "urls"]);

/**
 * A configuration with something valid in the place of each output, so that all of it that is plain can be judged
 * before anything is registered. What an output turns out to be is judged by the process at its start.
 */
export function withPlaceholders(value: unknown, key = ""): unknown {
  if (isLater(value)) return LISTS.has(key) ? [placeholder(key)] : placeholder(key);
  if (Array.isArray(value)) {
    return value.map((entry, index) =>
      isLater(entry) ? placeholder(key, index) : withPlaceholders(entry, key),
    );
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => [name, withPlaceholders(inner, name)]),
  );
}

/** Whether a value becomes known only while a program runs. */
export const isLater = (value: unknown): boolean =>
  Output.isInstance(value) || value instanceof Promise;

/** Names of hosts differ from each other. */
function placeholder(key: string, index = 0): string {
  return TEXTS[key] ?? (key === "allowedHosts" ? `${NAME}-${index}` : NAME);
}
