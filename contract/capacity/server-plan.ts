import type { Fault } from "../faults.ts";
import { formatBytes } from "../units.ts";
import { Budget } from "./budget.ts";
import { CapacityError, planFault } from "./capacity-error.ts";
import { CONSTANTS } from "./constants.ts";
import { type Figure, sum, termOf } from "./figure.ts";
import { amountText } from "./figure-text.ts";
import { type Grace, grace } from "./grace.ts";
import { MEBIBYTE } from "./pod-size.ts";
import { disruption, maxPods, mostPods } from "./scaling.ts";
import { type CompleteServerLoad, SERVER_INPUTS } from "./server-load.ts";

/** What the pods of one MCP server need. */
export interface ServerPlan {
  readonly replicas: Figure;
  /** The pods that hold every session while one is gone: all but one, or the only one. */
  readonly holding: Figure;
  /** Sessions of the fullest pod. */
  readonly sessionsPerPod: Figure;
  /** Sessions that a pod has room for, at least that many. */
  readonly podSessions: Figure;
  /** Request and limit of a pod. */
  readonly memory: Figure;
  /** Request of a pod. */
  readonly cpu: Figure;
  /** `maxUnavailable` of the PodDisruptionBudget. */
  readonly disruption: Figure;
  /** The maximum of its autoscaler, whose minimum are the replicas. Absent without one. */
  readonly maxReplicas?: Figure;
  readonly grace: Grace;
}

/**
 * Plans the pods of an MCP server: as many as declared, each with memory for `podSessions`, so that one pod more or
 * less leaves the others as they are. They hold every session without those that an autoscaler adds.
 *
 * @throws {CapacityError} where `podSessions` is below a pod's share, or `memoryBytes` too low for it; where an autoscaler
 * would go below the replicas, or end sessions of a stateful server.
 */
export function serverPlan(load: CompleteServerLoad): ServerPlan {
  const beyond = scalingFaults(load);
  if (beyond.length > 0) throw new CapacityError(beyond);
  const replicas = sum("pods", [{ name: "replicas", value: load.replicas, from: "input" }]);
  const holding = holdingOf(replicas);
  const sessionsPerPod = shareOf(load, holding);
  const podSessions = roomOf(load, sessionsPerPod);
  if (podSessions.value < sessionsPerPod.value) throw tooFew(load, sessionsPerPod);
  const memory = budgetOf(load).need(podSessions.value);
  if (memory.value > load.memoryBytes) throw tooLittle(load, memory);
  const { value: cpu, description } = CONSTANTS.serverCpu;
  return {
    replicas,
    holding,
    sessionsPerPod,
    podSessions,
    memory,
    cpu: sum("millicores", [{ name: "serverCpu", value: cpu, from: description }]),
    disruption: disruption({ spareReplicas: replicas.value - holding.value }),
    ...(load.maxReplicas > 0 && {
      maxReplicas: mostPods(load, replicas, SERVER_INPUTS.maxReplicas.description),
    }),
    grace: grace({
      callTimeoutMaxSeconds: load.callTimeoutMaxSeconds,
      replicas: maxPods(load, replicas),
    }),
  };
}

function holdingOf(replicas: Figure): Figure {
  return {
    value: Math.max(1, replicas.value - 1),
    unit: "pods",
    formula: "max(1, replicas − 1)",
    terms: [termOf("replicas", replicas)],
  };
}

function shareOf({ sessions }: CompleteServerLoad, holding: Figure): Figure {
  const { skew } = CONSTANTS;
  const alone = holding.value === 1;
  const whole = { name: "sessions", value: sessions, unit: "sessions", from: "input" } as const;
  const spread = { name: "skew", value: skew.value, unit: skew.unit, from: skew.description };
  return {
    value: alone ? sessions : Math.ceil((sessions * (100 + skew.value)) / (100 * holding.value)),
    unit: "sessions",
    formula: alone ? "sessions, for holding = 1" : "⌈sessions × (100 % + skew) ÷ holding⌉",
    terms: [whole, termOf("holding", holding), ...(alone ? [] : [spread])],
  };
}

/** All sessions, or as many as fit: neither depends on the number of pods. */
function roomOf(load: CompleteServerLoad, share: Figure): Figure {
  const { podSessions, sessions, memoryBytes } = load;
  if (podSessions !== undefined) {
    return sum("sessions", [{ name: "podSessions", value: podSessions, from: "input" }]);
  }
  const fits = budgetOf(load).holds(memoryBytes);
  return {
    value: Math.max(share.value, Math.min(sessions, fits)),
    unit: "sessions",
    formula: "max(sessionsPerPod, min(sessions, what memoryBytes holds))",
    terms: [
      termOf("sessionsPerPod", share),
      { name: "sessions", value: sessions, unit: "sessions", from: "input" },
      {
        name: "what memoryBytes holds",
        value: fits,
        unit: "sessions",
        from: `memoryBytes ${formatBytes(memoryBytes)}`,
      },
    ],
  };
}

function budgetOf({ processBytes, sessionBytes }: CompleteServerLoad): Budget {
  const lines = [
    { name: "process", from: `processBytes ${formatBytes(processBytes)}`, fixed: processBytes },
    {
      name: "sessions",
      from: `podSessions × sessionBytes ${formatBytes(sessionBytes)}`,
      perSession: sessionBytes,
    },
  ];
  const reservePercent = CONSTANTS.memoryReserve.value;
  return new Budget("bytes", lines, { reservePercent, step: MEBIBYTE });
}

function scalingFaults({ name, replicas, maxReplicas, stateful }: CompleteServerLoad): Fault[] {
  if (maxReplicas === 0) return [];
  const path = ["servers", name, "maxReplicas"];
  if (stateful) {
    const rule = "must be absent for a stateful server, whose sessions end with their pod";
    return [planFault(path, maxReplicas, rule, "remove it, or do not declare the server stateful")];
  }
  if (maxReplicas >= replicas) return [];
  const rule = `must be at least ${replicas}: the pods that hold every session`;
  return [planFault(path, maxReplicas, rule, `raise it to ${replicas}, or run fewer replicas`)];
}

function tooFew({ name, podSessions = 0 }: CompleteServerLoad, share: Figure): CapacityError {
  const rule = `must be at least ${share.value}: the fullest pod's sessions while one pod is gone`;
  const fix = `raise it to ${share.value}, run more replicas, or lower sessions`;
  return new CapacityError([planFault(["servers", name, "podSessions"], podSessions, rule, fix)]);
}

function tooLittle(load: CompleteServerLoad, memory: Figure): CapacityError {
  const { name, memoryBytes, podSessions } = load;
  const need = formatBytes(memory.value);
  const raise = memory.value <= SERVER_INPUTS.memoryBytes.max ? `raise it to ${need}, ` : "";
  const isAsked = podSessions !== undefined;
  const reason = isAsked
    ? `what ${amountText(podSessions, "sessions")} in a pod need`
    : "what a pod's sessions need while one pod is gone";
  const rule = `must be at least ${need}: ${reason}`;
  const lower = isAsked ? "podSessions" : "sessions";
  const fix = `${raise}${isAsked ? "" : "run more replicas, "}or lower ${lower} or sessionBytes`;
  const path = ["servers", name, "memoryBytes"];
  return new CapacityError([planFault(path, formatBytes(memoryBytes), rule, fix)]);
}
