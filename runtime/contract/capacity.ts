import type { Budget } from "./budget.ts";
import { CapacityError, type CapacityFault } from "./capacity-error.ts";
import { descriptorBudget } from "./descriptors.ts";
import { type Figure, sum, type Term, termOf } from "./figure.ts";
import { type Grace, grace } from "./grace.ts";
import { CONSTANTS } from "./measurements.ts";
import {
  type CompleteInputs,
  completed,
  INPUTS,
  type InputName,
  type PlanInputs,
  printInput,
} from "./plan-inputs.ts";
import { cpuBudget, heap, memoryBudget } from "./pod-size.ts";
import { type StoreSize, storeSize } from "./store-size.ts";

/** What a fleet of gateways needs. Figures of a pod hold with one pod lost. */
export interface Plan {
  readonly inputs: CompleteInputs;
  /** The most sessions that a pod may serve: the tightest of the ceilings. */
  readonly podCapacity: Figure;
  /** The pods that hold everything: what a PodDisruptionBudget keeps. */
  readonly holding: Figure;
  readonly replicas: Figure;
  /** The sessions that the fullest pod serves. */
  readonly sessionsPerPod: Figure;
  /** `session.cacheEntries`. */
  readonly cacheEntries: Figure;
  /** Open GET streams of clients, per pod. */
  readonly openStreams: Figure;
  /** The hard limit of open files that a pod must have. */
  readonly requiredNofile: Figure;
  /** Request and limit of a pod. */
  readonly memory: Figure;
  /** `--max-old-space-size`, in bytes. */
  readonly heap: Figure;
  /** Request of a pod, on one core. */
  readonly cpu: Figure;
  /** Absent where the store is the pod's own memory. */
  readonly store?: StoreSize;
  readonly grace: Grace;
}

/** A limit of a pod that the user sets, and what reads sessions from it. */
interface Ceiling {
  readonly input: "nofile" | "memoryBytes" | "eventLoopPercent";
  readonly budget: Budget;
  /** How much of the budget's unit one of the input is. */
  readonly scale: number;
  /** What else may be lowered, most useful first. */
  readonly levers: string;
}

/** A millicore is a thousandth of a core; a percent is ten of them. */
const MILLICORES_PER_PERCENT = 10;

/**
 * Everything about a fleet of gateways that follows from its load. Pure: the same inputs give the same plan in
 * the deployer, in the process and in the policy that judges both.
 *
 *     podCapacity    = min(sessionsPerReplica, what nofile, memoryBytes and eventLoopPercent hold)
 *     holding        = 1, or ⌈sessions × (1 + skew) ÷ podCapacity⌉
 *     replicas       = holding + spareReplicas
 *     sessionsPerPod = sessions, or ⌈sessions × (1 + skew) ÷ holding⌉
 *
 * @throws {CapacityError} where an input is out of its range, or a ceiling does not hold what it must.
 */
export function plan(given: PlanInputs): Plan {
  const inputs = completed(given);
  const descriptors = descriptorBudget(inputs);
  const memory = memoryBudget(inputs);
  const cpu = cpuBudget(inputs);
  const podCapacity = capacityOf(inputs, [
    {
      input: "nofile",
      budget: descriptors,
      scale: 1,
      levers: "upstreamConnections, views or backends",
    },
    {
      input: "memoryBytes",
      budget: memory,
      scale: 1,
      levers: "cacheEntries, which costs restores and no session, views or openedBackends",
    },
    {
      input: "eventLoopPercent",
      budget: cpu,
      scale: MILLICORES_PER_PERCENT,
      levers: "callsPerSessionSecond",
    },
  ]);
  const holding = holdingOf(inputs, podCapacity);
  const replicas = replicasOf(inputs, holding);
  const sessionsPerPod = shareOf(inputs, holding);
  const memoryFigure = memory.need(sessionsPerPod.value);
  return {
    inputs,
    podCapacity,
    holding,
    replicas,
    sessionsPerPod,
    cacheEntries: sum("sessions", [input("cacheEntries", inputs)]),
    openStreams: openStreams(inputs, sessionsPerPod),
    requiredNofile: descriptors.need(sessionsPerPod.value),
    memory: memoryFigure,
    heap: heap(memoryFigure),
    cpu: cpu.need(sessionsPerPod.value),
    ...(inputs.store !== "memory" && { store: storeSize(inputs, replicas.value) }),
    grace: grace({
      callTimeoutMaxSeconds: inputs.callTimeoutMaxSeconds,
      replicas: replicas.value,
    }),
  };
}

function capacityOf(inputs: CompleteInputs, ceilings: readonly Ceiling[]): Figure {
  const terms = ceilings.map(
    ({ input: name, budget, scale }): Term => ({
      name,
      value: Math.min(budget.holds(inputs[name] * scale), INPUTS.sessions.most),
      unit: "sessions",
      from: `the most sessions within ${name} ${printInput(name, inputs[name])}`,
    }),
  );
  const tooSmall = ceilings.filter((_, index) => terms[index]?.value === 0);
  if (tooSmall.length > 0) {
    throw new CapacityError(tooSmall.map((ceiling) => notEvenOne(ceiling, inputs)));
  }
  const all = [input("sessionsPerReplica", inputs), ...terms];
  return {
    value: Math.min(...all.map(({ value }) => value)),
    unit: "sessions",
    formula: `min(${all.map(({ name }) => name).join(", ")})`,
    terms: all,
  };
}

function notEvenOne(ceiling: Ceiling, inputs: CompleteInputs): CapacityFault {
  const { input: name, budget, scale, levers } = ceiling;
  const least = Math.ceil(budget.least / scale);
  const enough = printInput(name, least);
  const raise = least <= INPUTS[name].most ? `raise it to ${enough}, or lower ` : "lower ";
  return {
    input: name,
    value: printInput(name, inputs[name]),
    rule: `at least ${enough}: what a pod needs for its first session`,
    fix: raise + levers,
  };
}

function holdingOf(inputs: CompleteInputs, podCapacity: Figure): Figure {
  const { sessions } = inputs;
  const { value: capacity } = podCapacity;
  const terms = [input("sessions", inputs), termOf("podCapacity", podCapacity)];
  if (sessions <= capacity) {
    return { value: 1, unit: "pods", formula: "1, for sessions ≤ podCapacity", terms };
  }
  return {
    value: Math.ceil((sessions * (100 + CONSTANTS.skew.value)) / (100 * capacity)),
    unit: "pods",
    formula: "⌈sessions × (100 % + skew) ÷ podCapacity⌉",
    terms: [...terms, skew],
  };
}

function replicasOf({ store, sessions }: CompleteInputs, { value: holding }: Figure): Figure {
  const pods = { name: "holding", value: holding, from: "holding" };
  const { value: spareReplicas, about } = CONSTANTS.spareReplicas;
  const spare = { name: "spareReplicas", value: spareReplicas, from: about };
  if (store !== "memory") return sum("pods", [pods, spare]);
  if (holding === 1) return sum("pods", [pods]);
  const rule = `a store that ${holding} pods can share: one pod does not hold ${sessions} sessions`;
  const fix = "use redis or sentinel, or raise the ceiling that podCapacity comes from";
  throw new CapacityError([{ input: "store", value: store, rule, fix }]);
}

function shareOf(inputs: CompleteInputs, pods: Figure): Figure {
  const { sessions } = inputs;
  const { value: holding } = pods;
  const terms = [input("sessions", inputs), termOf("holding", pods)];
  if (holding === 1) {
    return { value: sessions, unit: "sessions", formula: "sessions, for holding = 1", terms };
  }
  return {
    value: Math.ceil((sessions * (100 + CONSTANTS.skew.value)) / (100 * holding)),
    unit: "sessions",
    formula: "⌈sessions × (100 % + skew) ÷ holding⌉",
    terms: [...terms, skew],
  };
}

function openStreams(inputs: CompleteInputs, sessionsPerPod: Figure): Figure {
  return {
    value: Math.ceil(sessionsPerPod.value * inputs.streamsPerSession),
    unit: "streams",
    formula: "⌈sessionsPerPod × streamsPerSession⌉",
    terms: [termOf("sessionsPerPod", sessionsPerPod), input("streamsPerSession", inputs)],
  };
}

const skew: Term = {
  name: "skew",
  value: CONSTANTS.skew.value,
  unit: CONSTANTS.skew.unit,
  from: CONSTANTS.skew.about,
};

function input(name: InputName, inputs: CompleteInputs): Term {
  return { name, value: inputs[name], unit: INPUTS[name].unit, from: "input" };
}
