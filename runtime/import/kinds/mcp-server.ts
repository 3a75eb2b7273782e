import type { Section } from "@mcp-fleet/contract";
import type { Given } from "../given.ts";
import type { ServerPart } from "../parts.ts";
import type { Reading } from "../reading.ts";
import { strategyOf } from "./external-auth-config.ts";
import { guards, present } from "./guards.ts";
import { type ToolChoice, toolChoiceOf } from "./tool-config.ts";
import {
  costOf,
  PodTemplateReading,
  proxyFields,
  secretsOf,
  serviceAccountOf,
  variablesOf,
} from "./workload-fields.ts";

/** The container of the server in ToolHive's pod templates. */
const CONTAINER = "mcp";

const DEFAULT_PORT = 8080;

/**
 * A server that ToolHive runs.
 *
 * @param keep whether it goes on to run there, and gateways call its proxy.
 */
export function mcpServer(given: Given, reading: Reading, keep: boolean): ServerPart {
  const transport = reading.text("spec.transport") ?? "stdio";
  const isStdio = transport === "stdio";
  const stays = keep || isStdio;
  const group = reading.reference("spec.groupRef");
  reading.taken("spec.groupRef");
  const tools = ownTools(reading) ?? toolChoiceOf(given, reading, "spec.toolConfigRef");
  const strategy = strategyOf(given, reading, "spec.externalAuthConfigRef");
  const part = {
    reading,
    name: reading.name,
    namespace: reading.namespace,
    ...(group !== undefined && { group }),
    now: proxyOf(reading, transport),
    ...(strategy && { strategy }),
    secrets: [],
  };
  if (!stays) {
    return { ...part, args: argsOf(given, reading, transport), ...(tools && { tools }) };
  }
  if (isStdio) {
    reading.left("spec", {
      topic: "stdio",
      why: "a server that speaks stdio runs on in ToolHive, and the gateway calls its proxy",
      fix: "keep its MCPServer; when its image can serve Streamable HTTP, change transport and import again",
    });
    if (!reading.has("spec.transport")) {
      const fix = "keep its MCPServer, or set transport where the image serves Streamable HTTP";
      reading.left("spec.image", {
        topic: "stdio",
        why: "its transport is stdio, ToolHive's default",
        fix,
      });
    }
  } else {
    reading.unused("spec", "the server runs on in ToolHive, and the gateway calls its proxy");
  }
  reading.taken("spec.groupRef", "spec.proxyPort", "spec.proxyMode", "spec.toolConfigRef");
  for (const key of ["oidcConfigRef", "oidcConfig", "authServerRef"]) {
    reading.left(`spec.${key}`, {
      topic: "identity",
      why: "the server's proxy asks for a token, and the gateway has none for it",
      fix: "set outgoingAuth for this backend, or let the proxy accept the gateway only by a NetworkPolicy",
    });
  }
  return part;
}

/** The filter of v1alpha1. */
function ownTools(reading: Reading): ToolChoice | undefined {
  const filter = reading.texts("spec.tools");
  if (filter.length === 0) return undefined;
  reading.taken("spec.tools");
  return { filter, reading, field: "spec.tools" };
}

/** The backend that ToolHive's proxy of the server is. */
function proxyOf(reading: Reading, transport: string): Section {
  const mode =
    transport === "stdio" ? (reading.text("spec.proxyMode") ?? "streamable-http") : transport;
  const port = reading.whole("spec.proxyPort") ?? reading.whole("spec.port") ?? DEFAULT_PORT;
  const isSse = mode === "sse";
  const host = `mcp-${reading.name}-proxy.${reading.namespace}.svc.cluster.local`;
  return {
    name: reading.name,
    url: `http://${host}:${port}${isSse ? "/sse" : "/mcp"}`,
    ...(isSse && { transport: "sse" }),
  };
}

function argsOf(given: Given, reading: Reading, transport: string): Section {
  guards(given, reading);
  proxyFields(reading);
  reading.taken(
    "spec.image",
    "spec.transport",
    "spec.mcpPort",
    "spec.targetPort",
    "spec.args",
    "spec.backendReplicas",
  );
  if (transport !== "streamable-http" && transport !== "sse") {
    const why = "must be streamable-http, sse or stdio";
    reading.left("spec.transport", { topic: "other", why, fix: "use one of these" });
  }
  const port = reading.whole("spec.mcpPort") ?? reading.whole("spec.targetPort") ?? DEFAULT_PORT;
  const replicas = reading.whole("spec.backendReplicas");
  reading.different(
    "spec.permissionProfile",
    "has no effect, in ToolHive neither",
    "set networkPolicy where it should",
  );
  reading.left("spec.volumes", {
    topic: "pods",
    why: "pods have no volumes of the node",
    fix: "mount a PersistentVolumeClaim, ConfigMap or Secret through podTemplate",
  });
  const template = new PodTemplateReading(reading, "spec.podTemplateSpec", CONTAINER, "server");
  const own = variablesOf(reading, "spec.env");
  const inContainer = template.inContainer("env");
  const more = inContainer ? variablesOf(reading, inContainer) : { env: [], secrets: [] };
  const resources = template.inContainer("resources");
  const cost = costOf(reading, "spec.resources") ?? (resources && costOf(reading, resources));
  const env = [...transportVariables(transport, port), ...own.env, ...more.env];
  const secrets = [...secretsOf(reading, "spec.secrets"), ...own.secrets, ...more.secrets];
  return present({
    image: reading.text("spec.image"),
    transport: transport === "sse" ? "sse" : undefined,
    port: port === DEFAULT_PORT ? undefined : port,
    args: listed(reading.texts("spec.args")),
    env: listed([...new Map(env.map((one) => [one.name, one])).values()]),
    secrets: listed(secrets),
    backendReplicas: replicas === undefined || replicas < 2 ? undefined : replicas,
    serviceAccount: serviceAccountOf(reading, "spec.serviceAccount"),
    cost,
    podTemplate: template.template(),
  });
}

const listed = <Entry>(entries: readonly Entry[]) => (entries.length > 0 ? entries : undefined);

/** What ToolHive tells servers by itself: images read it. */
function transportVariables(transport: string, port: number): { name: string; value: string }[] {
  return [
    { name: "MCP_TRANSPORT", value: transport },
    { name: "MCP_PORT", value: String(port) },
    { name: "FASTMCP_PORT", value: String(port) },
  ];
}
