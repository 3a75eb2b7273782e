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

/**
 * A configuration with something valid in the place of each output, so that all of it that is plain can be judged
 * before anything is registered. What an output turns out to be is judged by the process at its start.
 */
export function withPlaceholders(value: unknown, key = ""): unknown {
  if (Output.isInstance(value) || value instanceof Promise) return TEXTS[key] ?? NAME;
  if (Array.isArray(value)) {
    return value.map((entry, index) =>
      Output.isInstance(entry) && key === "allowedHosts"
        ? `${NAME}-${index}`
        : withPlaceholders(entry, key),
    );
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => [name, withPlaceholders(inner, name)]),
  );
}
