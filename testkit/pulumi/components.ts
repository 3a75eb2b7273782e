import type { ComponentResourceOptions } from "@pulumi/pulumi";
import {
  type BackendArgs,
  McpServer,
  type McpServerArgs,
  RedisSentinel,
  type RedisSentinelArgs,
  type SessionStorageArgs,
  VirtualMcpServer,
  type VirtualMcpServerArgs,
} from "../../infra/index.ts";
import type { RecordedResource } from "./recorded-resource.ts";
import { RecordedStack } from "./recorded-stack.ts";

/** A server that runs elsewhere. */
export const GITHUB: BackendArgs = { name: "github", url: "http://github.example.com/mcp" };

/** A store of somebody else, behind Sentinel. */
export const STORE: SessionStorageArgs = {
  sentinel: { masterName: "main", addresses: ["redis-0.example.com:26379"] },
  username: "gateway",
  password: "the-password-of-the-store",
};

/** A stack with the gateway `eng`: 5,000 sessions, one backend and a shared store, where nothing else is said. */
export function gatewayStack(
  args: Partial<VirtualMcpServerArgs> = {},
  opts: ComponentResourceOptions = {},
): Promise<RecordedStack> {
  return RecordedStack.of(() => {
    const all = { sessions: 5000, backends: [GITHUB], sessionStorage: STORE, ...args };
    const { url, serviceName, adminToken, capacity } = new VirtualMcpServer("eng", all, opts);
    return { url, serviceName, adminToken, capacity };
  });
}

/** A gateway of one pod with its sessions in its memory. */
export function lonelyGatewayStack(
  args: Partial<VirtualMcpServerArgs> = {},
): Promise<RecordedStack> {
  return RecordedStack.of(() => {
    new VirtualMcpServer("eng", { sessions: 500, backends: [GITHUB], ...args });
  });
}

/** A stack with the server `files`. */
export function serverStack(
  args: McpServerArgs = { image: "files:1" },
  opts: ComponentResourceOptions = {},
): Promise<RecordedStack> {
  return RecordedStack.of(() => {
    const { url, capacity, backend } = new McpServer("files", args, opts);
    return { url, capacity, backend };
  });
}

/** A stack with the store `sessions`, for 10,000 sessions where nothing else is said. */
export function redisStack(
  args: Partial<RedisSentinelArgs> = {},
  opts: ComponentResourceOptions = {},
): Promise<RecordedStack> {
  return RecordedStack.of(() => {
    const store = new RedisSentinel("sessions", { sessions: 10_000, ...args }, opts);
    const { masterName, sentinelAddresses, username, password, capacity, connection } = store;
    return { masterName, sentinelAddresses, username, password, capacity, connection };
  });
}

/** The configuration that pods of a role read. */
export function configurationOf(stack: RecordedStack, workload: string): Record<string, unknown> {
  const file = stack.one("ConfigMap", `${workload}-configuration`).map("data")[
    "configuration.json"
  ];
  return JSON.parse(String(file));
}

/** Where the pod, and its first container, stand in a workload. */
export const POD = "spec.template.spec";
export const CONTAINER = `${POD}.containers.0`;

/** The variables of the first container, by name. */
export function variablesOf(workload: RecordedResource): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (let index = 0; index < workload.list(`${CONTAINER}.env`).length; index += 1) {
    const { name, value, valueFrom } = workload.map(`${CONTAINER}.env.${index}`);
    entries.push([String(name), value ?? valueFrom]);
  }
  return Object.fromEntries(entries);
}
