/** ToolHive's kinds that stand for servers, as far as an API server needs to know them. */
const KINDS = [
  ["MCPServer", "mcpservers"],
  ["MCPRemoteProxy", "mcpremoteproxies"],
  ["MCPServerEntry", "mcpserverentries"],
] as const;

const GROUP = "toolhive.stacklok.dev";

/** Their definitions as YAML documents. Default: the versions of ToolHive 0.63. */
export function toolhiveKinds(versions: readonly string[] = ["v1beta1", "v1alpha1"]): string {
  return KINDS.map(([kind, plural]) =>
    JSON.stringify({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.${GROUP}` },
      spec: {
        group: GROUP,
        scope: "Namespaced",
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: versions.map((name, index) => ({
          name,
          served: true,
          storage: index === 0,
          schema: {
            openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          },
        })),
      },
    }),
  ).join("\n---\n");
}

/** What kubectl calls the definitions. */
export const TOOLHIVE_KINDS: readonly string[] = KINDS.map(
  ([, plural]) => `crd/${plural}.${GROUP}`,
);
