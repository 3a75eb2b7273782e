import { ConfigError } from "@mcp-fleet/contract";
import { fieldsWithin, LEAVES, REFUSALS, validate } from "@mcp-fleet/contract/settings";
import { expect, test } from "vitest";
import * as z from "zod";

const FIELDS = LEAVES.flatMap((leaf) => [leaf, ...fieldsWithin(leaf)]);

/** What type jwt does not go without. */
const JWT = { issuer: "https://issuer.example.com", audience: "a", jwks: "/jwks.json" };

/** A document that holds a value at a refusal's path, beside what every document needs. */
function documentWith(path: string, value: unknown): object {
  const inner = path.split(".").reduceRight<unknown>((rest, step) => {
    if (step === "*") return { a: rest };
    if (step === "type" && rest === "jwt") return { type: rest, jwt: JWT };
    if (!step.endsWith("[]")) return { [step]: rest };
    const needed = step === "backends[]" ? { name: "a", url: "http://a/mcp" } : { workload: "a" };
    return { [step.slice(0, -2)]: [{ ...needed, ...Object(rest) }] };
  }, value);
  const discovery = { directory: "/etc/mcp-fleet/backends" };
  return { backends: [{ name: "a", url: "http://a/mcp" }], discovery, ...Object(inner) };
}

function pathsOf(document: object): string[] {
  try {
    validate(document);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ path }) => path);
    throw error;
  }
  return [];
}

const concrete = (path: string) => path.replaceAll("[]", "[0]").replaceAll("*", "a");

test.each(REFUSALS.map(({ path }) => path))("%s is refused by name, once", (path) => {
  expect(pathsOf(documentWith(path, "redis"))).toEqual([concrete(path)]);
  expect(pathsOf(documentWith(path, { enabled: true }))).toEqual([concrete(path)]);
});

/** What else a value asks for. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  '"cedar"': ["incomingAuth.authz.policies"],
};

test.each(
  REFUSALS.flatMap(({ path, allowed = [null, [], {}, { enabled: false, threshold: 5 }, false] }) =>
    allowed.map((value) => [path, JSON.stringify(value)] as const),
  ),
)("%s: %s is accepted", (path, value) => {
  expect(pathsOf(documentWith(path, JSON.parse(value)))).toEqual(NEEDED[value] ?? []);
});

test("optimizer: {} is refused, since the key alone turns ToolHive's on, and optimizer: null is not", () => {
  expect(pathsOf(documentWith("optimizer", {}))).toEqual(["optimizer"]);
  expect(pathsOf(documentWith("optimizer", null))).toEqual([]);
});

test("each strategy of each of 2 backends is a fault of its own", () => {
  const strategy = { type: "upstream_inject", upstreamInject: { providerName: "x" } };
  const backends = ["a", "b"].map((name) => ({ name, url: "http://a/mcp" }));
  const paths = pathsOf({ backends, outgoingAuth: { backends: { a: strategy, b: strategy } } });
  expect(paths).toEqual(["outgoingAuth.backends.a.type", "outgoingAuth.backends.b.type"]);
});

test("a strategy without a type is not taken for one that is supported", () => {
  const strategy = { headerInjection: { headerName: "X" } };
  expect(pathsOf(documentWith("outgoingAuth.default", strategy))).toEqual([
    "outgoingAuth.default.type",
  ]);
});

test("every refusal is of a field that the schema knows, and every refused field has a refusal", () => {
  const known = FIELDS.map(({ path }) => path.join("."));
  const refused = REFUSALS.map(({ path }) => path);
  expect(refused.filter((path) => !known.includes(path))).toEqual([]);
  const marked = FIELDS.filter(({ schema }) =>
    z.toJSONSchema(schema, { io: "input" }).description?.startsWith("Not supported:"),
  ).map(({ path }) => path.join("."));
  expect(marked.length).toBeGreaterThan(5);
  expect(marked.filter((path) => !refused.includes(path))).toEqual([]);
});
