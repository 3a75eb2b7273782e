import type { Fault } from "../faults.ts";
import type { Budget } from "./budget.ts";
import { CapacityError, planFault } from "./capacity-error.ts";
import { CONSTANTS } from "./constants.ts";
import { type Figure, sum, type Term, termOf } from "./figure.ts";
import { type Grace, grace } from "./grace.ts";
import { descriptorBudget } from "./nofile-budget.ts";
import { type CompleteInputs, INPUTS, type InputName, printInput } from "./plan-inputs.ts";
import { cpuBudget, heap, memoryBudget } from "./pod-size.ts";
import { type Autoscaling, autoscaling, disruption, maxPods } from "./scaling.ts";

/** What the processes of one role need: the gateways, or the proxies of one server. Figures per pod still hold while spare pods are lost. */
export interface ProcessPlan {
  /** The maximum number of sessions that a pod serves: the tightest of the ceilings. */
  readonly podCapacity: Figure;
  /** The pods that hold every session, without the spare ones. */
  readonly holding: Figure;
  readonly replicas: Figure;
  /** The sessions of the fullest pod. */
  readonly sessionsPerPod: Figure;
  /** `session.cacheEntries`. */
  readonly cacheEntries: Figure;
  /** Open GET streams of clients, per pod. */
  readonly openStreams: Figure;
  /** The hard limit of open files that a pod needs. */
  readonly requiredNofile: Figure;
  /** Request and limit of a pod. */
  readonly memory: Figure;
  /** `--max-old-space-size`, in bytes. */
  readonly heap: Figure;
  /** Request of a pod, on one core. */
  readonly cpu: Figure;
  readonly cpuLimit: Figure;
  /** `maxUnavailable` of the PodDisruptionBudget. */
  readonly disruption: Figure;
  /** Absent where the number of pods is fixed. */
  readonly autoscaling?: Autoscaling;
  readonly grace: Grace;
}

/** A limit of a pod that users set, and the budget that turns it into sessions. */
interface Ceiling {
  readonly input: "nofile" | "memoryBytes" | "eventLoopPercent";
  readonly budget: Budget;
  /** The amount of the budget's unit that one unit of the input stands for. */
  readonly scale: number;
  /** Which other inputs may be lowered instead, most useful first. */
  readonly levers: string;
}

/** A millicore is a thousandth of a core; a percent is ten of them. */
const MILLICORES_PER_PERCENT = 10;

/**
 * Plans the processes of one role for their load.
 *
 *     podCapacity    = min(sessionsPerReplica, what nofile, memoryBytes and eventLoopPercent hold)
 *     holding        = 1, or ⌈sessions × (1 + skew) ÷ podCapacity⌉; at least minReplicas − spareReplicas
 *     replicas       = holding + spareReplicas
 *     sessionsPerPod = sessions, or ⌈sessions × (1 + skew) ÷ holding⌉
 *
 * @throws {CapacityError} where a ceiling is too low for the load.
 */
export function processPlan(inputs: CompleteInputs): ProcessPlan {
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
      levers:
        "cacheEntries (costs restores from the store, loses no session), views or openedBackends",
    },
    {
      input: "eventLoopPercent",
      budget: cpu,
      scale: MILLICORES_PER_PERCENT,
      levers: "callsPerSessionSecond or callsPerSecond",
    },
  ]);
  const holding = holdingOf(inputs, podCapacity);
  const replicas = replicasOf(inputs, holding);
  const sessionsPerPod = shareOf(inputs, holding);
  const memoryFigure = memory.need(sessionsPerPod.value);
  return {
    podCapacity,
    holding,
    replicas,
    sessionsPerPod,
    cacheEntries: sum("sessions", [input("cacheEntries", inputs)]),
    openStreams: openStreams(inputs, sessionsPerPod),
    requiredNofile: descriptors.need(sessionsPerPod.value),
    memory: memoryFigure,
    heap: heap(memoryFigure, inputs),
    cpu: cpu.need(sessionsPerPod.value),
    cpuLimit: sum("millicores", [
      { ...CONSTANTS.cpuLimit, name: "cpuLimit", from: CONSTANTS.cpuLimit.description },
    ]),
    disruption: disruption(inputs),
    ...(inputs.maxReplicas > 0 && { autoscaling: autoscaling(inputs, replicas) }),
    grace: grace({
      callTimeoutMaxSeconds: inputs.callTimeoutMaxSeconds,
      replicas: maxPods(inputs, replicas),
    }),
  };
}

function capacityOf(inputs: CompleteInputs, ceilings: readonly Ceiling[]): Figure {
  const terms = ceilings.map(
    ({ input: name, budget, scale }): Term => ({
      name,
      value: Math.min(budget.holds(inputs[name] * scale), INPUTS.sessions.max),
      unit: "sessions",
      from: `the maximum number of sessions within ${name} ${printInput(name, inputs[name])}`,
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

function notEvenOne(ceiling: Ceiling, inputs: CompleteInputs): Fault {
  const { input: name, budget, scale, levers } = ceiling;
  const min = Math.ceil(budget.minLimit / scale);
  const enough = printInput(name, min);
  const raise = min <= INPUTS[name].max ? `raise it to ${enough}, or lower ` : "lower ";
  const rule = `must be at least ${enough}: what a pod needs to serve one session`;
  return planFault([name], printInput(name, inputs[name]), rule, raise + levers);
}

function holdingOf(inputs: CompleteInputs, podCapacity: Figure): Figure {
  const { sessions, minReplicas } = inputs;
  const needed = neededFor(sessions, podCapacity.value);
  const always = minReplicas - spareOf(inputs);
  const terms = [input("sessions", inputs), termOf("podCapacity", podCapacity)];
  if (always > needed) {
    const terms = [input("minReplicas", inputs), input("spareReplicas", inputs)];
    return { value: always, unit: "pods", formula: "minReplicas − spareReplicas", terms };
  }
  if (needed === 1) {
    return { value: 1, unit: "pods", formula: "1, for sessions ≤ podCapacity", terms };
  }
  return {
    value: needed,
    unit: "pods",
    formula: "⌈sessions × (100 % + skew) ÷ podCapacity⌉",
    terms: [...terms, skew],
  };
}

function neededFor(sessions: number, capacity: number): number {
  if (sessions <= capacity) return 1;
  return Math.ceil((sessions * (100 + CONSTANTS.skew.value)) / (100 * capacity));
}

/** With sessions in a pod's memory, a spare pod could not take over any of them. */
function spareOf({ store, spareReplicas }: CompleteInputs): number {
  return store === "memory" ? 0 : spareReplicas;
}

function replicasOf(inputs: CompleteInputs, { value: holding }: Figure): Figure {
  const { store, maxReplicas } = inputs;
  const pods = { name: "holding", value: holding, from: "holding" };
  const replicas = holding + spareOf(inputs);
  const shared = store === "memory" ? needsSharing(inputs, holding) : [];
  if (shared.length > 0) throw new CapacityError(shared);
  if (maxReplicas > 0 && maxReplicas < replicas) {
    const rule = `must be at least ${replicas}: the pods that the declared sessions need`;
    const fix = `raise it to ${replicas}, or lower sessions`;
    throw new CapacityError([planFault(["maxReplicas"], maxReplicas, rule, fix)]);
  }
  if (store === "memory") return sum("pods", [pods]);
  const { description } = INPUTS.spareReplicas;
  return sum("pods", [pods, { name: "spareReplicas", value: spareOf(inputs), from: description }]);
}

/** The faults of a load that needs several pods while its sessions are in one pod's memory. */
function needsSharing(inputs: CompleteInputs, holding: number): Fault[] {
  const { store, sessions } = inputs;
  const asked = (["minReplicas", "maxReplicas"] as const).filter((name) => inputs[name] > 1);
  if (asked.length > 0) {
    const rule = "must be at most 1: with store memory, pods do not share sessions";
    const fix = "remove it, or use redis, sentinel or cluster";
    return asked.map((name) => planFault([name], inputs[name], rule, fix));
  }
  if (holding === 1) return [];
  const rule = `must be redis, sentinel or cluster: ${sessions} sessions need ${holding} pods, which have to share a store`;
  const fix = "use redis, sentinel or cluster, or raise the ceiling that limits podCapacity";
  return [planFault(["store"], store, rule, fix)];
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
  from: CONSTANTS.skew.description,
};

function input(name: InputName, inputs: CompleteInputs): Term {
  return { name, value: inputs[name], unit: INPUTS[name].unit, from: "input" };
}
