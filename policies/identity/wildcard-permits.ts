import { valueAt } from "@mcp-fleet/contract";
import { configuredStack } from "../examples/configured.ts";
import { policy } from "../policy.ts";
import { Configured } from "../stack/configured.ts";

const decides = (policies: string) => ({
  incomingAuth: {
    type: "oidc",
    oidc: { issuer: "https://id.example.com", audience: "mcp" },
    authz: { type: "cedar", policies: [policies] },
  },
});

const POLICIES = ["incomingAuth", "authz", "policies"];

export const wildcardPermits = policy({
  name: "wildcard-permits",
  level: "mandatory",
  rule: "No Cedar policy permits every client every tool without a condition.",
  prevents:
    "A policy for a first try stays, and everybody who can log in may call every tool, whatever the other policies permit to whom",
  source:
    "Cedar: what one policy permits needs no other one. ToolHive's examples start with permit(principal, action, resource)",
  remediation:
    "Name the principals, such as a group, or the tools, or add a condition. Where everybody may everything, say in acceptRisks.wildcardPermits why.",
  examples: {
    passes: configuredStack(decides('permit(principal in THVGroup::"eng", action, resource);')),
    fails: configuredStack(decides("permit(principal, action, resource);")),
    says: "incomingAuth.authz.policies[0] permits every client every tool",
  },
  subjects: Configured.of,
  *judge(configured) {
    if (configured.accepts("wildcardPermits")) return;
    const policies = valueAt(configured.settings, POLICIES);
    for (const [index, text] of (Array.isArray(policies) ? policies : []).entries()) {
      if (typeof text !== "string" || !isWildcard(text)) continue;
      yield `incomingAuth.authz.policies[${index}] permits every client every tool; name principals or tools, or say in acceptRisks.wildcardPermits why that is no risk`;
    }
  },
});

/** What is no code: texts, which stay as empty ones, and comments. */
const TEXT_OR_COMMENT = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*/g;

/** A permit of every principal and resource, for every action or calls, with no condition but one that always holds. */
const WILDCARD =
  /\bpermit\s*\(\s*principal\s*,\s*action(?:\s*(?:==|in)\s*CALLS)?\s*,\s*resource\s*,?\s*\)\s*(?:when\s*\{\s*true\s*\}\s*)*;/;

/** Calls of tools among the actions of a policy. */
const CALLS = /(?:\w+::)*Action::"call_tool"|\[[^\]]*(?:\w+::)*Action::"call_tool"[^\]]*\]/g;

/** Whether one of the policies of a text permits everybody every tool. */
function isWildcard(text: string): boolean {
  const code = text
    .replaceAll(TEXT_OR_COMMENT, (found) => (found.startsWith("//") ? " " : found))
    .replaceAll(CALLS, "CALLS")
    .replaceAll(TEXT_OR_COMMENT, '""');
  return WILDCARD.test(code);
}
