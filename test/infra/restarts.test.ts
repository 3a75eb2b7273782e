import { describe, expect, test } from "vitest";
import { McpServer, RedisSentinel, VirtualMcpServer } from "../../infra/index.ts";
import { GITHUB, STORE } from "../../testkit/pulumi/components.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";
import { argumentTypes } from "../../tools/docs/component-arguments.ts";
import { RESTARTS, restartedBy } from "../../tools/docs/restarts.ts";

type Args = Readonly<Record<string, unknown>>;

/** Arguments before and after a change. */
type Change = readonly [before: Args, after: Args];

const to = (path: string, after: unknown, before?: unknown): Change => {
  const at = (value: unknown) =>
    value === undefined
      ? {}
      : path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  return [at(before) as Args, at(after) as Args];
};

const [a, b] = ["a.example.com", "b.example.com"];
const ROUTE = { hostnames: [a], parentRefs: [{ name: "public" }] };
const CA = { ca: "-----BEGIN CERTIFICATE-----" };

const ANNOTATED_ACCOUNT = to("serviceAccount.annotations", { "eks.amazonaws.com/role-arn": a });
const OTHER_ACCOUNT = to("serviceAccount", { create: false, name: "other" });

const METADATA: readonly Change[] = [to("labels", { team: "a" }), to("annotations", { note: "b" })];

/** One change at least for each argument that restarts nothing; one for each path that restarts somebody. */
const OF_A_PROCESS: readonly Change[] = [
  to("image", "fleet:2"),
  to("imagePullPolicy", "Always"),
  to("spareReplicas", 3),
  to("load.callTime", "5s"),
  to("ceilings.sessionsPerReplica", 500),
  to("resources.memory", "4Gi"),
  to("nofile.mode", "NriAnnotation"),
  to("session.idleTtl", "1h"),
  to("limits.callTimeoutMax", "10m"),
  to("limits.streams", 3),
  to("operational.logLevel", "debug"),
  to("outgoingAuth.default", {
    type: "header_injection",
    headerInjection: { headerName: "X-API-Key", headerValue: "a" },
  }),
  to("passthroughHeaders", ["X-Tenant"]),
  to("sessionKeys", [{ id: "first" }, { id: "b", signAfter: "2026-12-01T12:00:00Z" }]),
  to("ownerKey", "b3duZXIta2V5LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE="),
  to("trustedProxies", ["192.0.2.0/24"]),
  to("terminationGracePeriodSeconds", 900),
  to("dns.refresh", "9s"),
  to("telemetry", { endpoint: "otel.monitoring.svc:4318", tracingEnabled: true }),
  to("env", [{ name: "HTTPS_PROXY", value: "http://proxy.example.com:3128" }]),
  to("secrets", [{ targetEnvName: "A", name: "b", key: "c" }]),
  OTHER_ACCOUNT,
];

const OF_NO_PROCESS: readonly Change[] = [
  to("serviceType", "NodePort"),
  to("service.annotations", { a }),
  ANNOTATED_ACCOUNT,
  to("monitoring.serviceMonitor", true),
  to("monitoring.alerts", true),
  to("monitoring.grafanaDashboard", true),
  to("monitoring.from", [{ podLabels: { a } }]),
  [
    { monitoring: { serviceMonitor: true } },
    { monitoring: { serviceMonitor: true, labels: { a } } },
  ],
];

const OF_NO_POD: readonly Change[] = [
  to("acceptRisk", "until May", "for now"),
  to("acceptRisks.belowPlan", "until May", "for now"),
  to("acceptRisks.httpIssuers", "a demo"),
  to("sessionAffinity", "ClientIP"),
  to("networkPolicy.enabled", false),
  to("networkPolicy.clientNamespaces", { team: "a" }),
  to("networkPolicy.clients", [{ podLabels: { a } }]),
  to("networkPolicy.egress", [{ cidr: "10.0.0.0/8" }]),
  ...METADATA,
];

const stored = (of: object): Args => ({ sessionStorage: { ...STORE, ...of } });

const OF_A_STORE: readonly Change[] = [
  [stored({ sessions: 50_000 }), stored({ sessions: 60_000 })],
  [stored({}), stored({ sessions: 60_000 })],
  [stored({ clientPods: 60 }), stored({ clientPods: 70 })],
  [stored({}), stored({ db: 1 })],
  [stored({}), stored({ tls: CA })],
];

const OF_PODS: readonly Change[] = [
  to("spread", "Required"),
  to("podTemplate.spec.nodeSelector", { pool: "mcp" }),
  to("podTemplate.metadata.annotations", { note: "a" }),
  to("name", "other", "one"),
  to("namespace", "other", "one"),
];

const within = (key: string, changes: readonly Change[]): Change[] =>
  changes.map(([before, after]) => [{ [key]: before }, { [key]: after }]);

const LOOKED_FOR = { groupRef: "eng" };

/** Each with a group to look for before and after. */
const OF_DISCOVERY: readonly Change[] = (
  [
    [{}, { groupRef: "ops" }],
    [{}, { namespaces: ["tools"] }],
    [{}, { services: { labelSelector: "mcp=yes" } }],
    [{}, { clusterDomain: "example.com" }],
    [{}, { serviceAccount: { create: false, name: "other" } }],
    [{}, { serviceAccount: { annotations: { a } } }],
    [{}, { rbac: false }],
    [{}, { maxBackends: 40 }],
    [{}, { configMapName: "other" }],
  ] satisfies [object, object][]
).map(([before, after]) => [
  { discovery: { ...LOOKED_FOR, ...before } },
  { discovery: { ...LOOKED_FOR, ...after } },
]);

const HTTPS = { ...GITHUB, url: "https://github.example.com/mcp" };

const ofBackend = (change: object): Change => [
  { backends: [GITHUB] },
  { backends: [{ ...GITHUB, ...change }] },
];

/** A gateway whose policies permit these users. */
const authorized = (type: string, users: readonly string[], more: object = {}): Args => ({
  incomingAuth: {
    type: "anonymous",
    authz: {
      type,
      ...more,
      ...(type === "cedar" && {
        policies: users.map((user) => `permit(principal == Client::"${user}", action, resource);`),
      }),
    },
  },
});

const GATEWAY: readonly Change[] = [
  ...OF_DISCOVERY,
  ...OF_A_PROCESS,
  ...OF_NO_PROCESS,
  ...OF_NO_POD,
  ...OF_A_STORE,
  ...OF_PODS,
  to("autoscaling.maxReplicas", 9, 8),
  to("autoscaling.maxReplicas", 8),
  [{ autoscaling: { maxReplicas: 8 } }, { autoscaling: { maxReplicas: 8, scaling: "External" } }],
  to("sessions", 9000),
  to("replicas", 9),
  to("backends", [GITHUB, { ...GITHUB, name: "b" }]),
  to("incomingAuth", {
    type: "jwt",
    jwt: { issuer: `https://${a}`, audience: "x", jwks: `https://${a}/k` },
  }),
  ofBackend({ url: "http://other.example.com/mcp" }),
  ofBackend({ callTimeout: "9s" }),
  ofBackend({ name: "other" }),
  ofBackend({ callTimeoutMax: "20m" }),
  ofBackend({ catalog: "perSession" }),
  ofBackend({ notifications: "session" }),
  ofBackend({ stateful: true }),
  ofBackend({ passthroughHeaders: ["X-Tenant"] }),
  [{ backends: [HTTPS] }, { backends: [{ ...HTTPS, caBundleRef: { name: "ca", key: "ca.crt" } }] }],
  [
    { backends: [{ ...HTTPS, caBundle: CA.ca }] },
    { backends: [{ ...HTTPS, caBundle: "-----BEGIN CERTIFICATE----- other" }] },
  ],
  to("operational.timeouts.perWorkload.github", "9s"),
  [authorized("cedar", ["a"]), authorized("cedar", ["b"])],
  [
    { incomingAuth: { type: "anonymous", authz: { type: "none" } } },
    { incomingAuth: { type: "anonymous" } },
  ],
  [authorized("cedar", ["a"]), authorized("cedar", ["a"], { cachedDecisions: 70_000 })],
  to("audit", { enabled: true, redact: ["token"] }),
  to("rateLimits", { shared: { maxTokens: 100, refillPeriod: "1m" } }),
  to("acceptRisks.authorizationPassthrough", "one team"),
  to("aggregation.prefixFormat", "x_{workload}_"),
  to("aggregation.excludeAllTools", true),
  to("allowedHosts", [a]),
  to("allowedOrigins", [`https://${a}`]),
  to("ingress.host", a),
  to("httpRoute", ROUTE),
  [{ httpRoute: ROUTE }, { httpRoute: { ...ROUTE, hostnames: [a, b] } }],
  // Routes to hosts that are allowed already.
  [
    { allowedHosts: [a, b], ingress: { host: a } },
    { allowedHosts: [a, b], ingress: { host: a, className: "x" } },
  ],
  [
    { allowedHosts: [a, b], ingress: { host: a } },
    { allowedHosts: [a, b], ingress: { host: a, tlsSecretName: "x" } },
  ],
  [
    { allowedHosts: [a, b], ingress: { host: a } },
    { allowedHosts: [a, b], ingress: { host: a, annotations: { a } } },
  ],
  [
    { httpRoute: ROUTE },
    { httpRoute: { ...ROUTE, parentRefs: [{ name: "other", namespace: "x", sectionName: "y" }] } },
  ],
];

const SERVER: readonly Change[] = [
  ...within(
    "proxy",
    OF_A_PROCESS.filter(
      ([, after]) => !("limits" in after && "callTimeoutMax" in Object(after.limits)),
    ),
  ),
  ...within("proxy", OF_NO_PROCESS),
  ...OF_NO_POD,
  ...OF_A_STORE,
  ...OF_PODS,
  ANNOTATED_ACCOUNT,
  OTHER_ACCOUNT,
  to("backendName", "shared"),
  to("workload", "Deployment"),
  to("backendAutoscaling.maxReplicas", 9, 8),
  to("backendAutoscaling.maxReplicas", 8),
  [
    { backendAutoscaling: { maxReplicas: 8 } },
    { backendAutoscaling: { maxReplicas: 8, scaling: "External" } },
  ],
  [{ workload: "Deployment" }, { workload: "Deployment", backendAutoscaling: { maxReplicas: 8 } }],
  to("backendReplicas", 4, 3),
  to("backendReplicas", 3, 4),
  to("backendReplicas", 2, 1),
  to("url", `https://${b}/mcp`, `https://${a}/mcp`),
  to("replicas", 5),
  to("acceptRisks.authorizationPassthrough", "one team"),
  to("path", "/other"),
  to("transport", "sse"),
  to("catalog", "perSession"),
  to("notifications", "session"),
  to("stateful", true),
  to("callTimeout", "20s"),
  to("incomingAuth", {
    type: "jwt",
    jwt: { issuer: `https://${a}`, audience: "x", jwks: `https://${a}/k` },
  }),
  to("autoscaling.maxReplicas", 9, 8),
  to("autoscaling.maxReplicas", 8),
  to("routing", "session"),
  to("scheme", "https"),
  [{ scheme: "https" }, { scheme: "https", caBundle: CA.ca }],
  [{ scheme: "https" }, { scheme: "https", caBundleRef: { name: "ca", key: "ca.crt" } }],
  to("podSessions", 2000),
  to("port", 3000),
  to("cost.sessionBytes", "1Mi"),
  to("resources.memory", "4Gi"),
  to("terminationGracePeriodSeconds", 900),
  to("image", "files:2"),
  to("imagePullPolicy", "Always"),
  to("args", ["--x"]),
  to("env", [{ name: "A", value: "b" }]),
  to("secrets", [{ targetEnvName: "A", name: "b", key: "c" }]),
  to("sessions", 3000),
  to("callTimeoutMax", "10m"),
];

const REDIS: readonly Change[] = [
  to("acceptRisk", "a demo"),
  to("acceptRisks.belowPlan", "a demo"),
  to("networkPolicy.enabled", false),
  to("networkPolicy.clientNamespaces", { team: "a" }),
  ...METADATA,
  ANNOTATED_ACCOUNT,
  OTHER_ACCOUNT,
  ...OF_PODS.map(
    ([before, after]): Change => ("spread" in after ? to("spread", "Preferred") : [before, after]),
  ),
  to("sessions", 20_000),
  to("clientPods", 600),
  to("openedBackends", 20),
  to("clientBytes", "8Ki"),
  to("engine", "Redis"),
  to("image", "valkey:2"),
  to("imagePullPolicy", "Always"),
  to("persistence", "None"),
  to("eviction", "VolatileTtl"),
  to("tls.secretName", "x"),
  [{ tls: { secretName: "x" } }, { tls: { secretName: "x", caCertificate: CA.ca } }],
  [
    { tls: { secretName: "x" } },
    { tls: { secretName: "x", caConfigMapRef: { name: "ca", key: "ca.crt" } } },
  ],
  to("users", [{ name: "files" }]),
  [{ exporter: {} }, { exporter: { from: [{ podLabels: { a } }] } }],
  ...["serviceMonitor", "alerts", "grafanaDashboard"].map(
    (name): Change => [{ exporter: {} }, { exporter: { [name]: true } }],
  ),
  [{ exporter: { alerts: true } }, { exporter: { alerts: true, labels: { a } } }],
  to("persistentVolumeClaimRetentionPolicy", { whenDeleted: "Delete", whenScaled: "Delete" }),
  to("exporter", {}),
  to("maxMemory", "300Mi"),
  to("maxClients", 20_000),
  to("resources.memory", "4Gi"),
  to("storageSessions", 200_000),
  to("storageClassName", "fast"),
];

interface Component {
  readonly name: string;
  readonly changes: readonly Change[];
  readonly declare: (args: Args) => unknown;
}

const COMPONENTS: readonly Component[] = [
  {
    name: "VirtualMcpServer",
    changes: GATEWAY,
    declare: (args) =>
      new VirtualMcpServer(
        "eng",
        Object.assign({ sessions: 5000, backends: [GITHUB], sessionStorage: STORE }, args),
      ),
  },
  {
    name: "McpServer",
    changes: SERVER,
    declare: (args) =>
      new McpServer(
        "eng",
        Object.assign(
          { ...("url" in args ? {} : { image: "files:1" }), sessionStorage: STORE },
          args,
        ),
      ),
  },
  {
    name: "RedisSentinel",
    changes: REDIS,
    declare: (args) => new RedisSentinel("eng", Object.assign({ sessions: 10_000 }, args)),
  },
];

const WORKLOADS = {
  "eng-gateway": "gateways",
  "eng-discover": "discovery",
  "eng-proxy": "proxies",
  "eng-server": "pods of the server",
  "eng-redis": "store",
  "eng-sentinel": "store",
} as const;

/** What pods take over while they run: `test/redis-sentinel/reload.test.ts`. */
const RELOADED: ReadonlySet<string> = new Set([
  "eng-redis-secrets",
  "eng-redis-limits",
  "eng-sentinel-secrets",
]);

const MOUNTED: ReadonlySet<string> = new Set(["ConfigMap", "Secret"]);

/** What gateways take over while they run, or read anew with another checksum: `test/server/live-configuration.test.ts`. */
const FOLLOWED = "eng-gateway-configuration";

/** What the pods of each workload are made from: the template, and the files that it names by content. */
async function podsOf(declare: () => unknown) {
  const { resources } = await RecordedStack.of(declare);
  const pods = new Map<string, { readonly place: unknown; readonly made: unknown[] }>();
  for (const [name, part] of Object.entries(WORKLOADS)) {
    const workload = resources.find(
      (one) => one.kind !== "Service" && one.name === name && one.at("spec.template") !== undefined,
    );
    if (workload === undefined) continue;
    const files = resources.filter(
      (one) =>
        MOUNTED.has(one.kind) &&
        one.name.startsWith(`${name}-`) &&
        !one.name.endsWith("-dashboard") &&
        !RELOADED.has(one.name) &&
        one.name !== FOLLOWED,
    );
    const made = [
      workload.at("spec.template"),
      ...files.map((one) => [one.name, one.inputs.data, one.inputs.stringData]),
    ];
    const place = ["metadata.namespace", "metadata.name", "spec.volumeClaimTemplates"].map((path) =>
      workload.at(path),
    );
    const known = pods.get(part);
    pods.set(part, { place: [known?.place, place], made: [...(known?.made ?? []), made] });
  }
  return pods;
}

async function restarted(component: Component, [before, after]: Change): Promise<string[]> {
  const old = await podsOf(() => component.declare(before));
  const now = await podsOf(() => component.declare(after));
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  const parts = [...now].filter(([part]) => old.has(part));
  if (parts.some(([part, { place }]) => !same(place, old.get(part)?.place))) return ["all"];
  return parts.filter(([part, { made }]) => !same(made, old.get(part)?.made)).map(([part]) => part);
}

/** The paths of the arguments that differ. */
function changed(before: unknown, after: unknown, path = ""): string[] {
  const isMap = (value: unknown): value is Args =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    const entries = before.map((one, index) => [one, after[index]] as const);
    if (entries.flat().every(isMap)) {
      return entries.flatMap(([one, other]) => changed(one, other, `${path}[]`));
    }
  }
  const maps = [before ?? {}, after ?? {}];
  if (!maps.every(isMap)) return [path];
  const [one, other] = maps as [Args, Args];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  if (keys.size === 0) return [path];
  return [...keys].flatMap((key) =>
    changed(one[key], other[key], path === "" ? key : `${path}.${key}`),
  );
}

describe.each(COMPONENTS)("the pods of $name", (component) => {
  const { name, changes } = component;
  const leaves = argumentTypes(name)
    .flatMap(({ arguments: all }) => all)
    .filter(({ members }) => members === undefined || !members.endsWith("Args"))
    .map(({ path }) => path)
    .filter((path) => !path.startsWith("transform"));

  test("restart as docs say, and docs say it of every argument", () => {
    expect(leaves.filter((path) => restartedBy(name, path) === undefined)).toEqual([]);
  });

  test("are tried with a change of every path that docs name", () => {
    const tried = changes.flatMap(([before, after]) => changed(before, after));
    const paths = (RESTARTS[name] ?? []).flatMap((row) => row.arguments);
    const untried = paths.filter(
      (path) => !tried.some((one) => one === path || one.startsWith(`${path}.`)),
    );
    expect(untried).toEqual([]);
  });

  test.each(changes)("restart only where docs say so: %j becomes %j", async (before, after) => {
    const paths = changed(before, after);
    const declared = new Set(
      paths.flatMap((path): readonly string[] => restartedBy(name, path) ?? ["unknown"]),
    );
    expect(new Set(await restarted(component, [before, after]))).toEqual(declared);
  });
});
