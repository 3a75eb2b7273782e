import { nofileAnnotationsOf } from "@mcp-fleet/contract";

/** The annotations that ask the ulimit-adjuster to set a container's limit of open files. */
export function nofileAnnotations(container: string, limit: number): Record<string, string> {
  const limits = JSON.stringify([{ type: "RLIMIT_NOFILE", soft: limit, hard: limit }]);
  return Object.fromEntries(nofileAnnotationsOf(container).map((key) => [key, limits]));
}
