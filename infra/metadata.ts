import type { Section } from "@mcp-fleet/contract";
import type { ComponentResourceOptions, Input, ResourceTransformation } from "@pulumi/pulumi";
import { isKnownMap } from "./process/placeholders.ts";

type Entries = Readonly<Record<string, Input<string>>>;

/** Labels and annotations of the user, for every resource of a component. */
export interface Metadata {
  readonly labels?: Entries;
  readonly annotations?: Entries;
}

/** The options of a component whose Kubernetes resources all have the user's labels and annotations, beside their own. */
export function withMetadata(
  opts: ComponentResourceOptions | undefined,
  { labels, annotations }: Metadata,
): ComponentResourceOptions | undefined {
  if (labels === undefined && annotations === undefined) return opts;
  const add: ResourceTransformation = ({ type, props, opts: options }) => {
    const { metadata }: { metadata?: unknown } = props;
    if (!type.startsWith("kubernetes:") || !isKnownMap(metadata)) return undefined;
    const merged = {
      ...metadata,
      ...(labels && { labels: under(labels, metadata.labels) }),
      ...(annotations && { annotations: under(annotations, metadata.annotations) }),
    };
    return { props: { ...props, metadata: merged }, opts: options };
  };
  return { ...opts, transformations: [...(opts?.transformations ?? []), add] };
}

/** The component's own win: others find its resources by them. */
const under = (user: Entries, own: unknown): Section => ({
  ...user,
  ...(isKnownMap(own) ? own : {}),
});
