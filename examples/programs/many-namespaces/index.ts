// One store for all, a server in each team's namespace, and one gateway: who may call whom is in the NetworkPolicies.
import * as k8s from "@pulumi/kubernetes";
import { McpServer, RedisSentinel, VirtualMcpServer } from "mcp-fleet";

const TEAMS = ["search", "billing", "support"];
const SESSIONS = 1_000;

const namespaceOf = (name: string) =>
  new k8s.core.v1.Namespace(name, {
    metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  }).metadata.name;

const platform = namespaceOf("platform");

const store = new RedisSentinel("sessions", {
  namespace: platform,
  // Each session is one of the gateway and one of the proxies of each team's server.
  sessions: SESSIONS * (1 + TEAMS.length),
  // From any namespace of these teams.
  networkPolicy: {
    clients: TEAMS.map((team) => ({ namespaceLabels: { "kubernetes.io/metadata.name": team } })),
  },
});

const servers = TEAMS.map(
  (team) =>
    new McpServer(`${team}-tools`, {
      backendName: team,
      namespace: namespaceOf(team),
      image: `registry.example.com/${team}-mcp:1.0.0`,
      sessions: SESSIONS,
      stateful: true,
      sessionStorage: store,
      networkPolicy: { clientNamespaces: { "kubernetes.io/metadata.name": "platform" } },
    }),
);

const gateway = new VirtualMcpServer("tools", {
  namespace: platform,
  sessions: SESSIONS,
  backends: servers,
  sessionStorage: store,
});

export const url = gateway.url;
