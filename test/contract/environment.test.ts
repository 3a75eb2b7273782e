import {
  type Configuration,
  decode,
  encode,
  LEAVES,
  variableName,
} from "@mcp-fleet/contract/settings";
import fc from "fast-check";
import { expect, test } from "vitest";

/** Any value that a leaf may be written as; what it means does not matter to the codec. */
function anyLeaf(plain: ReadonlySet<string>): fc.Arbitrary<unknown> {
  // JSON has no -0.
  if (plain.size === 0) return fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));
  const arbitraries = [];
  // Digits alone are a number where a leaf takes both, such as a size.
  const text = plain.has("number") ? fc.string().map((string) => `${string} Mi`) : fc.string();
  if (plain.has("string")) arbitraries.push(text);
  if (plain.has("number")) arbitraries.push(fc.nat());
  if (plain.has("boolean")) arbitraries.push(fc.boolean());
  return fc.oneof(...arbitraries);
}

/** A configuration with any of the leaves below a path, empty sections included. */
function anySection(depth: number, leaves: typeof LEAVES): fc.Arbitrary<object> {
  const byKey = Map.groupBy(leaves, ({ path }) => path[depth] ?? "");
  const fields = [...byKey].map(([key, inner]) => {
    const [leaf] = inner;
    const isLeaf = leaf !== undefined && leaf.path.length === depth + 1;
    return [key, isLeaf ? anyLeaf(leaf.plain) : anySection(depth + 1, inner)] as const;
  });
  return fc.record(Object.fromEntries(fields), { requiredKeys: [], noNullPrototype: true });
}

test("any configuration comes back from the environment as it was, in 300 random ones", () => {
  fc.assert(
    fc.property(anySection(0, LEAVES), (any) => {
      const configuration = any as Configuration;
      const { configuration: decoded, faults } = decode(encode(configuration));
      expect(faults).toEqual([]);
      expect(decoded).toEqual(configuration);
    }),
    { numRuns: 300 },
  );
});

test("scalars stand in variables as they are, lists and maps as JSON, an empty section as {}", () => {
  const configuration: Configuration = {
    port: 0,
    session: { idleTtl: "1h" },
    limits: {},
    allowedHosts: ["localhost"],
    aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
    operational: { timeouts: { perWorkload: { a: "5s" } } },
    backends: [{ name: "a", url: "http://a/mcp", stateful: true }],
  };
  expect(encode(configuration)).toEqual({
    MCP_FLEET_PORT: "0",
    MCP_FLEET_SESSION_IDLE_TTL: "1h",
    MCP_FLEET_LIMITS: "{}",
    MCP_FLEET_ALLOWED_HOSTS: '["localhost"]',
    MCP_FLEET_AGGREGATION_CONFLICT_RESOLUTION_CONFIG_PREFIX_FORMAT: "",
    MCP_FLEET_OPERATIONAL_TIMEOUTS_PER_WORKLOAD: '{"a":"5s"}',
    MCP_FLEET_BACKENDS: '[{"name":"a","url":"http://a/mcp","stateful":true}]',
  });
});

test("no two settings share a variable", () => {
  const names = LEAVES.map(({ path }) => variableName(path));
  expect(names.length).toBeGreaterThan(50);
  expect(new Set(names).size).toBe(names.length);
});

test("an unknown MCP_FLEET_ variable is a fault that suggests the one meant", () => {
  const { faults } = decode({
    MCP_FLEET_SESION_IDLE_TTL: "1h",
    HOME: "/",
    MCP_FLEET_QQQQQQQQ: "x",
  });
  expect(faults).toMatchObject([
    { path: "MCP_FLEET_SESION_IDLE_TTL", fix: "did you mean MCP_FLEET_SESSION_IDLE_TTL?" },
    { path: "MCP_FLEET_QQQQQQQQ", value: '"x"' },
  ]);
});

test("variables that are no settings of the file are left alone", () => {
  const { configuration, faults } = decode({
    MCP_FLEET_TERMINATION_LOG: "/dev/termination-log",
    MCP_FLEET_SESSION_KEYS: "a",
    MCP_FLEET_OWNER_KEY: "b",
  });
  expect({ configuration, faults }).toEqual({ configuration: {}, faults: [] });
});

test("a list that is not JSON and a section that is not empty are faults, both at once", () => {
  const { faults } = decode({ MCP_FLEET_BACKENDS: "a,b", MCP_FLEET_SESSION: '{"idleTtl":"1h"}' });
  expect(faults.map(({ path }) => path)).toEqual(["MCP_FLEET_BACKENDS", "MCP_FLEET_SESSION"]);
});

test("a variable overrides its own key of the base and leaves the others", () => {
  const base = { session: { idleTtl: "1h", maxSessions: 5 }, name: "a" };
  const { configuration } = decode({ MCP_FLEET_SESSION_IDLE_TTL: "2h" }, base);
  expect(configuration).toEqual({ session: { idleTtl: "2h", maxSessions: 5 }, name: "a" });
});
