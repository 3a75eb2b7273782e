import type { Given } from "../given.ts";
import type { ServerPart } from "../parts.ts";
import type { Reading } from "../reading.ts";
import { headerStrategy, strategyOf } from "./external-auth-config.ts";
import { guards, present } from "./guards.ts";
import { toolChoiceOf } from "./tool-config.ts";
import { proxyFields } from "./workload-fields.ts";

/** A server that runs elsewhere, behind a proxy of ToolHive: the gateway calls it without one. */
export function mcpRemoteProxy(given: Given, reading: Reading, keep: boolean): ServerPart {
  const group = reading.reference("spec.groupRef");
  const isSse = reading.text("spec.transport") === "sse";
  const strategy =
    strategyOf(given, reading, "spec.externalAuthConfigRef") ?? headerStrategy(reading);
  const tools = toolChoiceOf(given, reading, "spec.toolConfigRef");
  const part = {
    reading,
    name: reading.name,
    namespace: reading.namespace,
    ...(group !== undefined && { group }),
    ...(strategy && { strategy }),
    secrets: strategy?.secrets ?? [],
  };
  const transport = isSse ? "sse" : undefined;
  if (keep) {
    reading.unused("spec", "the proxy runs on in ToolHive, and the gateway calls it");
    const port = reading.whole("spec.proxyPort") ?? reading.whole("spec.port") ?? 8080;
    const host = `mcp-${reading.name}-remote-proxy.${reading.namespace}.svc.cluster.local`;
    const url = `http://${host}:${port}${isSse ? "/sse" : "/mcp"}`;
    const { strategy: _, ...rest } = part;
    return { ...rest, secrets: [], now: present({ name: reading.name, url, transport }) };
  }
  guards(given, reading);
  proxyFields(reading);
  reading.taken("spec.groupRef", "spec.remoteUrl", "spec.transport", "spec.allowPrivateEndpoint");
  for (const key of ["resources", "serviceAccount", "podTemplateSpec"]) {
    reading.different(
      `spec.${key}`,
      "there is no proxy: the gateway calls the server itself",
      "delete it",
    );
  }
  const url = reading.text("spec.remoteUrl");
  return {
    ...part,
    now: present({ name: reading.name, url, transport }),
    ...(url !== undefined && { alone: present({ url, transport }) }),
    ...(tools && { tools }),
  };
}
