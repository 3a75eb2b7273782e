import type { Fault } from "../faults.ts";
import { CapacityError, planFault } from "./capacity-error.ts";
import { outOfRange } from "./input-range.ts";
import {
  type CompleteInputs,
  INPUT_NAMES,
  INPUTS,
  type Input,
  type InputName,
  inputKey,
  type PlanInputs,
  printInput,
  STORAGE_SESSIONS,
  STORES,
} from "./plan-inputs.ts";

type Numbers = Omit<CompleteInputs, "store">;

/** An input that may not be above another. */
const WITHIN: readonly (readonly [InputName, InputName])[] = [
  ["openedBackends", "backends"],
  ["sessionStreamBackends", "backends"],
  ["callTimeSeconds", "callTimeoutMaxSeconds"],
  ["sessions", "storageSessions"],
];

/**
 * The inputs with their defaults.
 *
 * @throws {CapacityError} with every input that is out of its range.
 */
export function completed(given: PlanInputs): CompleteInputs {
  const { store = "sentinel" } = given;
  const derived = derivedFrom(given);
  const said = (name: InputName) => given[name] ?? defaultOf(name);
  const faults = INPUT_NAMES.flatMap((name) => {
    const value = said(name);
    if (value === undefined && name in derived) return [];
    return outOfRange([name], INPUTS[name], value ?? Number.NaN);
  });
  if (!STORES.includes(store)) {
    const fix = `write ${STORES.join(", ")}`;
    faults.push(planFault(["store"], store, "a known store", fix));
  }
  if (faults.length > 0) throw new CapacityError(faults);
  const entries = INPUT_NAMES.map((name) => [name, said(name) ?? derived[name]]);
  const inputs: Numbers = Object.fromEntries(entries);
  const crossed = WITHIN.flatMap(([low, high]) => above(low, high, inputs));
  if (inputs.maxReplicas > 0) crossed.push(...above("minReplicas", "maxReplicas", inputs));
  if (crossed.length > 0) throw new CapacityError(crossed);
  return { ...inputs, store };
}

/** What follows from other inputs where nothing is said. */
function derivedFrom(given: PlanInputs): Partial<Numbers> {
  const { sessions, callsPerSessionSecond = INPUTS.callsPerSessionSecond.fallback } = given;
  const { callTimeSeconds = INPUTS.callTimeSeconds.fallback } = given;
  const { callsPerSecond = sessions * callsPerSessionSecond } = given;
  return {
    // Without backends there is no plan, and these are not worth a word of their own.
    openedBackends: given.backends ?? 0,
    sessionStreamBackends: 0,
    cacheEntries: sessions,
    callsPerSecond,
    concurrentCalls: callsPerSecond * callTimeSeconds,
    storageSessions: Math.max(STORAGE_SESSIONS, sessions),
  };
}

function defaultOf(name: InputName): number | undefined {
  const input: Input = INPUTS[name];
  return input.fallback;
}

function above(low: InputName, high: InputName, inputs: Numbers): Fault[] {
  if (inputs[low] <= inputs[high]) return [];
  const rule = `at most ${inputKey(high)}, which is ${printInput(high, inputs[high])}`;
  const fix = `lower it, or raise ${inputKey(high)}`;
  return [planFault([low], printInput(low, inputs[low]), rule, fix)];
}
