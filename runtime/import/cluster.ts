import { brief, isSection } from "@mcp-fleet/contract";
import { GROUP, KINDS, VERSIONS } from "./resource.ts";
import type { ResourceReader } from "./resource-reader.ts";

/** The plural of each kind in the API of Kubernetes. */
const PLURALS: Readonly<Record<(typeof KINDS)[number], string>> = {
  VirtualMCPServer: "virtualmcpservers",
  MCPServer: "mcpservers",
  MCPRemoteProxy: "mcpremoteproxies",
  MCPServerEntry: "mcpserverentries",
  MCPGroup: "mcpgroups",
  MCPToolConfig: "mcptoolconfigs",
  MCPExternalAuthConfig: "mcpexternalauthconfigs",
  MCPOIDCConfig: "mcpoidcconfigs",
  MCPAuthzConfig: "mcpauthzconfigs",
  MCPTelemetryConfig: "mcptelemetryconfigs",
  MCPWebhookConfig: "mcpwebhookconfigs",
  VirtualMCPCompositeToolDefinition: "virtualmcpcompositetooldefinitions",
  EmbeddingServer: "embeddingservers",
  MCPRegistry: "mcpregistries",
};

/** Resources in one answer of the API server. */
const PAGE = 500;

/**
 * Adds what a cluster has: every kind of ToolHive that it knows, in its newest version that is read. ConfigMaps with
 * policies are not read: the program needs no right to read them all.
 *
 * @param namespace absent: all of them.
 * @throws {Error} what the API server refuses, by its message.
 */
export async function readCluster(reader: ResourceReader, namespace?: string): Promise<void> {
  const { CustomObjectsApi, KubeConfig, ApiException } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromDefault();
  const api = config.makeApiClient(CustomObjectsApi);
  for (const kind of KINDS) {
    const plural = PLURALS[kind];
    for (const version of VERSIONS.toReversed()) {
      let token: string | undefined;
      try {
        do {
          const page = {
            group: GROUP,
            version,
            plural,
            limit: PAGE,
            ...(token && { _continue: token }),
          };
          const list: unknown = namespace
            ? await api.listNamespacedCustomObject({ ...page, namespace })
            : await api.listClusterCustomObject(page);
          if (!isSection(list)) break;
          const items = Array.isArray(list.items) ? list.items : [];
          for (const item of items) {
            if (!isSection(item)) continue;
            reader.add({ ...item, apiVersion: `${GROUP}/${version}`, kind }, `cluster:${plural}`);
          }
          const next = isSection(list.metadata) ? list.metadata.continue : undefined;
          token = typeof next === "string" && next ? next : undefined;
        } while (token !== undefined);
        break;
      } catch (error) {
        // The cluster does not know this kind in this version.
        if (error instanceof ApiException && error.code === 404) continue;
        if (!(error instanceof ApiException)) throw error;
        const body: unknown = error.body;
        const said = typeof body === "string" ? body : JSON.stringify(body);
        throw new Error(`${plural}: HTTP ${error.code} ${brief(said)}`);
      }
    }
  }
}
