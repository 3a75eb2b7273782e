import { configuredStack } from "../examples/configured.ts";
import { policy } from "../policy.ts";
import { Configured } from "../stack/configured.ts";
import { issuersOf } from "./issuers.ts";

const login = (relaxed: object) => ({
  incomingAuth: {
    type: "oidc",
    oidc: { issuer: "https://id.example.com", audience: "mcp", ...relaxed },
  },
});

export const privateIssuers = policy({
  name: "private-issuers",
  level: "advisory",
  advisoryBecause: "An identity provider in the cluster has private addresses",
  rule: "Metadata and keys of issuers, and introspection, are at public addresses.",
  prevents:
    "Metadata of an issuer that somebody else controls lead the gateway to services that only it can reach",
  source: "OWASP: server-side request forgery. ToolHive refuses private addresses by default, too",
  remediation:
    "Remove jwksAllowPrivateIp and protectedResourceAllowPrivateIp. Where the issuer is in the cluster, say so in acceptRisks.privateIssuers.",
  examples: {
    passes: configuredStack(login({})),
    fails: configuredStack(login({ jwksAllowPrivateIp: true })),
    says: "incomingAuth.oidc.jwksAllowPrivateIp lets",
  },
  subjects: Configured.of,
  *judge(configured) {
    if (configured.accepts("privateIssuers")) return;
    for (const { path, section } of issuersOf(configured)) {
      for (const field of ["jwksAllowPrivateIp", "protectedResourceAllowPrivateIp"]) {
        if (section[field] !== true) continue;
        yield `${path}.${field} lets the issuer be at private and loopback addresses; remove it, or say in acceptRisks.privateIssuers why that is no risk`;
      }
    }
  },
});
