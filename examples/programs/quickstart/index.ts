// A store, one MCP server with its proxies, and a gateway in front of it, for 1,000 sessions.
import { McpServer, RedisSentinel, VirtualMcpServer } from "mcp-fleet";

const store = new RedisSentinel("sessions", { sessions: 2_000 });

const github = new McpServer("github", {
  image: "registry.example.com/github-mcp:1.4.0",
  sessions: 1_000,
  backendReplicas: 3,
  stateful: true,
  sessionStorage: store,
});

const gateway = new VirtualMcpServer("tools", {
  sessions: 1_000,
  backends: [github],
  sessionStorage: store,
});

export const url = gateway.url;
export const plan = gateway.plan;
