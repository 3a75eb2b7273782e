import type { ResourceDescription } from "../stack/resource.ts";
import { edited, type Json } from "./edit.ts";
import { gatewayStack } from "./gateway.ts";
import { manifest } from "./manifest.ts";

/** The gateway `eng-gateway` with its configuration in a ConfigMap, as a YAML file or what else a text may be. */
export function configuredStack(
  configuration: Readonly<Record<string, Json>> | string,
): ResourceDescription[] {
  const text = typeof configuration === "string" ? configuration : JSON.stringify(configuration);
  const stack = edited(gatewayStack(), "Deployment eng-gateway", {
    "spec.template.spec.volumes": [{ name: "configuration", configMap: { name: "eng" } }],
    "spec.template.spec.containers[0].volumeMounts": [
      { name: "configuration", mountPath: "/etc/mcp-fleet" },
    ],
  });
  return [...stack, manifest("core/v1:ConfigMap", "eng", { data: { [FILE]: text } })];
}

/** Where the text is in the example. */
const FILE = "configuration.json";
