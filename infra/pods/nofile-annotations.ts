/** The keys under which the NRI ulimit-adjuster looks for limits: its own, and the one before version 0.10. */
const KEYS = ["ulimits.noderesource.dev", "ulimits.nri.containerd.io"];

/** What asks the ulimit-adjuster for a limit of open files of one container. */
export function nofileAnnotations(container: string, limit: number): Record<string, string> {
  const limits = JSON.stringify([{ type: "RLIMIT_NOFILE", soft: limit, hard: limit }]);
  return Object.fromEntries(KEYS.map((key) => [`${key}/container.${container}`, limits]));
}
