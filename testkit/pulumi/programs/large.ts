// 50 gateways over 200 servers, four each, and one store.
import * as k8s from "@pulumi/kubernetes";
import { McpServer, RedisSentinel, VirtualMcpServer } from "../../../infra/index.ts";

const provider = new k8s.Provider("manifests", { renderYamlToDirectory: "manifests" });
const redis = new RedisSentinel("sessions", { sessions: 50000, clientPods: 150 }, { provider });
const servers = Array.from(
  { length: 200 },
  (_, index) =>
    new McpServer(`server-${index}`, { image: "registry.example.com/server:1" }, { provider }),
);
const gateways = Array.from(
  { length: 50 },
  (_, index) =>
    new VirtualMcpServer(
      `team-${index}`,
      {
        sessions: 1000,
        backends: servers.slice(4 * index, 4 * index + 4).map((server) => server.backend),
        sessionStorage: redis.connection,
      },
      { provider },
    ),
);
export const urls = gateways.map(({ url }) => url);
