import { InputPropertiesError, output } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { McpServer, RedisSentinel, VirtualMcpServer } from "../../infra/index.ts";
import { CONTAINER, GITHUB, POD, STORE } from "../../testkit/pulumi/components.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

// What is wrong is given as `object`, past the types that would refuse it: other languages have none.
const gateway = (args: object) =>
  new VirtualMcpServer(
    "eng",
    Object.assign({ sessions: 1000, backends: [GITHUB], sessionStorage: STORE }, args),
  );
const server = (args: object) =>
  new McpServer("files", Object.assign({ image: "files:1", sessionStorage: STORE }, args));
const redis = (args: object) =>
  new RedisSentinel("sessions", Object.assign({ sessions: 10_000 }, args));

/** What a component refuses; it registers nothing, and says nothing in the log. */
async function refusal(declare: () => unknown): Promise<InputPropertiesError> {
  let refused: unknown;
  const { resources, lines } = await RecordedStack.of(() => {
    try {
      declare();
    } catch (error) {
      refused = error;
    }
  });
  expect(resources.map(({ kind }) => kind)).toEqual(["Stack"]);
  expect(lines).toEqual([]);
  if (refused instanceof InputPropertiesError) return refused;
  throw new Error("nothing is refused", { cause: refused });
}

/** Every fault, as its line in the message. */
async function faultsOf(declare: () => unknown): Promise<string[]> {
  const { errors, message } = await refusal(declare);
  const faults = errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
  expect(message.split("\n").slice(1)).toEqual(faults.map((fault) => `  ${fault}`));
  return faults;
}

type Case = readonly [fault: string, declare: () => unknown];

describe("an argument that the schema does not have so", () => {
  const lost = output("later");

  test.each<Case>([
    ["sesions: is not a known argument; did you mean sessions?", () => gateway({ sesions: 5 })],
    [
      "limits.callTimout: is not a known argument; did you mean callTimeout?",
      () => gateway({ limits: { callTimout: "5s" } }),
    ],
    [
      "backends[1].nmae: is not a known argument; did you mean name?",
      () => gateway({ backends: [GITHUB, { ...GITHUB, name: "b", nmae: "c" }] }),
    ],
    [
      "proxy.colour: is not a known argument; remove it",
      () => server({ proxy: { colour: "red" } }),
    ],
    ["sessions: is required; add it", () => gateway({ sessions: undefined })],
    ["sessions: is required; add it", () => redis({ sessions: undefined })],
    ["env[0].value: is required; add it", () => server({ env: [{ name: "A" }] })],
    [
      'sessions: invalid value "many": must be a number; pass a number',
      () => gateway({ sessions: "many" }),
    ],
    [
      "sessions: invalid value NaN: must be a number; pass a number",
      () => redis({ sessions: Number.NaN }),
    ],
    [
      "sessions: invalid value null: must be a number; pass a number",
      () => redis({ sessions: null }),
    ],
    [
      'backends[0].stateful: invalid value "yes": must be true or false; pass true or false',
      () => gateway({ backends: [{ ...GITHUB, stateful: "yes" }] }),
    ],
    [
      "session.idleTtl: invalid value 60: must be a string; pass a string",
      () => gateway({ session: { idleTtl: 60 } }),
    ],
    [
      "allowedHosts: invalid value (a string): must be a list; pass a list",
      () => gateway({ allowedHosts: "mcp.example.com" }),
    ],
    [
      "limits: invalid value (a list): must be a map of arguments; pass a map of arguments",
      () => gateway({ limits: [] }),
    ],
    [
      "podTemplate.metadata.labels: invalid value (a number): must be a map; pass a map",
      () => server({ podTemplate: { metadata: { labels: 5 } } }),
    ],
    [
      'engine: invalid value "redis": must be one of Redis, Valkey; did you mean Redis?',
      () => redis({ engine: "redis" }),
    ],
    [
      'transport: invalid value "carrier-pigeon": must be one of streamable-http, sse; use one of these values',
      () => server({ transport: "carrier-pigeon" }),
    ],
    [
      "sessions: invalid value (an output): must be a plain value, because it decides which resources are created; pass the value itself",
      () => gateway({ sessions: lost }),
    ],
    [
      "backends: invalid value (an output): must be a plain value, because it decides which resources are created; pass the value itself",
      () => gateway({ backends: lost }),
    ],
    [
      "acceptRisks.belowPlan: invalid value (an output): must be a plain value, because it decides which resources are created; pass the value itself",
      () => redis({ acceptRisks: { belowPlan: Promise.resolve("a reason") } }),
    ],
  ])("is refused: %s", async (fault, declare) => {
    expect(await faultsOf(declare)).toEqual([fault]);
  });

  test("may be an output where it decides nothing: texts, and lists of them as a whole", async () => {
    const { resources } = await RecordedStack.of(() => {
      gateway({
        namespace: output("mcp"),
        backends: [{ name: "pods", urls: output(["http://a/mcp", "http://b/mcp"]) }],
        podTemplate: { spec: { imagePullSecrets: output([{ name: "registry" }]) } },
      });
    });
    const deployment = resources.find(({ kind }) => kind === "Deployment");
    expect(deployment?.at("metadata.namespace")).toBe("mcp");
    expect(deployment?.at(`${POD}.imagePullSecrets`)).toEqual([{ name: "registry" }]);
  });
});

describe("an argument that cannot be", () => {
  test.each<Case>([
    [
      "callTimeoutMax: invalid value 5 minutes: must be a duration such as 30s; write it as 30s, 5m or 1h30m",
      () => server({ callTimeoutMax: "5 minutes" }),
    ],
    [
      "proxy.ceilings.memory: invalid value 2: must be a size such as 512Mi; write it as 512Mi or 2Gi",
      () => server({ proxy: { ceilings: { memory: "2" } } }),
    ],
    [
      "resources.cpu: invalid value one: must be an amount of CPU such as 250m; write it as 250m or 2",
      () => gateway({ resources: { cpu: "one" } }),
    ],
    [
      "backendReplicas: invalid value 1.5: must be a whole number from 1; set it to 1 or more",
      () => server({ backendReplicas: 1.5 }),
    ],
    [
      "clientPods: invalid value 0: must be a whole number from 1; set it to 1 or more",
      () => redis({ clientPods: 0 }),
    ],
    [
      "openedBackends: invalid value -1: must be at least 0; set it to the number of backends that a session calls",
      () => redis({ openedBackends: -1 }),
    ],
    [
      "incomingAuth: needs proxies, which ask for tokens; add sessionStorage, or set replicas: 1",
      () => server({ replicas: 0, incomingAuth: { type: "anonymous" } }),
    ],
    [
      "replicas: invalid value 3: must be absent with autoscaling, which sets the number of pods; remove it, or remove autoscaling",
      () => gateway({ replicas: 3, autoscaling: { maxReplicas: 9 } }),
    ],
    [
      "image: exactly one of image and url is required; set one of them",
      () => server({ image: undefined }),
    ],
    [
      "image: exactly one of image and url is required; remove one of them",
      () => server({ url: "http://a/mcp" }),
    ],
    [
      "sessionStorage: exactly one of address, sentinel and cluster is required; set one of them",
      () => gateway({ sessionStorage: {} }),
    ],
    [
      "sessionStorage: exactly one of address, sentinel and cluster is required; remove all but one of them",
      () => gateway({ sessionStorage: { ...STORE, address: "redis:6379" } }),
    ],
    [
      "sessionStorage: exactly one of address, sentinel and cluster is required; remove all but one of them",
      () => server({ sessionStorage: { ...STORE, cluster: CLUSTER } }),
    ],
    [
      "sessionStorage.db: invalid value 1: must be 0 if cluster is set: a Redis Cluster has one database; remove it, and tell fleets apart by keyPrefix",
      () => gateway({ sessionStorage: { cluster: CLUSTER, db: 1 } }),
    ],
    [
      'sessionStorage.keyPrefix: invalid value "{a}:": must be a name without braces if cluster is set: what comes before the colon is the hash tag; set it to a:',
      () => server({ sessionStorage: { cluster: CLUSTER, keyPrefix: "{a}:" } }),
    ],
    [
      "sessionStorage.cluster.shards: invalid value 0: must be a whole number from 1 to 1000; set it to 1 or more",
      () => gateway({ sessionStorage: { cluster: { ...CLUSTER, shards: 0 } } }),
    ],
    [
      "incomingAuth.oidc.clientSecretRef: must be absent if clientSecret is set; remove it, or remove clientSecret",
      () =>
        gateway({
          incomingAuth: {
            type: "oidc",
            oidc: { ...OIDC, clientSecret: "a", clientSecretRef: { name: "a", key: "b" } },
          },
        }),
    ],
    [
      "sessionStorage.passwordRef: must be absent if password is set; remove it, or remove password",
      () => gateway({ sessionStorage: { ...STORE, passwordRef: { name: "a", key: "b" } } }),
    ],
    [
      "sessionStorage.tls.caRef: must be absent if ca is set; remove it, or remove ca",
      () =>
        server({ sessionStorage: { ...STORE, tls: { ca: "a", caRef: { name: "a", key: "b" } } } }),
    ],
    [
      "tls: exactly one of secretName and issuer is required; set one of them",
      () => redis({ tls: {} }),
    ],
    [
      "resources.cpuLimit: invalid value 2: must be absent, because Sentinels take a throttled server for lost; remove it",
      () => redis({ resources: { cpuLimit: "2" } }),
    ],
    [
      "sessions: invalid value 200000: must be at most storageSessions, which is 100000: the volumes have room for that many; set storageSessions to 200000; for an existing store, docs/components/redis-sentinel.md says how to grow its volumes",
      () => redis({ sessions: 200_000 }),
    ],
    [
      "sessionKeys: must have at least 1 key; add a key, or remove it",
      () => gateway({ sessionKeys: [] }),
    ],
    [
      "proxy.sessionKeys: must have a key without signAfter, which signs now; remove signAfter from the oldest key",
      () => server({ proxy: { sessionKeys: [{ id: "a", signAfter: "2026-12-01T12:00:00Z" }] } }),
    ],
    [
      "sessionKeys[1].signAfter: invalid value tomorrow: must be a time with a UTC offset; write it as 2026-12-01T12:00:00Z",
      () => gateway({ sessionKeys: [{ id: "a" }, { id: "b", signAfter: "tomorrow" }] }),
    ],
    [
      "sessionKeys[1].id: invalid value a: must be unique; rename one of the two",
      () => gateway({ sessionKeys: [{ id: "a" }, { id: "a" }] }),
    ],
    [
      "sessionKeys[0].id: invalid value a-key-b: must be 1 to 20 lowercase letters, digits and dashes, without -key-; write it as 2026-12",
      () => gateway({ sessionKeys: [{ id: "a-key-b" }] }),
    ],
    [
      'podTemplate.metadata.labels["app.kubernetes.io/instance"]: is reserved for the component; choose another key',
      () =>
        redis({ podTemplate: { metadata: { labels: { "app.kubernetes.io/instance": "other" } } } }),
    ],
    [
      'podTemplate.metadata.annotations["mcp-fleet.dev/sessions"]: is reserved for the component; choose another key',
      () =>
        server({ podTemplate: { metadata: { annotations: { "mcp-fleet.dev/sessions": "1" } } } }),
    ],
    [
      "podTemplate.spec.securityContext.runAsUser: invalid value 0: must be the id of a user other than root; set it to 1 or more",
      () => gateway({ podTemplate: { spec: { securityContext: { runAsUser: 0 } } } }),
    ],
    [
      "acceptRisk: must be absent if acceptRisks.belowPlan is set; remove it",
      () => redis({ acceptRisk: "a laptop", acceptRisks: { belowPlan: "a laptop" } }),
    ],
    [
      "acceptRisks.belowPlan: must not be empty; write the reason, or remove it",
      () => redis({ acceptRisks: { belowPlan: " " } }),
    ],
    [
      'backends[1].name: invalid value "github": must be unique; rename one of the two',
      () => gateway({ backends: [GITHUB, GITHUB] }),
    ],
    [
      "podSessions: invalid value 999: must be at least 1000: the fullest pod's sessions while one pod is gone; raise it to 1000, run more replicas, or lower sessions",
      () => server({ podSessions: 999 }),
    ],
    [
      "load.openedBackends: invalid value 2: must be at most backends, which is 1; lower it, or raise backends",
      () => gateway({ load: { openedBackends: 2 } }),
    ],
    [
      "env[1].name: invalid value LOG_LEVEL: must be unique among env and secrets; rename or remove one of the two",
      () => server({ env: [LOG_LEVEL, LOG_LEVEL] }),
    ],
    [
      "secrets[0].targetEnvName: invalid value LOG_LEVEL: must be unique among env and secrets; rename or remove one of the two",
      () =>
        server({
          env: [LOG_LEVEL],
          secrets: [{ name: "a", key: "b", targetEnvName: "LOG_LEVEL" }],
        }),
    ],
    [
      "env[0].name: invalid value LOG LEVEL: must be the name of a variable: letters, digits, dots, dashes and underscores; write it as API_TOKEN",
      () => server({ env: [{ name: "LOG LEVEL", value: "debug" }] }),
    ],
    [
      "image: invalid value Files Server: must be the name of an image; write it as registry.example.com/name:1.2.3",
      () => server({ image: "Files Server" }),
    ],
    [
      "image: invalid value files:: must be the name of an image; write it as registry.example.com/name:1.2.3",
      () => gateway({ image: "files:" }),
    ],
    [
      "exporter.image: invalid value https://a/b:1: must be the name of an image; write it as registry.example.com/name:1.2.3",
      () => redis({ exporter: { image: "https://a/b:1" } }),
    ],
    [
      'podTemplate.metadata.labels["team"]: invalid value data & search: must be a label value: at most 63 letters, digits, dots, dashes and underscores; shorten it, or move it to an annotation',
      () => gateway({ podTemplate: { metadata: { labels: { team: "data & search" } } } }),
    ],
    [
      'podTemplate.metadata.labels["-team"]: must have a label key: 63 letters, digits, dots, dashes and underscores; write it as team or example.com/team',
      () => server({ podTemplate: { metadata: { labels: { "-team": "data" } } } }),
    ],
    [
      "httpRoute.parentRefs: must have at least 1 Gateway; add the Gateway, or remove httpRoute",
      () => gateway({ httpRoute: { hostnames: ["mcp.example.com"], parentRefs: [] } }),
    ],
  ])("is refused: %s", async (fault, declare) => {
    expect(await faultsOf(declare)).toEqual([fault]);
  });

  test.each<readonly [image: string]>([
    ["files"],
    ["files:1.2.3"],
    ["localhost:5000/team/files_server:v1"],
    ["registry.example.com/a/b-c/d:1@sha256:ab12"],
  ])("is taken as an image: %s", async (image) => {
    const { resources } = await RecordedStack.of(() => {
      server({ image });
    });
    const pods = resources.find(({ kind }) => kind === "StatefulSet");
    expect(pods?.at(`${CONTAINER}.image`)).toBe(image);
  });

  test("that gives up the names of pods, or takes pods away, is refused for a stateful server", async () => {
    const elastic = { workload: "Deployment", backendAutoscaling: { maxReplicas: 9 } };
    expect(await faultsOf(() => server({ stateful: true, ...elastic }))).toEqual([
      "workload: invalid value Deployment: must be StatefulSet with stateful, because sessions stay with the name of their pod; remove it, or remove stateful",
      "backendAutoscaling.maxReplicas: invalid value 9: must be absent for a stateful server, whose sessions end with their pod; remove it, or do not declare the server stateful",
    ]);
  });

  test("of pods is refused beside url, for each of 5 of them", async () => {
    const pods = { backendReplicas: 3, env: [], resources: { cpu: "1" }, port: 80, cost: {} };
    const rule =
      "must be absent with url, because the server runs elsewhere; remove it, or set image instead of url";
    expect(
      await faultsOf(() => server({ image: undefined, url: "http://a/mcp", ...pods })),
    ).toEqual(
      ["port", "backendReplicas", "env", "cost", "resources"].map((path) => `${path}: ${rule}`),
    );
  });

  test.each(["", "Eng", "1a", "a-", "a_b", "a.b", "a".repeat(41)])(
    "is refused, as the name %j",
    async (name) => {
      const { errors } = await refusal(() => new RedisSentinel(name, { sessions: 1 }));
      expect(errors.map(({ propertyPath }) => propertyPath)).toEqual(["name"]);
    },
  );

  test.each<readonly [argument: string, declare: () => unknown]>([
    ["allowedHosts[1]", () => gateway({ allowedHosts: ["a.example.com", "https://b"] })],
    ["ingress.host", () => gateway({ ingress: { host: "https://a" } })],
    [
      "httpRoute.hostnames[0]",
      () => gateway({ httpRoute: { hostnames: ["a:b"], parentRefs: [{ name: "web" }] } }),
    ],
    ["backends[0].url", () => gateway({ backends: [{ name: "a", url: "ftp://a" }] })],
    ["sessions", () => gateway({ sessions: -1 })],
    ["backends", () => gateway({ backends: [] })],
    ["sessionStorage", () => gateway({ sessions: 50_000, sessionStorage: undefined })],
    ["sessionStorage.sentinel.addresses[0]", () => server({ sessionStorage: sentinel("no port") })],
    ["autoscaling.maxReplicas", () => gateway({ autoscaling: { maxReplicas: 1 } })],
    [
      "aggregation.priorityOrder",
      () => gateway({ aggregation: { conflictResolution: "priority" } }),
    ],
    [
      "aggregation.tools[0].workload",
      () => gateway({ aggregation: { tools: [{ workload: "nobody" }] } }),
    ],
    ["port", () => server({ port: 70_000 })],
    ["path", () => server({ path: "mcp" })],
    ["podSessions", () => server({ podSessions: 20_000_000 })],
    [
      "backendAutoscaling.maxReplicas",
      () => server({ backendReplicas: 3, backendAutoscaling: { maxReplicas: 2 } }),
    ],
    ["cost.memory", () => server({ sessions: 50_000, cost: { memory: "256Mi" } })],
    ["proxy.nofile.ceiling", () => server({ proxy: { nofile: { ceiling: 10 } } })],
    ["proxy.session.cacheEntries", () => server({ proxy: { session: { cacheEntries: 0 } } })],
  ])(
    "is called as the user wrote it where plan or configuration refuse it: %s",
    async (argument, declare) => {
      const { errors } = await refusal(declare);
      expect(errors.map(({ propertyPath }) => propertyPath)).toEqual([argument]);
    },
  );

  test("is told with all the others in one error: 4 of them", async () => {
    const { message, errors } = await refusal(() =>
      gateway({
        sessions: "5000",
        spred: "Required",
        backends: [{ url: "http://a/mcp" }],
        serviceType: "ExternalName",
      }),
    );
    expect(errors).toHaveLength(4);
    expect(message.split("\n")).toEqual([
      'VirtualMcpServer "eng": 4 arguments are invalid.',
      '  sessions: invalid value "5000": must be a number; pass a number',
      "  backends[0].name: is required; add it",
      "  spred: is not a known argument; did you mean spread?",
      '  serviceType: invalid value "ExternalName": must be one of ClusterIP, NodePort, LoadBalancer; use one of these values',
    ]);
  });

  const every = [
    "of the schema, of the component, of the plan, of the configuration and of the risks",
  ] as const;
  test.each(every)("is told with all the others at once: %s", async () => {
    const paths = async (declare: () => unknown) =>
      (await refusal(declare)).errors.map(({ propertyPath }) => propertyPath);
    expect(
      await paths(() =>
        gateway({
          spred: "Required",
          image: "A B",
          load: { openedBackends: 2 },
          allowedHosts: ["https://b"],
          resources: { memory: "16Mi" },
        }),
      ),
    ).toEqual(["spred", "image", "load.openedBackends", "resources.memory", "allowedHosts[0]"]);
    expect(
      await paths(() =>
        server({
          colour: "red",
          port: 0,
          podSessions: 999,
          path: "mcp",
          proxy: { nofile: { ceiling: 10 }, resources: { memory: "x" } },
        }),
      ),
    ).toEqual([
      "colour",
      "port",
      "proxy.resources.memory",
      "podSessions",
      "path",
      "proxy.nofile.ceiling",
    ]);
    expect(
      await paths(() =>
        redis({ sessions: undefined, image: "A B", maxClients: 0, resources: { memory: "16Mi" } }),
      ),
    ).toEqual(["sessions", "maxClients", "image", "resources.memory"]);
  });

  test.each<readonly [component: string, paths: readonly string[], declare: () => unknown]>([
    [
      "VirtualMcpServer",
      ["sessions", "backends"],
      () => Reflect.construct(VirtualMcpServer, ["eng"]),
    ],
    ["McpServer", ["image"], () => Reflect.construct(McpServer, ["files"])],
    ["RedisSentinel", ["sessions"], () => Reflect.construct(RedisSentinel, ["sessions"])],
  ])("is missing where a %s has no arguments at all: %j", async (_, paths, declare) => {
    const { errors } = await refusal(declare);
    expect(errors.map(({ propertyPath }) => propertyPath)).toEqual(paths);
  });
});

const CLUSTER = { addresses: ["sessions.example.com:6379"] };

const OIDC = { issuer: "https://id.example.com", audience: "mcp", clientId: "gateway" };

const LOG_LEVEL = { name: "LOG_LEVEL", value: "debug" };

const sentinel = (address: string) => ({
  sentinel: { masterName: "main", addresses: [address] },
});

describe("a secret", () => {
  const SECRET = "hunter2";
  const asUrl = `redis://:${SECRET}@redis:6379`;

  test.each<readonly [argument: string, declare: () => unknown]>([
    ["sessionStorage", () => gateway({ sessionStorage: SECRET })],
    ["sessionStorage", () => server({ sessionStorage: { password: SECRET } })],
    ["sessionStorage.address", () => gateway({ sessionStorage: { address: asUrl } })],
    ["sessionStorage.sentinel", () => gateway({ sessionStorage: { sentinel: SECRET } })],
    ["sessionStorage.sentinel.addresses[0]", () => gateway({ sessionStorage: sentinel(asUrl) })],
    [
      "sessionStorage.password",
      () => gateway({ sessionStorage: { ...STORE, password: [SECRET] } }),
    ],
    ["sessionStorage.passwordRef", () => gateway({ sessionStorage: { passwordRef: SECRET } })],
    ["sessionStorage.pasword", () => gateway({ sessionStorage: { ...STORE, pasword: SECRET } })],
    ["ownerKey", () => gateway({ ownerKey: [SECRET] })],
    [
      "incomingAuth.oidc.clientSecret",
      () => gateway({ incomingAuth: { type: "oidc", oidc: { ...OIDC, clientSecret: [SECRET] } } }),
    ],
    ["proxy.ownerKey", () => server({ proxy: { ownerKey: { key: SECRET } } })],
    ["env", () => server({ env: `TOKEN=${SECRET}` })],
    ["env[0]", () => server({ env: [`TOKEN=${SECRET}`] })],
    ["env[0].value", () => server({ env: [{ name: "TOKEN", value: { of: SECRET } }] })],
    ["args", () => server({ args: `--token=${SECRET}` })],
    ["secrets[0]", () => server({ secrets: [`TOKEN=${SECRET}`] })],
    ["backends[0].url", () => gateway({ backends: [{ name: "a", url: `http://u:${SECRET}@a` }] })],
    ["url", () => server({ image: undefined, url: `ftp://u:${SECRET}@a/mcp` })],
  ])("is not shown where %s is wrong", async (argument, declare) => {
    const { message, errors } = await refusal(declare);
    expect(errors.map(({ propertyPath }) => propertyPath)).toContain(argument);
    expect(message + JSON.stringify(errors)).not.toContain(SECRET);
  });

  test("of 12345678 digits is not shown either", async () => {
    const numbers = { ownerKey: 12_345_678, sessionStorage: { ...STORE, password: 12_345_678 } };
    expect(await faultsOf(() => gateway(numbers))).toEqual([
      "sessionStorage.password: invalid value (hidden): must be a string; pass a string",
      "ownerKey: invalid value (hidden): must be a string; pass a string",
    ]);
  });
});

describe("a peer of a policy", () => {
  test.each([
    [
      { clients: [{}] },
      "networkPolicy.clients[0]: must have either labels or cidr; set cidr or labels",
    ],
    [
      { egress: [{ cidr: "10.0.0.0/8", podLabels: { a: "b" } }] },
      "networkPolicy.egress[0]: must have either labels or cidr; remove cidr, or the labels",
    ],
    [
      { clients: [{ cidr: "10.0.0.0/33" }] },
      "networkPolicy.clients[0].cidr: invalid value 10.0.0.0/33",
    ],
    [
      { egress: [{ cidr: "10.0.0.0/8", ports: [0] }] },
      "networkPolicy.egress[0].ports: invalid value 0: must be whole numbers from 1 to 65535",
    ],
  ])("is refused of %j", async (networkPolicy, fault) => {
    expect(await faultsOf(() => redis({ networkPolicy }))).toEqual([
      expect.stringContaining(fault),
    ]);
  });
});

describe("a user of a store", () => {
  test.each([
    [[{ name: "gateway" }], "users[0].name: invalid value gateway: must not be that of one of"],
    [[{ name: "A b" }], "users[0].name: invalid value A b: must be 1 to 40 lowercase letters"],
    [[{ name: "a" }, { name: "a" }], "users[1].name: invalid value a: must be unique"],
    [[{ name: "a", keyPrefix: "mcp-fleet:*:" }], "users[0].keyPrefix: invalid value mcp-fleet:*:"],
    [[{ name: "a", keyPrefix: "own:" }], "users[0].keyPrefix: invalid value own:: must start with"],
    [
      [{ name: "a" }, { name: "b", keyPrefix: "mcp-fleet:a:b:" }],
      "users[1].keyPrefix: invalid value mcp-fleet:a:b:: must not start with that of users[0]",
    ],
  ])("is refused as one of %j", async (users, fault) => {
    expect(await faultsOf(() => redis({ users }))).toEqual([expect.stringContaining(fault)]);
  });
});

describe("less than the plan", () => {
  const little = { memory: "64Mi", cpu: "1m" };

  test("is refused with the arithmetic that it contradicts and 3 ways out: 4 times of a gateway", async () => {
    const faults = await faultsOf(() =>
      gateway({ replicas: 1, resources: little, terminationGracePeriodSeconds: 60 }),
    );
    expect(faults).toEqual([
      "replicas: invalid value 1: must be at least 2, as planned: 2 pods = holding 1 + spareReplicas 1; remove it, set it to 2 or more, or explain in acceptRisks.belowPlan why less is right",
      expect.stringMatching(
        /^resources\.memory: invalid value 64Mi: must be at least \d+Mi, as planned: \d+Mi = process \d+Mi \+ sessions .*; remove it, set it to \d+Mi or more, or explain/,
      ),
      expect.stringMatching(
        /^resources\.cpu: invalid value 1m: must be at least \d+m, as planned: \d+ millicores = process \d+ \+ calls \d+ /,
      ),
      "terminationGracePeriodSeconds: invalid value 60 s: must be at least 330 s, as planned: 5m30s = preStop 5s + linger 10s + drain 5m + close 5s + headroom 10s; remove it, set it to 330 s or more, or explain in acceptRisks.belowPlan why less is right",
    ]);
  });

  test("is refused of a server and of its proxies, each by its own argument", async () => {
    const own = { resources: little, terminationGracePeriodSeconds: 60 };
    const { errors } = await refusal(() => server({ ...own, replicas: 1, proxy: own }));
    expect(errors.map(({ propertyPath }) => propertyPath)).toEqual([
      "resources.memory",
      "terminationGracePeriodSeconds",
      "replicas",
      "proxy.resources.memory",
      "proxy.resources.cpu",
      "proxy.terminationGracePeriodSeconds",
    ]);
  });

  test("is refused of a store, as is more than its volumes have room for", async () => {
    const { errors } = await refusal(() =>
      redis({ maxMemory: "10Mi", maxClients: 10, resources: { memory: "64Mi" } }),
    );
    const reasons = errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
    expect(reasons).toEqual([
      expect.stringMatching(
        /^maxMemory: invalid value 10Mi: must be at least \d+Mi, as planned: \d+Mi = /,
      ),
      expect.stringMatching(
        /^maxClients: invalid value 10: must be at least \d+, as planned: \d+ connections = /,
      ),
      expect.stringMatching(
        /^resources\.memory: invalid value 64Mi: must be at least \d+Mi, as planned: \d+Mi = /,
      ),
    ]);
    expect(await faultsOf(() => redis({ maxMemory: "1Ti" }))).toEqual([
      expect.stringMatching(
        /^maxMemory: invalid value 1Ti: must be at most \S+: volumes of \S+ have to hold \d+ % of it/,
      ),
    ]);
  });

  test("is not what the plan says to the number: 2 pods and 330 s are enough", async () => {
    const exact = { replicas: 2, terminationGracePeriodSeconds: 330 };
    const { resources } = await RecordedStack.of(() => gateway(exact));
    expect(resources.length).toBeGreaterThan(8);
    const [fault] = await faultsOf(() => gateway({ ...exact, terminationGracePeriodSeconds: 321 }));
    expect(fault).toContain("invalid value 321 s: must be at least 330 s, as planned");
  });

  test("is deployed at a risk that is accepted: a warning of each of 3, and the reason in the facts", async () => {
    const stack = await RecordedStack.of(() =>
      gateway({
        replicas: 1,
        resources: { memory: "128Mi" },
        terminationGracePeriodSeconds: 60,
        acceptRisks: { belowPlan: "a laptop" },
      }),
    );
    expect(stack.said("warning")).toEqual([
      "accepted risk (a laptop): replicas is 1, but must be at least 2, as planned: 2 pods = holding 1 + spareReplicas 1",
      expect.stringMatching(
        /^accepted risk \(a laptop\): resources\.memory is 128Mi, but must be at least \d+Mi, as planned: /,
      ),
      expect.stringMatching(
        /^accepted risk \(a laptop\): terminationGracePeriodSeconds is 60 s, but must be at least 330 s, as planned: /,
      ),
    ]);
    const deployment = stack.one("Deployment", "eng-gateway");
    expect(deployment.at("spec.replicas")).toBe(1);
    expect(deployment.at(`${CONTAINER}.resources.limits.memory`)).toBe("128Mi");
    expect(deployment.at(`${POD}.terminationGracePeriodSeconds`)).toBe(60);
    expect(stack.one("VirtualMcpServer", "eng").at("acceptRisks")).toEqual({
      belowPlan: "a laptop",
    });
    expect(deployment.map("metadata.annotations")).toMatchObject({
      "mcp-fleet.dev/accept-risks": '{"belowPlan":"a laptop"}',
    });
  });

  test("is warned of for a server, its proxies and a store alike, and not where nothing is below", async () => {
    const acceptRisks = { belowPlan: "a laptop" };
    const warnings = async (declare: () => unknown) =>
      (await RecordedStack.of(declare)).said("warning").map((line) => line.split(",")[0]);
    const few = { resources: { memory: "64Mi" } };
    expect(await warnings(() => server({ acceptRisks, ...few, proxy: few }))).toEqual([
      "accepted risk (a laptop): resources.memory is 64Mi",
      "accepted risk (a laptop): proxy.resources.memory is 64Mi",
    ]);
    expect(await warnings(() => redis({ acceptRisks, maxClients: 10 }))).toEqual([
      "accepted risk (a laptop): maxClients is 10",
    ]);
    expect(await warnings(() => gateway({ acceptRisks }))).toEqual([]);
    // The old name does the same, and says the new one.
    expect(await warnings(() => redis({ acceptRisk: "a laptop", maxClients: 10 }))).toEqual([
      "accepted risk (a laptop): maxClients is 10",
      "acceptRisk is deprecated: write its reason as acceptRisks.belowPlan",
    ]);
  });
});

describe("what no cluster takes", () => {
  const impossible = {
    resources: { cpu: "2", cpuLimit: "1" },
    terminationGracePeriodSeconds: 5,
  };
  const reasons = [
    "resources.cpuLimit: invalid value 1: must be at least the request, which is 2; set it to 2 or more, or lower resources.cpu",
    "terminationGracePeriodSeconds: invalid value 5: must be more than the 5 s of preStop; set it to 6 or more",
  ];

  test("is refused whatever risk is accepted: a limit below its request, 5 s to end with 5 s of preStop", async () => {
    const acceptRisks = { belowPlan: "a laptop" };
    expect(await faultsOf(() => gateway({ ...impossible, acceptRisks }))).toEqual(reasons);
    expect(await faultsOf(() => server({ ...impossible, acceptRisks }))).toEqual(reasons);
    expect(await faultsOf(() => server({ proxy: impossible, acceptRisks }))).toEqual([
      expect.stringMatching(/^proxy\.resources\.cpuLimit: invalid value 1: /),
      expect.stringMatching(/^proxy\.terminationGracePeriodSeconds: invalid value 5: /),
    ]);
  });

  test("is refused where there is no plan at all: pods of 64Mi", async () => {
    const { errors } = await refusal(() =>
      gateway({ ceilings: { memory: "64Mi" }, acceptRisks: { belowPlan: "a laptop" } }),
    );
    expect(errors.map(({ propertyPath }) => propertyPath)).toEqual(["ceilings.memory"]);
  });
});
