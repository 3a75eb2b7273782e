import { valueAt } from "@mcp-fleet/contract";
import { configuredStack } from "../examples/configured.ts";
import { policy } from "../policy.ts";
import { Configured } from "../stack/configured.ts";
import { isPlainHttp, issuersOf } from "./issuers.ts";

const login = (issuer: string) => ({
  incomingAuth: { type: "oidc", oidc: { issuer, audience: "mcp" } },
});

export const httpIssuers = policy({
  name: "http-issuers",
  level: "mandatory",
  rule: "Metadata and keys of issuers, and introspection, come over https.",
  prevents:
    "Whoever is between the gateway and the issuer answers with keys of their own, and calls every tool with tokens signed by them",
  source:
    "RFC 8414 and RFC 7662: TLS is required. The setting insecureAllowHttp is for development",
  remediation:
    "Use the https address of the issuer, with caBundle where its certificate is of an authority of your own. Where http is right, say in acceptRisks.httpIssuers why.",
  examples: {
    passes: configuredStack(login("https://id.example.com")),
    fails: configuredStack(login("http://id.example.com")),
    says: "incomingAuth.oidc.issuer is an http address",
  },
  subjects: Configured.of,
  *judge(configured) {
    if (configured.accepts("httpIssuers")) return;
    for (const { path, section } of issuersOf(configured)) {
      for (const field of ["issuer", "jwksUrl", "introspectionUrl"]) {
        if (isPlainHttp(section[field])) yield fault(`${path}.${field}`);
      }
    }
    const keys = valueAt(configured.settings, ["incomingAuth", "jwt", "jwks"]);
    if (isPlainHttp(keys)) yield fault("incomingAuth.jwt.jwks");
  },
});

const fault = (path: string) =>
  `${path} is an http address, so that whoever is in between can forge tokens; use https, or say in acceptRisks.httpIssuers why that is no risk`;
