// A gateway over a Redis that somebody else runs: TLS with a CA of one's own, and the password in a Secret that exists.
import { VirtualMcpServer } from "mcp-fleet";

const gateway = new VirtualMcpServer("tools", {
  sessions: 5_000,
  backends: [
    { name: "github", url: "http://github.tools.svc:8080/mcp" },
    { name: "wiki", url: "https://wiki.example.com/mcp" },
  ],
  sessionStorage: {
    address: "redis.data.svc:6379",
    username: "tools",
    passwordRef: { name: "redis-tools", key: "password" },
    tls: { caConfigMapRef: { name: "redis-ca", key: "ca.crt" } },
  },
});

export const url = gateway.url;
