// A store and a server. With `test:reads`, a gateway takes them from the outputs of the stack, as one in another stack would.
import * as k8s from "@pulumi/kubernetes";
import { Config, StackReference, secret } from "@pulumi/pulumi";
import { McpServer, RedisSentinel, VirtualMcpServer } from "../../../infra/index.ts";

const provider = new k8s.Provider("manifests", { renderYamlToDirectory: "manifests" });
const store = new RedisSentinel("sessions", { sessions: 2000 }, { provider });
const server = new McpServer(
  "github",
  { image: "registry.example.com/github-mcp:1.4.0", sessions: 1000, sessionStorage: store },
  { provider },
);

export const plan = server.plan;
export const backend = server.backend;
export const connection = store.connection;

if (new Config("test").getBoolean("reads")) {
  const fleet = new StackReference("organization/test/test");
  const { value: figures } = await fleet.getOutputDetails("plan");
  const { value: github } = await fleet.getOutputDetails("backend");
  const { secretValue: storage } = await fleet.getOutputDetails("connection");
  new VirtualMcpServer(
    "eng",
    {
      sessions: figures.podSessions,
      backends: [github],
      sessionStorage: { ...storage, password: secret(storage.password) },
    },
    { provider },
  );
}
