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

/** Pairs of inputs of which the first must not exceed the second. */
const WITHIN: readonly (readonly [InputName, InputName])[] = [
  ["openedBackends", "backends"],
  ["sessionStreamBackends", "backends"],
  ["statefulBackends", "backends"],
  ["callTimeSeconds", "callTimeoutMaxSeconds"],
  ["sessions", "storageSessions"],
];

/**
 * Fills in the defaults of all inputs that are not given.
 *
 * @throws {CapacityError} with every input that is out of its range.
 */
export function completed(given: PlanInputs): CompleteInputs {
  const { store = "sentinel" } = given;
  const derived = derivedFrom(given);
  const givenOrDefault = (name: InputName) => given[name] ?? defaultOf(name);
  const faults = INPUT_NAMES.flatMap((name) => {
    const value = givenOrDefault(name);
    if (value === undefined && name in derived) return [];
    return outOfRange([name], INPUTS[name], value ?? Number.NaN);
  });
  if (!STORES.includes(store)) {
    const rule = `must be one of ${STORES.join(", ")}`;
    faults.push(planFault(["store"], store, rule, "use one of these stores"));
  }
  if (faults.length > 0) throw new CapacityError(faults);
  const entries = INPUT_NAMES.map((name) => [name, givenOrDefault(name) ?? derived[name]]);
  const inputs: Numbers = Object.fromEntries(entries);
  const crossed = WITHIN.flatMap(([low, high]) => above(low, high, inputs));
  if (inputs.maxReplicas > 0) crossed.push(...above("minReplicas", "maxReplicas", inputs));
  if (crossed.length > 0) throw new CapacityError(crossed);
  return { ...inputs, store };
}

/** The defaults that follow from other inputs. */
function derivedFrom(given: PlanInputs): Partial<Numbers> {
  const { sessions, callsPerSessionSecond = INPUTS.callsPerSessionSecond.default } = given;
  const { callTimeSeconds = INPUTS.callTimeSeconds.default } = given;
  const { callsPerSecond = sessions * callsPerSessionSecond } = given;
  return {
    // A missing `backends` is a fault already; these add no second one.
    openedBackends: given.backends ?? 0,
    sessionStreamBackends: 0,
    statefulBackends: 0,
    sessionCatalogBytes: 0,
    credentialBytes: 0,
    tokenCacheBytes: 0,
    cacheEntries: sessions,
    callsPerSecond,
    concurrentCalls: callsPerSecond * callTimeSeconds,
    storageSessions: Math.max(STORAGE_SESSIONS, sessions),
  };
}

function defaultOf(name: InputName): number | undefined {
  const input: Input = INPUTS[name];
  return input.default;
}

function above(low: InputName, high: InputName, inputs: Numbers): Fault[] {
  if (inputs[low] <= inputs[high]) return [];
  const rule = `must be at most ${inputKey(high)}, which is ${printInput(high, inputs[high])}`;
  const fix = `lower it, or raise ${inputKey(high)}`;
  return [planFault([low], printInput(low, inputs[low]), rule, fix)];
}
