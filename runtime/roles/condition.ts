import type { Backend } from "../upstream/backend.ts";

/**
 * How a backend is, in the words of ToolHive. `healthy`: all of it answers. `degraded`: a part of it, or some of its pods, do
 * not, or its last lists still stand while it does not answer. `unhealthy`: it offers nothing. `unauthenticated`: it answers
 * the process itself with 401 or 403. `unknown`: it has not answered yet.
 */
export const CONDITIONS = [
  "healthy",
  "degraded",
  "unhealthy",
  "unauthenticated",
  "unknown",
] as const;
export type Condition = (typeof CONDITIONS)[number];

/** How a backend is by what is known of its endpoints alone. */
export function conditionOfPods(backend: Backend): "healthy" | "degraded" | "unhealthy" {
  const { endpoints } = backend;
  const up = endpoints.filter(({ health }) => health.state === "up");
  const circuits = up.map(({ name }) => backend.circuitState(name) ?? "closed");
  if (circuits.every((circuit) => circuit === "open")) return "unhealthy";
  const isWhole = up.length === endpoints.length;
  return isWhole && circuits.every((circuit) => circuit === "closed") ? "healthy" : "degraded";
}
