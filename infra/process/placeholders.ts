import { isSection, type Section } from "@mcp-fleet/contract";
import { Output } from "@pulumi/pulumi";

/** Placeholders that pass the validation of names, URLs and roles. */
const NAME = "known-later";
const ROLE = "arn:aws:iam::000000000000:role/known-later";
const TEXTS: Readonly<Record<string, string>> = {
  url: "http://known-later:8080/mcp",
  urls: "http://known-later:8080/mcp",
  issuer: "https://known-later",
  jwks: "https://known-later/keys",
  jwksUrl: "https://known-later/keys",
  introspectionUrl: "https://known-later/introspect",
  tokenUrl: "https://known-later/token",
  idpTokenUrl: "https://known-later/token",
  targetTokenUrl: "https://known-later/token",
  stsUrl: "https://known-later/",
  roleArn: ROLE,
  fallbackRoleArn: ROLE,
  loginUrl: "https://known-later/login",
  resource: "https://known-later/mcp",
  address: "known-later:6379",
  addrs: "known-later:26379",
  srv: "_mcp._tcp.known-later.default.svc.cluster.local",
};

/** Settings that are lists: programs in other languages may pass the whole list as one output. */
const LISTS: ReadonlySet<string> = new Set(["addrs", "urls"]);

/**
 * Replaces each output in a configuration with a valid placeholder, so that its plain values can be validated
 * before any resource is registered. The process validates the values of outputs when it starts.
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

/** Whether a value is an output or a promise. */
export const isLater = (value: unknown): boolean =>
  Output.isInstance(value) || value instanceof Promise;

/** Whether a value is a map whose members are known, each for itself. */
export const isKnownMap = (value: unknown): value is Section => isSection(value) && !isLater(value);

/** Host names must differ from each other. */
function placeholder(key: string, index = 0): string {
  return TEXTS[key] ?? (key === "allowedHosts" ? `${NAME}-${index}` : NAME);
}
