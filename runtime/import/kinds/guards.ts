import type { Section } from "@mcp-fleet/contract";
import type { Given } from "../given.ts";
import type { Gate } from "../import-error.ts";
import type { Reading, Reason } from "../reading.ts";

/** The guards of a server's own proxy, which is not there any more. */
export function guards(given: Given, reading: Reading): void {
  guard(given, reading, ["oidcConfigRef", "oidcConfig", "authServerRef"], "incomingAuth", {
    topic: "identity",
    why: "the server's own proxy asked its clients for a token, and is not there any more",
    fix: "let the gateway's incomingAuth ask for it; only gateways reach the server's pods",
  });
  guard(given, reading, ["authzConfig", "authzConfigRef"], "authz", {
    topic: "authorization",
    why: "the server's own proxy checked what its clients may do, and is not there any more",
    fix: "keep the server in ToolHive with --keep-servers, or set the policies at the gateway",
  });
  guard(given, reading, ["webhookConfigRef"], "webhooks", {
    topic: "webhooks",
    why: "calls are not sent to webhooks, which may refuse them",
    fix: "keep the server in ToolHive with --keep-servers",
  });
}

/** The kinds that guards refer to. */
const KIND_OF: Readonly<Record<string, string>> = {
  oidcConfigRef: "MCPOIDCConfig",
  authServerRef: "MCPExternalAuthConfig",
  authzConfigRef: "MCPAuthzConfig",
  webhookConfigRef: "MCPWebhookConfig",
};

function guard(
  given: Given,
  reading: Reading,
  keys: readonly string[],
  gate: Gate,
  reason: Reason,
): void {
  for (const key of keys) {
    const field = ["spec", key];
    if (!reading.has(field)) continue;
    const kind = KIND_OF[key];
    if (kind === undefined) reading.section(field);
    const config = kind && given.follow(reading, field, kind, reason);
    if (config) config.left("spec", reason);
    reading.left(field, reason, gate);
  }
}

/** A section without what is undefined. */
export function present(section: Section): Section {
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== undefined));
}
