// From ToolHive: the servers stay MCPServers of its operator until they move, and clients move to the gateway first.
import { RedisSentinel, VirtualMcpServer } from "mcp-fleet";

const store = new RedisSentinel("sessions", { sessions: 2_000 });

const gateway = new VirtualMcpServer("vmcp", {
  sessions: 2_000,
  // The Service of an MCPServer's proxy runner is mcp-NAME-proxy, in the namespace of the MCPServer.
  backends: ["github", "fetch", "osv"].map((name) => ({
    name,
    url: `http://mcp-${name}-proxy.toolhive-system.svc:8080/mcp`,
  })),
  sessionStorage: store,
  // The names that clients know: vMCP's default is {workload}_, which is this default, too.
  aggregation: { prefixFormat: "{workload}_" },
});

export const url = gateway.url;
