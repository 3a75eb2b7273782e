import { code, markdown } from "./generated-table.ts";

/** Pods that a change may restart, one after the other; `all` stands for resources that are replaced. */
export type Restarted =
  | "gateways"
  | "discovery"
  | "proxies"
  | "pods of the server"
  | "store"
  | "all";

/** Arguments that restart the same pods: each path stands for all that is below it and has no path of its own. */
export interface RestartRow {
  readonly restarts: readonly Restarted[];
  readonly arguments: readonly string[];
}

/** What processes read, or are sized by. */
const OF_A_PROCESS = [
  "image",
  "imagePullPolicy",
  "load",
  "ceilings",
  "resources",
  "nofile",
  "session",
  "limits",
  "operational",
  "outgoingAuth",
  "passthroughHeaders",
  "sessionKeys",
  "ownerKey",
  "trustedProxies",
  "dns",
  "telemetry",
  "env",
  "secrets",
  "serviceAccount",
  "terminationGracePeriodSeconds",
];

/** What is only kept in the facts, or makes other resources than pods. */
const METADATA = ["labels", "annotations"];
const OF_NO_POD = ["acceptRisk", "acceptRisks", "sessionAffinity", "networkPolicy", ...METADATA];
const OF_NO_PROCESS = [
  "spareReplicas",
  "serviceType",
  "service",
  "serviceAccount.annotations",
  "monitoring",
];
const OF_THE_STORE = ["sessionStorage.sessions", "sessionStorage.clientPods"];

const ofBackend = (name: string) => `backends[].${name}`;

const proxy = (paths: readonly string[]) => paths.map((path) => `proxy.${path}`);

/** By component. `test/infra/restarts.test.ts` changes every argument and compares the pod templates. */
export const RESTARTS: Readonly<Record<string, readonly RestartRow[]>> = {
  VirtualMcpServer: [
    {
      restarts: [],
      arguments: [
        ...OF_NO_POD,
        ...OF_NO_PROCESS,
        ...OF_THE_STORE,
        "autoscaling",
        "ingress",
        "httpRoute",
        "backends[]",
        "aggregation",
        "incomingAuth.authz",
        "operational.timeouts.perWorkload",
        "discovery.rbac",
        "discovery.serviceAccount.annotations",
      ],
    },
    {
      restarts: ["discovery"],
      arguments: [
        "discovery.groupRef",
        "discovery.namespaces",
        "discovery.services",
        "discovery.clusterDomain",
        "discovery.serviceAccount",
      ],
    },
    {
      restarts: ["gateways", "discovery"],
      arguments: ["discovery.maxBackends", "discovery.configMapName"],
    },
    {
      restarts: ["gateways"],
      arguments: [
        "sessions",
        "discovery",
        "replicas",
        "backends",
        ...["name", "callTimeoutMax", "catalog"].map(ofBackend),
        ...["passthroughHeaders", "caBundleRef"].map(ofBackend),
        "sessionStorage",
        "incomingAuth",
        "incomingAuth.authz.type",
        "incomingAuth.authz.cachedDecisions",
        "audit",
        "rateLimits",
        "acceptRisks.authorizationPassthrough",
        "allowedHosts",
        "allowedOrigins",
        "ingress.host",
        "httpRoute.hostnames",
        "spread",
        "podTemplate",
        ...OF_A_PROCESS,
      ],
    },
    { restarts: ["all"], arguments: ["name", "namespace"] },
  ],
  McpServer: [
    {
      restarts: [],
      arguments: [
        ...OF_NO_POD,
        ...proxy(OF_NO_PROCESS),
        ...OF_THE_STORE,
        "backendName",
        "backendReplicas",
        "backendAutoscaling",
        "notifications",
        "autoscaling",
        "serviceAccount.annotations",
      ],
    },
    {
      restarts: ["proxies"],
      arguments: [
        "url",
        "replicas",
        "path",
        "transport",
        "catalog",
        "stateful",
        "callTimeout",
        "sessionStorage",
        "incomingAuth",
        "routing",
        "scheme",
        "caBundle",
        "caBundleRef",
        "acceptRisks.authorizationPassthrough",
        ...proxy(OF_A_PROCESS),
      ],
    },
    {
      restarts: ["pods of the server"],
      arguments: [
        "workload",
        "podSessions",
        "port",
        "cost",
        "resources",
        "serviceAccount",
        "terminationGracePeriodSeconds",
        "image",
        "imagePullPolicy",
        "args",
        "env",
        "secrets",
      ],
    },
    {
      restarts: ["proxies", "pods of the server"],
      arguments: ["sessions", "callTimeoutMax", "spread", "podTemplate"],
    },
    { restarts: ["all"], arguments: ["name", "namespace"] },
  ],
  RedisSentinel: [
    {
      restarts: [],
      arguments: [
        ...[
          "acceptRisk",
          "acceptRisks",
          "networkPolicy",
          "clientPods",
          "maxClients",
          "users",
          ...METADATA,
        ],
        ...["tls.caCertificate", "tls.caConfigMapRef"],
        ...["from", "serviceMonitor", "alerts", "grafanaDashboard", "labels"].map(
          (name) => `exporter.${name}`,
        ),
        "persistentVolumeClaimRetentionPolicy",
        "serviceAccount.annotations",
      ],
    },
    {
      restarts: ["store"],
      arguments: [
        "sessions",
        "engine",
        "image",
        "imagePullPolicy",
        "eviction",
        "tls",
        "exporter",
        "maxMemory",
        "resources",
        "serviceAccount",
        "spread",
        "podTemplate",
      ],
    },
    {
      restarts: ["all"],
      arguments: [
        "name",
        "namespace",
        "storageSessions",
        "storageClassName",
        "openedBackends",
        "clientBytes",
        "persistence",
      ],
    },
  ],
};

/** What an argument of a component may restart. */
export function restartedBy(component: string, path: string): RestartRow["restarts"] | undefined {
  const rows = RESTARTS[component] ?? [];
  const found = rows.flatMap(({ restarts, arguments: paths }) =>
    paths
      .filter((one) => one === path || path.startsWith(`${one}.`) || path.startsWith(`${one}[]`))
      .map((one) => ({ restarts, one })),
  );
  return found.toSorted((a, b) => b.one.length - a.one.length)[0]?.restarts;
}

/** The table of a component's page. */
export function restartTable(component: string): string {
  const rows = (RESTARTS[component] ?? []).map(({ restarts, arguments: paths }) => [
    restartText(restarts),
    paths.map(code).join(", "),
  ]);
  return markdown(["A change restarts", "Arguments"], rows);
}

function restartText(restarts: readonly Restarted[]): string {
  if (restarts.length === 0) return "nothing";
  const text = restarts.map((one) => (one === "discovery" ? "the process that looks" : one));
  return restarts.includes("all") ? "everything: resources are replaced" : text.join(" and ");
}
