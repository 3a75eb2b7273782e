import type * as k8s from "@pulumi/kubernetes";
import type { PodTemplate } from "../arguments/pod-args.ts";

type Container = k8s.types.input.core.v1.Container;

/** The containers that the components make, and the arguments for what the plan decides of them. */
export const OWN_CONTAINERS: Readonly<Record<string, OwnContainer>> = {
  gateway: { image: "image", resources: "resources" },
  discover: { image: "image" },
  proxy: { image: "proxy.image", resources: "proxy.resources" },
  server: { image: "image", resources: "resources" },
  redis: { image: "image", resources: "resources" },
  sentinel: { image: "image", resources: "resources" },
  exporter: { image: "exporter.image" },
};

/** By the argument that sets it instead of the pod template. */
interface OwnContainer {
  readonly image: string;
  readonly resources?: string;
}

/** One template is for all kinds of pods of a component: what it changes in containers of another kind is left out. */
export function ownContainers(
  template: PodTemplate | undefined,
  own: readonly Container[],
): PodTemplate | undefined {
  const containers = template?.spec?.containers;
  if (!Array.isArray(containers)) return template;
  const names = new Set(own.map(({ name }) => name));
  const isElsewhere = (one: unknown) => {
    const { name } = { name: undefined, ...(typeof one === "object" ? one : {}) };
    return typeof name === "string" && name in OWN_CONTAINERS && !names.has(name);
  };
  return {
    ...template,
    spec: { ...template?.spec, containers: containers.filter((one) => !isElsewhere(one)) },
  };
}
