import type { ProcessPlan, ServerPlan } from "@mcp-fleet/contract/capacity";
import { type Figures, processFigures } from "../process/plan-figures.ts";

/** The figures of a server, and those of its proxies, whose names start with `proxy`. */
export function serverFigures(
  pods: ServerPlan | undefined,
  proxies: ProcessPlan | undefined,
): Figures {
  const ofProxies = Object.entries(proxies ? processFigures(proxies) : {});
  return {
    ...(pods && podFigures(pods)),
    ...Object.fromEntries(
      ofProxies.map(([name, figure]) => [
        `proxy${name.charAt(0).toUpperCase()}${name.slice(1)}`,
        figure,
      ]),
    ),
  };
}

function podFigures({ grace, maxReplicas, ...figures }: ServerPlan): Figures {
  const { terminationGrace, rollout } = grace;
  return { ...figures, ...(maxReplicas && { maxReplicas }), terminationGrace, rollout };
}
