import { type Figure, figureText } from "@mcp-fleet/contract/capacity";
import type { ArgumentFault } from "./argument-faults.ts";

/** The fault of an argument below its figure of the plan, with the arithmetic; none where it is not below. */
export function belowPlan(
  path: string,
  value: number,
  figure: Figure,
  print: (value: number) => string = String,
): ArgumentFault[] {
  if (value >= figure.value) return [];
  const need = print(figure.value);
  return [
    {
      path,
      value: print(value),
      rule: `must be at least ${need}, as planned: ${figureText(figure)}`,
      fix: `remove it, set it to ${need} or more, or explain in acceptRisks.belowPlan why less is right`,
    },
  ];
}
