/** The prefix of this project's annotations. */
export const ANNOTATION_PREFIX = "mcp-fleet.dev/";

/** The annotation of a workload's fact: `mcp-fleet.dev/grace-seconds` for `graceSeconds`. */
export function annotationOf(fact: string): string {
  return ANNOTATION_PREFIX + fact.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The keys where the NRI ulimit-adjuster looks for a container's limits: the current one, and the one before 0.10. */
const ADJUSTER_KEYS = ["ulimits.noderesource.dev", "ulimits.nri.containerd.io"] as const;

/** The pod annotations that request a limit of open files for one of its containers. */
export function nofileAnnotationsOf(container: string): string[] {
  return ADJUSTER_KEYS.map((key) => `${key}/container.${container}`);
}
