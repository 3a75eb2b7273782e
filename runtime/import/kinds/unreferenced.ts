import type { Topic } from "../finding.ts";
import type { Given } from "../given.ts";

/** Kinds that say something only where another resource refers to them. */
const SHARED: Readonly<Record<string, string>> = {
  MCPToolConfig: "which tools are listed",
  MCPExternalAuthConfig: "how backends are called",
  MCPOIDCConfig: "who may call",
  MCPAuthzConfig: "what clients may do",
  MCPTelemetryConfig: "where telemetry goes",
};

/** Kinds without a counterpart, wherever they are. */
const WITHOUT_COUNTERPART: Readonly<Record<string, { topic: Topic; why: string; fix: string }>> = {
  MCPWebhookConfig: {
    topic: "webhooks",
    why: "calls are not sent to webhooks",
    fix: "keep the servers that need them in ToolHive, and call them by URL",
  },
  VirtualMCPCompositeToolDefinition: {
    topic: "workflows",
    why: "there are no workflows",
    fix: "clients call the tools one by one",
  },
  EmbeddingServer: {
    topic: "optimizer",
    why: "there is no optimizer",
    fix: "delete it once no VirtualMCPServer uses it",
  },
  MCPRegistry: {
    topic: "registries",
    why: "there is no registry",
    fix: "keep it in ToolHive: it works without its gateways",
  },
};

/** What is said of resources that no rule has read. */
export function unreferenced(given: Given): void {
  for (const [kind, what] of Object.entries(SHARED)) {
    for (const reading of given.of(kind)) {
      if (given.isUsed(reading)) continue;
      reading.unused("spec", `says ${what}, and none of the given resources refers to it`);
    }
  }
  for (const [kind, reason] of Object.entries(WITHOUT_COUNTERPART)) {
    for (const reading of given.of(kind)) {
      // A workflow that a gateway refers to is reported by the validation of the gateway.
      if (!given.isUsed(reading)) reading.left("spec", reason);
    }
  }
}
