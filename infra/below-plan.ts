import { type Figure, figureText } from "@mcp-fleet/contract/capacity";
import type { ArgumentFault } from "./argument-faults.ts";

/** The fault of an argument that is below its figure of the plan, with the arithmetic; none where it is not. */
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
      rule: `the plan needs ${need}: ${figureText(figure)}`,
      fix: `leave it out, write ${need} or more, or say in acceptRisk why less is right`,
    },
  ];
}
