import type * as k8s from "@pulumi/kubernetes";
import type { ComponentResourceOptions } from "@pulumi/pulumi";
import fc from "fast-check";
import {
  type AutoscalingArgs,
  type BackendArgs,
  Catalog,
  Engine,
  type ExporterArgs,
  type HttpRouteArgs,
  type IngressArgs,
  McpServer,
  type McpServerArgs,
  NofileMode,
  Notifications,
  Persistence,
  type ProcessArgs,
  RedisSentinel,
  type RedisSentinelArgs,
  type RedisTlsArgs,
  Scaling,
  ServiceType,
  SessionAffinity,
  Spread,
  Transport,
  VirtualMcpServer,
  type VirtualMcpServerArgs,
  type WorkloadArgs,
  WorkloadKind,
} from "../../infra/index.ts";
import { STORE } from "./components.ts";

/** A component of a program that is made up. */
export type Declared =
  | { readonly component: "VirtualMcpServer"; name: string; args: VirtualMcpServerArgs }
  | { readonly component: "McpServer"; name: string; args: McpServerArgs }
  | { readonly component: "RedisSentinel"; name: string; args: RedisSentinelArgs };

/** Registers it. */
export function declare(
  { component, name, args }: Declared,
  opts: ComponentResourceOptions = {},
): void {
  if (component === "VirtualMcpServer") new VirtualMcpServer(name, args, opts);
  else if (component === "McpServer") new McpServer(name, args, opts);
  else new RedisSentinel(name, args, opts);
}

type Members<Args> = { [Name in keyof Args]-?: fc.Arbitrary<NonNullable<Args[Name]>> };

/** Arguments each of which may be left out. */
const options = <Args>(members: Members<Args>) => fc.record(members, { requiredKeys: [] });

const duration = fc.constantFrom("90s", "10m", "2h");
const labels = fc.constantFrom({}, { team: "eng" }, { "example.com/Team": "a", tier: "b" });
const sessions = fc.integer({ min: 1, max: 50_000 });

const REGISTRY: k8s.types.input.core.v1.LocalObjectReference[] = [{ name: "registry" }];

const workload: Members<Omit<WorkloadArgs, "name" | "acceptRisk">> = {
  namespace: fc.constantFrom("mcp", "team-a"),
  spread: fc.constantFrom(Spread.Preferred, Spread.Required),
  podTemplate: fc.record({
    metadata: options({ labels, annotations: labels }),
    spec: options({
      nodeSelector: labels,
      tolerations: fc.constant([{ key: "mcp", operator: "Exists" }]),
      priorityClassName: fc.constant("high"),
      imagePullSecrets: fc.constant(REGISTRY),
      securityContext: fc.record({ runAsUser: fc.integer({ min: 1, max: 70_000 }) }),
    }),
  }),
  labels,
  annotations: labels,
  networkPolicy: options({ enabled: fc.boolean(), clientNamespaces: labels }),
  acceptRisks: fc.constant({ belowPlan: "a test" }),
};

const processArgs = {
  spareReplicas: fc.integer({ min: 0, max: 3 }),
  load: options({
    streamsPerSession: fc.double({ min: 0, max: 3, noNaN: true }),
    callsPerSessionSecond: fc.double({ min: 0, max: 0.5, noNaN: true }),
    callTime: fc.constantFrom("100ms", "1s"),
  }),
  ceilings: options({
    sessionsPerReplica: fc.integer({ min: 500, max: 5000 }),
    memory: fc.constantFrom("2Gi", "4Gi"),
    eventLoopPercent: fc.integer({ min: 40, max: 100 }),
  }),
  nofile: options({
    mode: fc.constantFrom(NofileMode.Verify, NofileMode.NriAnnotation),
    ceiling: fc.constantFrom(65_536, 524_288),
  }),
  session: options({ idleTtl: fc.constantFrom("10m", "2h"), maxLifetime: fc.constant("1d") }),
  limits: options({ callTimeoutMax: duration, views: fc.integer({ min: 1, max: 64 }) }),
  sessionKeys: fc.constantFrom(
    [{ id: "first" }],
    [{ id: "a" }, { id: "b", signAfter: "2026-12-01T12:00:00Z" }],
  ),
  ownerKey: fc.constant("b3duZXIta2V5LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE="),
  serviceType: fc.constantFrom(ServiceType.ClusterIP, ServiceType.LoadBalancer),
  monitoring: options({
    serviceMonitor: fc.boolean(),
    alerts: fc.boolean(),
    grafanaDashboard: fc.boolean(),
    labels,
  }),
} satisfies Partial<Members<ProcessArgs>>;

const backend = options({
  stateful: fc.boolean(),
  transport: fc.constantFrom(Transport.StreamableHttp, Transport.Sse),
  catalog: fc.constantFrom(Catalog.Shared, Catalog.PerSession),
  notifications: fc.constantFrom(Notifications.Calls, Notifications.Session),
  callTimeoutMax: duration,
});

const backends: fc.Arbitrary<BackendArgs[]> = fc
  .array(backend, { minLength: 1, maxLength: 20 })
  .map((all) =>
    all.map((rest, index) => ({
      name: `server-${index}`,
      url: `http://server-${index}/`,
      ...rest,
    })),
  );

const gatewayArgs: fc.Arbitrary<VirtualMcpServerArgs> = fc
  .tuple(
    fc.record({ sessions, backends, sessionStorage: fc.constant(STORE) }),
    options({
      ...workload,
      ...processArgs,
      autoscaling: fc.constant({ maxReplicas: 1000 }),
      sessionAffinity: fc.constantFrom(SessionAffinity.None, SessionAffinity.ClientIP),
      ingress: fc.constantFrom<IngressArgs[]>(
        { host: "a.example.com" },
        { host: "b.example.com", tlsSecretName: "tls" },
      ),
      httpRoute: fc.constant<HttpRouteArgs>({
        hostnames: ["c.example.com"],
        parentRefs: [{ name: "public" }],
      }),
    }),
  )
  .map(([required, rest]) => ({ ...required, ...rest }));

/** A server that runs in pods of its own, or elsewhere. */
const whereabouts: fc.Arbitrary<McpServerArgs> = fc.oneof(
  options({
    backendReplicas: fc.integer({ min: 1, max: 5 }),
    port: fc.integer({ min: 1, max: 65_535 }),
    cost: fc.constant({ sessionBytes: "64Ki", memory: "1Ti" }),
  }).map((pods) => ({ image: "server:1", cost: { memory: "1Ti" }, ...pods })),
  fc.constant({ url: "https://mcp.example.com/mcp" }),
);

const serverArgs: fc.Arbitrary<McpServerArgs> = fc
  .tuple(
    whereabouts,
    options({
      ...workload,
      sessions,
      sessionStorage: fc.constant(STORE),
      stateful: fc.boolean(),
      transport: fc.constantFrom(Transport.StreamableHttp, Transport.Sse),
      callTimeoutMax: duration,
      proxy: options(processArgs),
    }),
  )
  .map(([where, rest]) => ({ ...where, ...rest }))
  .chain((args) => ((args.url ?? args.stateful) ? fc.constant(args) : elastic(args)));

/** A server whose pods may be any may be a Deployment, and may scale. */
const elastic = (args: McpServerArgs): fc.Arbitrary<McpServerArgs> =>
  options({
    workload: fc.constantFrom(WorkloadKind.StatefulSet, WorkloadKind.Deployment),
    backendAutoscaling: fc.constantFrom<AutoscalingArgs[]>(
      { maxReplicas: 20 },
      { maxReplicas: 20, scaling: Scaling.External },
    ),
  }).map((more) => ({ ...args, ...more }));

const redisArgs: fc.Arbitrary<RedisSentinelArgs> = fc
  .tuple(
    fc.record({ sessions }),
    options({
      ...workload,
      clientPods: fc.integer({ min: 1, max: 500 }),
      openedBackends: fc.double({ min: 0, max: 20, noNaN: true }),
      engine: fc.constantFrom(Engine.Valkey, Engine.Redis),
      persistence: fc.constantFrom(Persistence.Aof, Persistence.None),
      exporter: fc.constant<ExporterArgs>({}),
      tls: fc.constantFrom<RedisTlsArgs[]>({ secretName: "own" }, { issuer: { name: "ca" } }),
    }),
  )
  .map(([required, rest]) => ({ ...required, ...rest }));

/** Names that look like those of other components' children, and the longest one; mostly the same for all. */
const name = fc.oneof(
  fc.constant("a"),
  fc.constantFrom(
    ...["a-gateway", "a-gateway-key", "a-gateway-key-b", "a-proxy", "a-proxy-admin", "a-server"],
    ...["a-server-0", "a-redis", "a-redis-0", "a-sentinel", "a-password", "z".repeat(40)],
  ),
);

/** A component with arguments that are right. */
export const declared: fc.Arbitrary<Declared> = fc.oneof(
  fc.record({ component: fc.constant("VirtualMcpServer" as const), name, args: gatewayArgs }),
  fc.record({ component: fc.constant("McpServer" as const), name, args: serverArgs }),
  fc.record({ component: fc.constant("RedisSentinel" as const), name, args: redisArgs }),
);

/** Components of one program: no two of one type have one name. Some have another one in Kubernetes. */
export const program: fc.Arbitrary<Declared[]> = fc
  .tuple(
    fc.uniqueArray(declared, {
      minLength: 1,
      maxLength: 3,
      selector: ({ component, name: called }) => `${component} ${called}`,
    }),
    fc.infiniteStream(fc.boolean()),
  )
  .map(([all, isRenamed]) =>
    all.map((one, index) => (isRenamed.next().value ? renamed(one, `kept-${index}`) : one)),
  );

/** The component with this name in Kubernetes. */
export function renamed(one: Declared, kept: string): Declared {
  switch (one.component) {
    case "VirtualMcpServer":
      return { ...one, args: { ...one.args, name: kept } };
    case "McpServer":
      return { ...one, args: { ...one.args, name: kept } };
    default:
      return { ...one, args: { ...one.args, name: kept } };
  }
}

const monitoring = { serviceMonitor: true, grafanaDashboard: true };

/** A gateway, a server and a store that are all called the same, with everything that has a name. */
export const NAMESAKES: Declared[] = [
  {
    component: "VirtualMcpServer",
    name: "a",
    args: {
      sessions: 1000,
      backends: [{ name: "a", url: "http://a/mcp" }],
      sessionStorage: STORE,
      monitoring,
      autoscaling: { maxReplicas: 9 },
    },
  },
  {
    component: "McpServer",
    name: "a",
    args: { image: "a:1", sessionStorage: STORE, proxy: { monitoring } },
  },
  { component: "RedisSentinel", name: "a", args: { sessions: 1000, exporter: monitoring } },
];

const resources = options({
  memory: fc.constantFrom("64Mi", "400Mi", "2Gi", "16Gi"),
  cpu: fc.constantFrom("10m", "500m", "4"),
  cpuLimit: fc.constantFrom("100m", "8"),
});

const sizes = options({
  resources,
  terminationGracePeriodSeconds: fc.integer({ min: 1, max: 10_000 }),
});

/** A component that the user sizes, mostly against the plan, and sometimes at a risk that is accepted. */
export const overridden: fc.Arbitrary<Declared> = fc
  .tuple(
    declared,
    fc.record({ own: sizes, ofProxies: sizes }),
    options({ replicas: fc.integer({ min: 1, max: 30 }) }),
    options({ maxMemory: fc.constantFrom("1Mi", "1Gi"), maxClients: fc.integer({ min: 1 }) }),
  )
  .map(([one, { own, ofProxies }, replicas, ofRedis]): Declared => {
    if (one.component === "VirtualMcpServer") {
      const { autoscaling: _, ...args } = one.args;
      return { ...one, args: { ...args, ...own, ...replicas } };
    }
    if (one.component === "McpServer") {
      const proxy = { ...one.args.proxy, ...ofProxies };
      return { ...one, args: { ...one.args, ...own, ...replicas, proxy } };
    }
    return { ...one, args: { ...one.args, ...ofRedis, resources: own.resources ?? {} } };
  });
