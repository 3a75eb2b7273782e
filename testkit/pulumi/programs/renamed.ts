// A store, a server and a gateway, which `test:renamed` gives other names in Pulumi and aliases.
import * as k8s from "@pulumi/kubernetes";
import { Config } from "@pulumi/pulumi";
import { McpServer, RedisSentinel, VirtualMcpServer } from "../../../infra/index.ts";

const isRenamed = new Config("test").getBoolean("renamed") ?? false;
const provider = new k8s.Provider("manifests", { renderYamlToDirectory: "manifests" });
const nameOf = (name: string) => (isRenamed ? `${name}-dev` : name);
const kept = (name: string) => (isRenamed ? { name } : {});
const optsOf = (name: string) => ({ provider, ...(isRenamed && { aliases: [{ name }] }) });

const store = new RedisSentinel(
  nameOf("sessions"),
  { sessions: 200, users: [{ name: "eng" }], exporter: {}, ...kept("sessions") },
  optsOf("sessions"),
);
const github = new McpServer(
  nameOf("github"),
  {
    image: "registry.example.com/github-mcp:1.4.0",
    sessions: 100,
    stateful: true,
    sessionStorage: store.connection,
    proxy: { monitoring: { serviceMonitor: true, grafanaDashboard: true } },
    ...kept("github"),
  },
  optsOf("github"),
);
new VirtualMcpServer(
  nameOf("eng"),
  {
    sessions: 100,
    backends: [github.backend],
    sessionStorage: store.connectionOf("eng"),
    httpRoute: { hostnames: ["mcp.example.com"], parentRefs: [{ name: "public" }] },
    ...kept("eng"),
  },
  optsOf("eng"),
);
