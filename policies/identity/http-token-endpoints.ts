import { isSection, type Path, printPath, valueAt } from "@mcp-fleet/contract";
import { configuredStack } from "../examples/configured.ts";
import { policy } from "../policy.ts";
import { Configured } from "../stack/configured.ts";
import { isPlainHttp } from "./issuers.ts";

const credentials = (tokenUrl: string) => ({
  outgoingAuth: {
    default: {
      type: "client_credentials",
      clientCredentials: { tokenUrl, clientId: "gateway", clientSecretFile: "/run/secrets/a" },
    },
  },
});

export const httpTokenEndpoints = policy({
  name: "http-token-endpoints",
  level: "mandatory",
  rule: "Secrets and tokens go to token endpoints over https.",
  prevents:
    "Whoever reads the traffic between the gateway and the authorization server has its client secret, and the tokens of clients and backends",
  source:
    "RFC 6749, section 3.2: token endpoints require TLS. The setting insecureAllowHttp is for development",
  remediation:
    "Use the https address of the token endpoint. Where http is right, say in acceptRisks.httpTokenEndpoints why.",
  examples: {
    passes: configuredStack(credentials("https://id.example.com/token")),
    fails: configuredStack(credentials("http://id.example.com/token")),
    says: "outgoingAuth.default.clientCredentials.tokenUrl is an http address",
  },
  subjects: Configured.of,
  *judge(configured) {
    if (configured.accepts("httpTokenEndpoints")) return;
    for (const path of strategyPaths(configured)) {
      const strategy = valueAt(configured.settings, path);
      for (const [section, value] of Object.entries(isSection(strategy) ? strategy : {})) {
        const tokenUrl = [section, "tokenUrl"];
        if (!isPlainHttp(valueAt(strategy, tokenUrl)) || !isSection(value)) continue;
        yield `${printPath([...path, ...tokenUrl])} is an http address, so that secrets and tokens can be read on the way; use https, or say in acceptRisks.httpTokenEndpoints why that is no risk`;
      }
    }
  },
});

/** Where the strategies of a configuration are. */
function strategyPaths({ settings }: Configured): Path[] {
  const byName = valueAt(settings, ["outgoingAuth", "backends"]);
  const backends = valueAt(settings, ["backends"]);
  return [
    ["outgoingAuth", "default"],
    ...Object.keys(isSection(byName) ? byName : {}).map((name) => [
      "outgoingAuth",
      "backends",
      name,
    ]),
    ...(Array.isArray(backends) ? backends : []).map((_, index) => [
      "backends",
      index,
      "discoveryAuth",
    ]),
  ];
}
