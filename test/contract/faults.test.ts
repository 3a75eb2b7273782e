import { ConfigError, type Fault, suggest } from "@mcp-fleet/contract";
import { type Role, validate } from "@mcp-fleet/contract/settings";
import { expect, test } from "vitest";

function faultsOf(document: unknown, role: Role = "gateway"): readonly Fault[] {
  try {
    validate(document, [], role);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const url = "http://a/mcp";
const one = { backends: [{ name: "a", url }] };
const two = {
  backends: [
    { name: "a", url },
    { name: "b", url },
  ],
};

test("type faults, unknown keys, refusals and conflicts of one document come at once", () => {
  const faults = faultsOf({
    port: "4483",
    sesion: {},
    backends: [{ name: "a", url, statful: true, transport: "http" }],
    outgoingAuth: { backends: { b: { type: "unauthenticated" } } },
    session: { maxSessions: 3, cacheEntries: 5, idleTtl: "soon" },
  });
  expect(faults.map(({ path }) => path).sort()).toEqual([
    "backends[0].statful",
    "backends[0].transport",
    "outgoingAuth.backends.b",
    "port",
    "sesion",
    "session.cacheEntries",
    "session.idleTtl",
  ]);
});

test.each<[string, object, Partial<Fault>]>([
  ["no backends", {}, { path: "backends", rule: "is required, and must be a list" }],
  ["an empty list of backends", { backends: [] }, { rule: "must have at least 1 entry" }],
  ["a mistyped key", { ...one, adminport: 1 }, { fix: 'did you mean "adminPort"?' }],
  ["a key in snake case", { ...one, group_ref: "x" }, { fix: 'did you mean "groupRef"?' }],
  [
    "a mistyped choice",
    { backends: [{ name: "a", url, catalog: "persession" }] },
    { fix: 'did you mean "perSession"?' },
  ],
  [
    "a number without a unit",
    { ...one, session: { idleTtl: 30 } },
    { value: "30", fix: "add a unit" },
  ],
  ["digits without a unit", { ...one, session: { idleTtl: "30" } }, { fix: "add a unit: 30s" }],
  ["a duration of 0s", { ...one, limits: { callTimeout: "0s" } }, { fix: "set it to 1ms or more" }],
  ["a duration of 25d", { ...one, session: { idleTtl: "25d" } }, { fix: "set it to 24d or less" }],
  [
    "none where a limit is needed",
    { ...one, limits: { keepAlive: "none" } },
    { rule: "must be a duration such as 30s" },
  ],
  [
    "a size of 8MB",
    { ...one, limits: { bodyBytes: "8MB" } },
    { rule: "must be a size such as 8Mi" },
  ],
  [
    "a body of more than half of limits.heldBodyBytes",
    { ...one, limits: { bodyBytes: "32Mi" } },
    {
      path: "limits.bodyBytes",
      value: '"32Mi"',
      rule: "must be at most half of limits.heldBodyBytes, which is 16Mi",
      fix: "lower it, or set limits.heldBodyBytes: 64Mi",
    },
  ],
  ["a fraction of a byte", { ...one, limits: { bodyBytes: 1.5 } }, { value: "1.5" }],
  ["a fraction of a port", { ...one, port: 1.5 }, { rule: "must be a whole number" }],
  ["port 65536", { ...one, port: 65_536 }, { rule: "must be at most 65535" }],
  ["equal ports", { ...one, port: 9090 }, { path: "adminPort" }],
  ["a name of a space", { backends: [{ name: "a b", url }] }, { path: "backends[0].name" }],
  ["an ftp backend", { backends: [{ name: "a", url: "ftp://a" }] }, { path: "backends[0].url" }],
  ["a host name with a port", { ...one, allowedHosts: ["a:80"] }, { path: "allowedHosts[0]" }],
  [
    "an origin with a path",
    { ...one, allowedOrigins: ["http://a/b"] },
    { path: "allowedOrigins[0]" },
  ],
  [
    "two backends of one name",
    { backends: [one.backends[0], one.backends[0]] },
    { path: "backends[1].name", rule: "must be unique" },
  ],
  [
    "a.b beside a_b",
    {
      backends: [
        { name: "a.b", url },
        { name: "a_b", url },
      ],
    },
    { rule: 'must not have the tool prefix of "a.b"' },
  ],
  [
    "priority without an order",
    { ...two, aggregation: { conflictResolution: "priority" } },
    {
      path: "aggregation.conflictResolutionConfig.priorityOrder",
      rule: "is required with conflictResolution priority",
    },
  ],
  [
    "a backend twice in priorityOrder",
    { ...two, aggregation: { conflictResolutionConfig: { priorityOrder: ["a", "a"] } } },
    { path: "aggregation.conflictResolutionConfig.priorityOrder[1]", rule: "must be unique" },
  ],
  [
    "an unknown backend in priorityOrder",
    { ...two, aggregation: { conflictResolutionConfig: { priorityOrder: ["c"] } } },
    { path: "aggregation.conflictResolutionConfig.priorityOrder[0]" },
  ],
  [
    "resources of an unknown backend",
    { ...two, aggregation: { resources: [{ workload: "c" }] } },
    { path: "aggregation.resources[0].workload" },
  ],
  [
    "two entries about the prompts of one backend",
    { ...two, aggregation: { prompts: [{ workload: "a" }, { workload: "a" }] } },
    { path: "aggregation.prompts[1].workload", rule: "must be unique" },
  ],
  [
    "two overrides of a backend to one name",
    {
      ...two,
      aggregation: {
        tools: [{ workload: "a", overrides: { x: { name: "z" }, y: { name: "z" } } }],
      },
    },
    {
      path: "aggregation.tools[0].overrides.y.name",
      rule: "must not be the name that x of a gets, too",
    },
  ],
  [
    "overrides of two backends to one name, with manual",
    {
      ...two,
      aggregation: {
        conflictResolution: "manual",
        tools: ["a", "b"].map((workload) => ({ workload, overrides: { x: { name: "z" } } })),
      },
    },
    { path: "aggregation.tools[1].overrides.x.name" },
  ],
  [
    "a tool's tag among its annotations",
    {
      ...two,
      aggregation: {
        tools: [{ workload: "a", overrides: { x: { annotations: { readonlyhint: true } } } }],
      },
    },
    {
      path: "aggregation.tools[0].overrides.x.annotations.readonlyhint",
      fix: 'did you mean "readOnlyHint"?',
    },
  ],
  [
    "a timeout of an unknown backend",
    { ...one, operational: { timeouts: { perWorkload: { x: "1s" } } } },
    { path: "operational.timeouts.perWorkload.x" },
  ],
  [
    "a call timeout over the cap",
    { ...one, limits: { callTimeout: "6m" } },
    { path: "limits.callTimeout", fix: "shorten it, or set limits.callTimeoutMax: 6m" },
  ],
  [
    "a backend's over the cap",
    { backends: [{ name: "a", url, callTimeout: "6m" }] },
    { path: "backends[0].callTimeout" },
  ],
  [
    "a cap under the default",
    { ...one, limits: { callTimeoutMax: "10s" } },
    { path: "limits.callTimeoutMax" },
  ],
  [
    "a check longer than its interval",
    {
      ...one,
      operational: { failureHandling: { healthCheckInterval: "5s", healthCheckTimeout: "6s" } },
    },
    { path: "operational.failureHandling.healthCheckTimeout" },
  ],
  [
    "more cache than sessions",
    { ...one, session: { maxSessions: 3, cacheEntries: 5 } },
    { path: "session.cacheEntries", rule: "must be at most session.maxSessions, which is 3" },
  ],
  [
    "a list for a section",
    { ...one, session: [] },
    { rule: "must be a map", value: "a list of 0 entries" },
  ],
  ["a document that is a list", [], { rule: "must be a map of settings" }],
])("%s is one fault that says so", (_, document, expected) => {
  const faults = faultsOf(document);
  expect(faults).toMatchObject([expected]);
});

test("a proxy hides and renames nothing: each of 5 ways to ask for it is a fault", () => {
  const entries = [{ workload: "a", excludeAll: true }];
  const lists = { tools: entries, prompts: entries, resources: entries };
  const aggregation = { ...lists, excludeAllTools: true, defaultToolVisibility: "deny" };
  expect(faultsOf({ ...one, aggregation }, "proxy").map(({ path }) => path)).toEqual(
    Object.keys(aggregation).map((key) => `aggregation.${key}`),
  );
  const idle = { tools: [], excludeAllTools: false, defaultToolVisibility: "allow" };
  expect(faultsOf({ ...one, aggregation: idle }, "proxy")).toEqual([]);
});

test('"" leaves the names of 2 backends unchanged, and a.b beside a_b is then fine', () => {
  const aggregation = { conflictResolutionConfig: { prefixFormat: "" } };
  const backends = ["a.b", "a_b"].map((name) => ({ name, url }));
  expect(faultsOf({ backends, aggregation })).toEqual([]);
});

test("a secret is not shown: not under a key that names one, not in a URL, not inside a map", () => {
  const faults = faultsOf({
    apiToken: "hunter2",
    codeMode: { headers: { authorization: "hunter2" } },
    backends: [{ name: "a", url: "http://user:hunter2@a/mcp?x=1", headers: { x: "hunter2" } }],
    metadata: { password: ["hunter2"] },
    aggregation: { conflictResolution: "http://a?api_key=hunter2" },
  });
  const printed = new ConfigError(faults);
  expect(faults).toHaveLength(6);
  expect(printed.message).not.toContain("hunter2");
  expect(JSON.stringify(printed.faults)).not.toContain("hunter2");
});

test("a value of 1000 characters is shown by its first 80", () => {
  const [fault] = faultsOf({ ...one, session: { idleTtl: "x".repeat(1000) } });
  expect(fault?.value).toHaveLength(81);
});

test("the printed form is one block a fault, with value, rule and fix", () => {
  const { message } = new ConfigError(faultsOf({ ...one, sesion: 1, port: -1 }));
  expect(message).toBe(`The configuration has 2 faults.

port
  value  -1
  rule   must be at least 0
  fix    set it to 0 or more

sesion
  value  1
  rule   must be a known key
  fix    did you mean "session"?`);
});

test("no word is suggested for one that is far from all", () => {
  expect(suggest("zzzzzz", ["session", "limits"])).toBeUndefined();
  expect(suggest("x", [])).toBeUndefined();
});
