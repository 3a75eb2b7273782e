import { type Figure, figureText, type ProcessPlan } from "@mcp-fleet/contract/capacity";

/** Every figure of a plan with its arithmetic, each as a line of text: the `capacity` output. */
export function capacityOutput(plan: ProcessPlan): Record<string, string> {
  const { grace, autoscaling, ...pod } = plan;
  const { terminationGrace, progressDeadline, rollout } = grace;
  const figures = { ...pod, ...autoscaling, terminationGrace, progressDeadline, rollout };
  return figureTexts(figures);
}

/** Figures by name, each as a line of text. */
export function figureTexts(figures: Readonly<Record<string, Figure>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => [name, figureText(figure)]),
  );
}
