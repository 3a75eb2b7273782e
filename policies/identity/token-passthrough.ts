import { type Path, printPath, valueAt } from "@mcp-fleet/contract";
import { configuredStack } from "../examples/configured.ts";
import { policy } from "../policy.ts";
import { Configured } from "../stack/configured.ts";

/** Headers that say who a client is, to whom they are sent. */
const CREDENTIALS = ["authorization", "cookie"];

export const tokenPassthrough = policy({
  name: "token-passthrough",
  level: "mandatory",
  rule: "Backends do not get the credentials with which clients come to the gateway.",
  prevents:
    "A backend that is taken over uses the tokens of everybody who calls it, at the gateway and at every other backend",
  source: "MCP's security best practices: token passthrough is forbidden",
  remediation:
    "Use outgoingAuth with token_exchange, which gets a token for each backend. Where backends may have these headers, say in acceptRisks.authorizationPassthrough why.",
  examples: {
    passes: configuredStack({ passthroughHeaders: ["X-Tenant"] }),
    fails: configuredStack({ passthroughHeaders: ["X-Tenant", "Authorization"] }),
    says: "passthroughHeaders names Authorization",
  },
  subjects: Configured.of,
  *judge(configured) {
    const { settings } = configured;
    const own = valueAt(settings, ["acceptRisks", "authorizationPassthrough"]);
    if (configured.accepts("authorizationPassthrough") || typeof own === "string") return;
    for (const path of headerPaths(settings)) {
      const names = valueAt(settings, path);
      for (const name of Array.isArray(names) ? names : []) {
        if (!CREDENTIALS.includes(String(name).toLowerCase())) continue;
        yield `${printPath(path)} names ${name}, which is for the gateway; exchange tokens with outgoingAuth, or say in acceptRisks.authorizationPassthrough why that is no risk`;
      }
    }
  },
});

function headerPaths(settings: Configured["settings"]): Path[] {
  const backends = valueAt(settings, ["backends"]);
  const ofBackends = (Array.isArray(backends) ? backends : []).map((_, index) => [
    "backends",
    index,
    "passthroughHeaders",
  ]);
  return [["passthroughHeaders"], ...ofBackends];
}
