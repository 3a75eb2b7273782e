/** What the annotations of this project begin with. */
export const ANNOTATION_PREFIX = "mcp-fleet.dev/";

/** The annotation that says a fact of a workload: `mcp-fleet.dev/grace-seconds` of `graceSeconds`. */
export function annotationOf(fact: string): string {
  return ANNOTATION_PREFIX + fact.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Where the NRI ulimit-adjuster looks for the limits of a container: its own key, and the one before version 0.10. */
const ADJUSTER_KEYS = ["ulimits.noderesource.dev", "ulimits.nri.containerd.io"] as const;

/** The annotations of a pod under which a limit of open files is asked for one of its containers. */
export function nofileAnnotationsOf(container: string): string[] {
  return ADJUSTER_KEYS.map((key) => `${key}/container.${container}`);
}
