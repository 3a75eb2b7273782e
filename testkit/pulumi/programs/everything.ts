// One of each component with everything switched on.
import * as k8s from "@pulumi/kubernetes";
import {
  AuthorizationType,
  ClaimRetention,
  Engine,
  IncomingAuthType,
  McpServer,
  NofileMode,
  Persistence,
  RedisSentinel,
  SessionAffinity,
  Spread,
  Transport,
  VirtualMcpServer,
  WorkloadKind,
} from "../../../infra/index.ts";

const provider = new k8s.Provider("manifests", { renderYamlToDirectory: "manifests" });
const podTemplate = {
  metadata: { labels: { team: "agents" }, annotations: { note: "kept" } },
  spec: {
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ key: "mcp", operator: "Exists", effect: "NoSchedule" }],
    priorityClassName: "system-cluster-critical",
    imagePullSecrets: [{ name: "registry" }],
    securityContext: { runAsUser: 1234 },
    containers: [
      {
        name: "log-shipper",
        image: "registry.example.com/log-shipper:3.2.1",
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "32Mi" } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        volumeMounts: [{ name: "scratch", mountPath: "/scratch" }],
      },
    ],
    volumes: [{ name: "scratch", emptyDir: { sizeLimit: "16Mi" } }],
  },
};
const monitoring = {
  serviceMonitor: true,
  grafanaDashboard: true,
  labels: { release: "prometheus" },
};

const encrypted = new RedisSentinel(
  "encrypted",
  {
    sessions: 50000,
    clientPods: 80,
    engine: Engine.Valkey,
    tls: {
      issuer: { name: "ca", kind: "ClusterIssuer" },
      caConfigMapRef: { name: "fleet-ca", key: "ca.crt" },
    },
    users: [{ name: "eng" }, { name: "github" }],
    exporter: monitoring,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: ClaimRetention.Delete },
    storageClassName: "fast",
    spread: Spread.Required,
    podTemplate,
  },
  { provider },
);
new RedisSentinel(
  "volatile",
  {
    sessions: 100,
    engine: Engine.Redis,
    persistence: Persistence.None,
    tls: { secretName: "redis-tls" },
  },
  { provider },
);
const github = new McpServer(
  "github",
  {
    namespace: "servers",
    image: "registry.example.com/github-mcp:1.4.0",
    args: ["--verbose"],
    env: [{ name: "LEVEL", value: "info" }],
    secrets: [{ name: "github", key: "token", targetEnvName: "GITHUB_TOKEN" }],
    backendReplicas: 3,
    stateful: true,
    replicas: 3,
    sessionStorage: encrypted.connectionOf("github"),
    resources: { cpu: "500m", cpuLimit: "1", memory: "1Gi" },
    callTimeoutMax: "10m",
    podTemplate,
    proxy: { monitoring, nofile: { mode: NofileMode.NriAnnotation } },
  },
  { provider },
);
const legacy = new McpServer(
  "legacy",
  {
    image: "registry.example.com/legacy-mcp:2.0.0",
    transport: Transport.Sse,
    replicas: 0,
  },
  { provider },
);
const search = new McpServer(
  "search",
  {
    image: "registry.example.com/search-mcp:2.1.0",
    workload: WorkloadKind.Deployment,
    backendReplicas: 2,
    backendAutoscaling: { maxReplicas: 10 },
  },
  { provider },
);
const jira = new McpServer(
  "jira",
  { url: "https://jira.example.com/mcp", replicas: 1, sessionAffinity: SessionAffinity.ClientIP },
  { provider },
);
const incomingAuth = {
  type: IncomingAuthType.Jwt,
  jwt: {
    issuer: "https://id.example.com",
    audience: "mcp",
    jwks: "https://id.example.com/keys",
  },
  authz: {
    type: AuthorizationType.Cedar,
    policies: ['permit(principal in THVGroup::"engineering", action, resource);'],
  },
};
new VirtualMcpServer(
  "eng",
  {
    namespace: "gateways",
    sessions: 5000,
    backends: [github.backend, legacy.backend, search.backend, jira.backend],
    sessionStorage: encrypted.connectionOf("eng"),
    autoscaling: { maxReplicas: 12 },
    podTemplate,
    monitoring,
    incomingAuth,
    nofile: { mode: NofileMode.NriAnnotation },
    spread: Spread.Required,
    sessionKeys: [{ id: "2026-11" }, { id: "2026-12", signAfter: "2026-12-01T12:00:00Z" }],
    ownerKey: "b3duZXIta2V5LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE=",
    httpRoute: {
      hostnames: ["mcp.example.com"],
      parentRefs: [{ name: "public", namespace: "ingress" }],
    },
  },
  { provider },
);
new VirtualMcpServer(
  "edge",
  {
    sessions: 500,
    backends: [{ name: "wiki", url: "https://wiki.example.com/mcp" }],
    incomingAuth,
    discovery: {
      groupRef: "edge-tools",
      namespaces: ["tools"],
      services: { labelSelector: "mcp-fleet.dev/backend=true" },
      maxBackends: 40,
    },
    ingress: { host: "edge.example.com", className: "nginx", tlsSecretName: "edge-tls" },
  },
  { provider },
);
