import { load } from "@mcp-fleet/contract/capacity";
import { type Configuration, jsonSchema, validate } from "@mcp-fleet/contract/settings";
import { expect, test } from "vitest";

const one: Configuration = { backends: [{ name: "a", url: "http://a/mcp" }] };

test("a configuration of one backend gets every default", () => {
  expect(validate(one)).toEqual({
    role: "gateway",
    name: "mcp-fleet",
    metadata: {},
    host: "127.0.0.1",
    port: 4483,
    adminPort: 9090,
    logLevel: "info",
    backends: [
      {
        name: "a",
        address: { kind: "url", url: "http://a/mcp" },
        transport: "streamable-http",
        metadata: {},
        stateful: false,
        routing: "spread",
        catalog: "shared",
        notifications: "calls",
      },
    ],
    aggregation: {
      conflictResolution: "prefix",
      prefixFormat: "{workload}_",
      priorityOrder: [],
      tools: [],
      prompts: [],
      resources: [],
      excludeAllTools: false,
      defaultToolVisibility: "allow",
    },
    configuration: { observeSeconds: 5, tolerancePercent: 5 },
    sessionStorage: { provider: "memory" },
    drain: { lingerSeconds: 10 },
    dns: { refreshSeconds: 5 },
    nofile: { mode: "degrade" },
    session: {
      idleTtlSeconds: 1800,
      maxSessions: 10_000,
      cacheEntries: 10_000,
      firstUseTimeoutSeconds: 10,
    },
    trustedProxies: [],
    listChanged: { enabled: true, disabledWorkloads: [] },
    limits: {
      bodyBytes: 8_388_608,
      callTimeoutSeconds: 60,
      callTimeoutMaxSeconds: 300,
      connectTimeoutSeconds: 10,
      podLossAfterSeconds: 10,
      initializeTimeoutSeconds: 30,
      requestTimeoutSeconds: 30,
      keepAliveSeconds: 15,
      upstreamConnections: 256,
      batchMessages: 100,
      views: 32,
      subscriptions: 256,
      clientBytes: 4096,
      streams: 2,
      catalogRefreshSeconds: 60,
      catalogRecheckSeconds: 600,
      catalogItems: 5_000,
      catalogPages: 1_000,
      catalogBytes: 4_194_304,
      catalogTemplates: 500,
      heldBodyBytes: 16 * 2 ** 20,
      bodyBytesPerClient: 2 * 2 ** 20,
      catalogBytesPerView: 128 * 2 ** 10,
      catalogReads: 256,
      sessionStreamWaitSeconds: 2,
      sessionStreamLingerSeconds: 30,
      crowdedPercent: 80,
      sessionCatalogBytes: 32 * 2 ** 20,
      listWaitSeconds: 5,
      credentialBytes: 16 * 2 ** 20,
      credentialTimeoutSeconds: 5,
      bodyDepth: 128,
      bodyMembers: 100_000,
      serverRequests: 100,
      messageBytes: 16 * 2 ** 20,
      heldBytes: 32 * 2 ** 20,
      subscriptionBytes: 32_768,
      callsPerSession: 64,
      queuedCalls: 256,
      queueTimeoutSeconds: 10,
    },
    health: {
      intervalSeconds: 30,
      timeoutSeconds: 10,
      initializeTimeoutSeconds: 10,
      unhealthyThreshold: 3,
      partialFailureMode: "best_effort",
    },
  });
});

test("a proxy of one backend has sessions of 2 h, a stream for each, and keys of its own", () => {
  const sessionStorage = { provider: "redis", address: "redis:6379", keyPrefix: "fleet" } as const;
  const settings = validate({ ...one, sessionStorage }, [], "proxy");
  expect(settings).toMatchObject({
    role: "proxy",
    session: { idleTtlSeconds: 7200 },
    sessionStorage: { keyPrefix: "fleet:proxy:a:" },
    backends: [{ notifications: "session" }],
  });
});

test("settings are frozen at every depth", () => {
  const settings = validate(one);
  expect(Object.isFrozen(settings)).toBe(true);
  expect(Object.isFrozen(settings.limits)).toBe(true);
  expect(Object.isFrozen(settings.backends[0]?.metadata)).toBe(true);
});

test("the call timeout is ours, then ToolHive's default, then 60 s", () => {
  const timeouts = { default: "20s" };
  expect(validate({ ...one, operational: { timeouts } }).limits.callTimeoutSeconds).toBe(20);
  const both = { ...one, operational: { timeouts }, limits: { callTimeout: "5s" } };
  expect(validate(both).limits.callTimeoutSeconds).toBe(5);
});

test("a backend's call timeout is its own, then ToolHive's perWorkload, then none", () => {
  const backends = ["a", "b", "c"].map((name) => ({ name, url: `http://${name}/mcp` }));
  const settings = validate({
    backends: backends.map((backend) =>
      backend.name === "a" ? { ...backend, callTimeout: "7s" } : backend,
    ),
    operational: { timeouts: { perWorkload: { a: "8s", b: "9s" } } },
  });
  expect(settings.backends.map((backend) => backend.callTimeoutSeconds)).toEqual([7, 9, undefined]);
});

test("maxLifetime none is no limit, 8h is 28800 s", () => {
  const lifetime = (maxLifetime: string) => validate({ ...one, session: { maxLifetime } }).session;
  expect(lifetime("none")).not.toHaveProperty("maxLifetimeSeconds");
  expect(lifetime("8h").maxLifetimeSeconds).toBe(28_800);
});

test("a health check waits no longer than its interval of 2 s", () => {
  const failureHandling = { healthCheckInterval: "2s" };
  expect(validate({ ...one, operational: { failureHandling } }).health.timeoutSeconds).toBe(2);
});

test("a plain number is a size in bytes, and empty keys of YAML say nothing", () => {
  const settings = validate({
    ...one,
    limits: { bodyBytes: 1000 },
    session: null,
    optimizer: null,
  });
  expect(settings.limits.bodyBytes).toBe(1000);
  expect(settings.session.maxSessions).toBe(10_000);
});

test("the JSON Schema is of what users write, with a description for each setting", () => {
  const schema = jsonSchema(load);
  expect(schema.anyOf).toEqual([{ required: ["backends"] }, { required: ["discovery"] }]);
  expect(schema).toMatchObject({
    additionalProperties: false,
    properties: {
      session: {
        properties: {
          idleTtl: {
            type: "string",
            description: expect.stringContaining("last message"),
          },
        },
      },
      port: { type: "integer", maximum: 65_535, description: expect.any(String) },
    },
  });
});

test.each(["10.0.0.0/8", "192.0.2.7", "fd00::/8", "::1"])("%s is a trusted proxy", (network) => {
  expect(validate({ ...one, trustedProxies: [network] }).trustedProxies).toEqual([network]);
});

test.each(["10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "fd00::/129", "example.com", "10.0.0.0/8/8"])(
  "%s is refused as a trusted proxy, with what it must be",
  (network) => {
    expect(() => validate({ ...one, trustedProxies: [network] })).toThrow(
      "must be an IP address or a network in CIDR notation",
    );
  },
);
