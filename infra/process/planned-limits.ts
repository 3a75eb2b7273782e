import { bytes, seconds } from "@mcp-fleet/contract";
import { INPUT_NAMES, INPUTS, type Input, type Unit } from "@mcp-fleet/contract/capacity";
import type { LimitsArgs } from "../arguments/settings-args.ts";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import { durationFaults, sizeFaults } from "../faults/unit-faults.ts";

/** A limit of processes that is an input of their plan. */
interface PlannedLimit {
  readonly input: string;
  /** Its name in `limits`. */
  readonly limit: string;
  readonly unit: Unit;
}

const SECTION = "limits.";

/** Every limit that the plan counts with. */
const PLANNED_LIMITS: readonly PlannedLimit[] = INPUT_NAMES.flatMap((input) => {
  const { setting = "", unit }: Input = INPUTS[input];
  return setting.startsWith(SECTION) ? [{ input, limit: setting.slice(SECTION.length), unit }] : [];
});

/** The argument of each input that is a limit. */
export const LIMIT_ARGUMENTS: Readonly<Record<string, string>> = Object.fromEntries(
  PLANNED_LIMITS.map(({ input, limit }) => [input, SECTION + limit]),
);

/** The limits of the user as inputs of the plan. */
export function limitInputs(limits: LimitsArgs): Record<string, number> {
  return Object.fromEntries(
    given(limits).map(([{ input, unit }, value]) => [input, amount(value, unit)]),
  );
}

/** The faults of these limits, which are read before the configuration is validated. */
export function limitFaults(
  limits: LimitsArgs,
  pathOf: (argument: string) => string,
): ArgumentFault[] {
  return given(limits).flatMap(([{ limit, unit }, value]) => {
    if (typeof value === "number") return [];
    const at = [pathOf(SECTION + limit), value] as const;
    return unit === "seconds" ? durationFaults(at) : sizeFaults(at);
  });
}

function given(limits: LimitsArgs): (readonly [PlannedLimit, number | string])[] {
  const values = new Map(Object.entries<number | string | undefined>({ ...limits }));
  return PLANNED_LIMITS.flatMap((one) => {
    const value = values.get(one.limit);
    return value === undefined ? [] : [[one, value] as const];
  });
}

function amount(value: number | string, unit: Unit): number {
  if (typeof value === "number") return value;
  return unit === "seconds" ? seconds(value) : bytes(value);
}
