// Gateways over four servers each, and one store.
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { McpServer, RedisSentinel, VirtualMcpServer } from "../../../infra/index.ts";

const count = new pulumi.Config("test").requireNumber("gateways");
const provider = new k8s.Provider("manifests", { renderYamlToDirectory: "manifests" });
const load = { sessions: 1000 * count, clientPods: 3 * count };
const redis = new RedisSentinel("sessions", load, { provider });
const servers = Array.from(
  { length: 4 * count },
  (_, index) =>
    new McpServer(`server-${index}`, { image: "registry.example.com/server:1" }, { provider }),
);
const gateways = Array.from(
  { length: count },
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
