import type { ProcessPlan, ServerPlan } from "@mcp-fleet/contract/capacity";
import { capacityOutput, figureTexts } from "../process/capacity-output.ts";

/** Every figure of a server and of its proxies, each as a line of text. */
export function serverCapacity(
  pods: ServerPlan | undefined,
  proxies: ProcessPlan | undefined,
): Record<string, string> {
  const ofProxies = Object.entries(proxies ? capacityOutput(proxies) : {});
  return {
    ...(pods && podFigures(pods)),
    ...Object.fromEntries(
      ofProxies.map(([name, text]) => [
        `proxy${name.charAt(0).toUpperCase()}${name.slice(1)}`,
        text,
      ]),
    ),
  };
}

function podFigures({ grace, ...figures }: ServerPlan): Record<string, string> {
  const { terminationGrace, rollout } = grace;
  return figureTexts({ ...figures, terminationGrace, rollout });
}
