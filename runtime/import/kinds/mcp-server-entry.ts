import type { Given } from "../given.ts";
import type { ServerPart } from "../parts.ts";
import type { Reading } from "../reading.ts";
import { headerStrategy, strategyOf } from "./external-auth-config.ts";
import { present } from "./guards.ts";

/** Where the gateway finds the CA of a server in a file of its own. */
const caBundlePath = (name: string) => `/etc/mcp-fleet/ca/${name}.crt`;

/** A server that ToolHive does not run. */
export function mcpServerEntry(given: Given, reading: Reading): ServerPart {
  const group = reading.reference("spec.groupRef");
  const isSse = reading.text("spec.transport") === "sse";
  const strategy =
    strategyOf(given, reading, "spec.externalAuthConfigRef") ?? headerStrategy(reading);
  reading.taken("spec.groupRef", "spec.remoteUrl", "spec.transport", "spec.allowPrivateEndpoint");
  const bundle = "spec.caBundleRef.configMapRef";
  const name = reading.text(`${bundle}.name`);
  const key = reading.text(`${bundle}.key`) ?? "ca.crt";
  const path = name === undefined ? undefined : caBundlePath(reading.name);
  if (path !== undefined) {
    const fix = `where gateway.yaml is used without the program, mount the ConfigMap's key ${key} there`;
    reading.different(
      "spec.caBundleRef",
      `gateway.yaml reads it from ${path}, the program mounts it`,
      fix,
    );
  }
  return {
    reading,
    name: reading.name,
    namespace: reading.namespace,
    ...(group !== undefined && { group }),
    now: present({
      name: reading.name,
      url: reading.text("spec.remoteUrl"),
      transport: isSse ? "sse" : undefined,
      caBundlePath: path,
    }),
    ...(name !== undefined && { caBundleRef: { name, key } }),
    ...(strategy && { strategy }),
    secrets: strategy?.secrets ?? [],
  };
}
