import type { Path, Section } from "@mcp-fleet/contract";

/** The API group of ToolHive's resources. */
export const GROUP = "toolhive.stacklok.dev";

/** Its versions that are read. */
export const VERSIONS = ["v1alpha1", "v1beta1"] as const;

/** The kinds of ToolHive that are read. */
export const KINDS = [
  "VirtualMCPServer",
  "MCPServer",
  "MCPRemoteProxy",
  "MCPServerEntry",
  "MCPGroup",
  "MCPToolConfig",
  "MCPExternalAuthConfig",
  "MCPOIDCConfig",
  "MCPAuthzConfig",
  "MCPTelemetryConfig",
  "MCPWebhookConfig",
  "VirtualMCPCompositeToolDefinition",
  "EmbeddingServer",
  "MCPRegistry",
] as const;

/** The kind of a file of ToolHive's vmcp, which is no resource. */
export const VMCP_FILE = "vmcp.yaml";

export type Kind = (typeof KINDS)[number];

/** A resource as it was given, or a vmcp.yaml. Nothing in it is validated but its kind, namespace and name. */
export interface Resource {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly content: Section;
  /** Whether it is ToolHive's; others stay as they are, and are read only where one of ToolHive's refers to them. */
  readonly isToolHive: boolean;
  /** `FILE:LINE:COLUMN` of the value at a path, or of what stands around it. */
  placeOf(path: Path): string;
}

/** A resource as reports name it. */
export function titleOf({ kind, namespace, name }: Pick<Resource, "kind" | "namespace" | "name">) {
  return kind === VMCP_FILE ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
