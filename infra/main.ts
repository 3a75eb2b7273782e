// The stack of `pulumi up` and `make up`: a store, an MCP server and a gateway, on the current kube context.
import * as k8s from "@pulumi/kubernetes";
import { type ComponentResourceOptions, Config } from "@pulumi/pulumi";
import {
  type AggregationArgs,
  Engine,
  McpServer,
  type ProcessArgs,
  RedisSentinel,
  type SessionKeyArgs,
  Spread,
  VirtualMcpServer,
} from "./index.ts";

const config = new Config("mcp-fleet");
const sessions = config.getNumber("sessions") ?? 100;
const serverReplicas = config.getNumber("serverReplicas") ?? 2;
const serverSessions = config.getNumber("serverSessions");
const image = config.require("image");
const engine = config.require("engine") === Engine.Redis ? Engine.Redis : Engine.Valkey;
const spread = config.require("spread") === Spread.Required ? Spread.Required : Spread.Preferred;
const redisImage = config.get("redisImage");
const gatewayReplicas = config.getNumber("gatewayReplicas");
const sessionKeys: SessionKeyArgs[] | undefined = config.getObject("sessionKeys");
const aggregation: AggregationArgs | undefined = config.getObject("aggregation");
const backendSelector = config.get("backendSelector");

/** Arguments that the gateway and the proxies share. */
const processArgs: ProcessArgs = {
  image,
  load: { callsPerSessionSecond: config.requireNumber("sessionCallsPerMinute") / 60 },
  ...(sessionKeys !== undefined && { sessionKeys }),
};

// With a folder, manifests are written there, and no cluster is needed.
const renderTo = config.get("renderTo");
const opts: ComponentResourceOptions =
  renderTo === undefined
    ? {}
    : { provider: new k8s.Provider("manifests", { renderYamlToDirectory: renderTo }) };

const namespace = new k8s.core.v1.Namespace(
  "namespace",
  {
    metadata: {
      name: config.require("namespace"),
      labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    },
  },
  opts,
).metadata.name;

const store = new RedisSentinel(
  "sessions",
  {
    namespace,
    // The sessions of the gateway plus those of the server's proxies.
    sessions: 2 * sessions,
    clientPods: 10,
    engine,
    spread,
    resources: { cpu: config.require("redisCpu") },
    ...(redisImage !== undefined && { image: redisImage }),
  },
  opts,
);

const server = new McpServer(
  "everything",
  {
    namespace,
    image: config.require("serverImage"),
    args: config.require("serverArgs").split(" "),
    port: 3001,
    sessions,
    backendReplicas: serverReplicas,
    ...(serverSessions !== undefined && { podSessions: serverSessions }),
    stateful: true,
    sessionStorage: store.connection,
    spread,
    proxy: processArgs,
  },
  opts,
);

const gateway = new VirtualMcpServer(
  "demo",
  {
    ...processArgs,
    namespace,
    sessions,
    backends: [server.backend],
    ...(backendSelector !== undefined && {
      discovery: { services: { labelSelector: backendSelector }, maxBackends: 4 },
    }),
    ...(aggregation !== undefined && { aggregation }),
    sessionStorage: store.connection,
    spread,
    ...(gatewayReplicas !== undefined && { replicas: gatewayReplicas }),
  },
  opts,
);

/** The endpoint, inside the cluster. */
export const url = gateway.url;

/** Every figure of the capacity plan with its arithmetic. */
export const capacity = {
  gateway: gateway.capacity,
  server: server.capacity,
  store: store.capacity,
};

/** Commands to try next. */
export const next = gateway.serviceName.apply((service) => [
  `kubectl -n ${config.require("namespace")} get pods`,
  `kubectl -n ${config.require("namespace")} port-forward service/${service} 4483`,
  "npx @modelcontextprotocol/inspector --cli http://localhost:4483/mcp --method tools/list",
]);
