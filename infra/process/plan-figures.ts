import { type Figure, figureText, type ProcessPlan } from "@mcp-fleet/contract/capacity";

/** The figures of a plan by name. */
export type Figures = Readonly<Record<string, Figure>>;

/** The figures of a plan that its users see. */
export function processFigures(plan: ProcessPlan): Figures {
  const { grace, autoscaling, ...pod } = plan;
  const { terminationGrace, progressDeadline, rollout } = grace;
  return { ...pod, ...autoscaling, terminationGrace, progressDeadline, rollout };
}

/** Each figure with its arithmetic, as a line of text: the output `capacity`. */
export function figureTexts(figures: Figures): Record<string, string> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => [name, figureText(figure)]),
  );
}

/** The value of each figure, in its unit: the output `plan`. */
export function figureValues(figures: Figures): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, { value }]) => [name, value]));
}
