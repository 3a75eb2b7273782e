// The program of the README, with its manifests in the folder `manifests` and its sessions in the configuration.
import * as k8s from "@pulumi/kubernetes";
import { Config } from "@pulumi/pulumi";
import { McpServer, RedisSentinel, VirtualMcpServer } from "../../../infra/index.ts";

const sessions = new Config("test").requireNumber("sessions");
const provider = new k8s.Provider("manifests", { renderYamlToDirectory: "manifests" });

const redis = new RedisSentinel("sessions", { sessions: 2 * sessions }, { provider });
const github = new McpServer(
  "github",
  {
    image: "registry.example.com/github-mcp:1.4.0",
    backendReplicas: 3,
    stateful: true,
    sessions,
    sessionStorage: redis.connection,
  },
  { provider },
);
const jira = new McpServer("jira", { url: "https://jira.example.com/mcp" }, { provider });
const gateway = new VirtualMcpServer(
  "eng",
  { sessions, backends: [github.backend, jira.backend], sessionStorage: redis.connection },
  { provider },
);

export const url = gateway.url;
export const capacity = gateway.capacity;
