import { nofileAnnotationsOf } from "@mcp-fleet/contract";

/** What asks the ulimit-adjuster for a limit of open files of one container. */
export function nofileAnnotations(container: string, limit: number): Record<string, string> {
  const limits = JSON.stringify([{ type: "RLIMIT_NOFILE", soft: limit, hard: limit }]);
  return Object.fromEntries(nofileAnnotationsOf(container).map((key) => [key, limits]));
}
