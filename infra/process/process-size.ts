import { bytes, formatBytes } from "@mcp-fleet/contract";
import {
  type CompleteInputs,
  completed,
  type ProcessPlan,
  processPlan,
} from "@mcp-fleet/contract/capacity";
import type { ProcessArgs } from "../arguments/process-args.ts";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import { belowPlan } from "../faults/below-plan.ts";
import { refuseImpossible } from "../faults/impossible-size.ts";
import { cpuQuantity, millicores } from "./quantity.ts";

/** The size to deploy: the plan with the overrides of the user. */
export interface ProcessSize {
  readonly replicas: number;
  readonly memoryBytes: number;
  readonly heapBytes: number;
  readonly cpuMillicores: number;
  readonly cpuLimitMillicores: number;
  readonly graceSeconds: number;
  readonly progressDeadlineSeconds: number;
}

/** A plan, the size to deploy, and each override that is below the plan. */
export interface SizedProcess {
  /** The inputs that the plan was computed from. */
  readonly inputs: CompleteInputs;
  readonly plan: ProcessPlan;
  readonly size: ProcessSize;
  /** Refused, unless the user accepts the risk. */
  readonly risks: readonly ArgumentFault[];
}

/** What the user may set instead of the plan. */
export interface Overrides
  extends Pick<ProcessArgs, "resources" | "terminationGracePeriodSeconds"> {
  readonly replicas?: number | undefined;
}

/** Returns the path of an argument as the user wrote it. */
export type PathOf = (argument: string) => string;

/**
 * Sizes the pods of one role. More replicas than planned mean fewer sessions per pod; less of anything is a
 * risk, reported with the arithmetic of the plan.
 *
 * @throws {CapacityError} if the load cannot be planned, or no cluster accepts an override.
 */
export function sizeProcess(
  asked: CompleteInputs,
  { replicas, resources = {}, terminationGracePeriodSeconds }: Overrides,
  pathOf: PathOf,
): SizedProcess {
  const minimum = processPlan(asked);
  const wanted = replicas ?? minimum.replicas.value;
  const isMore = wanted > minimum.replicas.value;
  const inputs = isMore ? completed({ ...asked, minReplicas: wanted }) : asked;
  const plan = isMore ? processPlan(inputs) : minimum;
  const { memory, cpu, cpuLimit } = resources;
  const { terminationGrace, progressDeadline } = plan.grace;
  const graceSeconds = terminationGracePeriodSeconds ?? terminationGrace.value;
  const cpuMillicores = cpu === undefined ? plan.cpu.value : millicores(cpu);
  const memoryBytes = memory === undefined ? plan.memory.value : bytes(memory);
  const size = {
    replicas: wanted,
    memoryBytes,
    heapBytes: Math.min(plan.heap.value, memoryBytes),
    cpuMillicores,
    cpuLimitMillicores:
      cpuLimit === undefined ? Math.max(plan.cpuLimit.value, cpuMillicores) : millicores(cpuLimit),
    graceSeconds,
    // A longer grace period makes the successor of a pod wait longer.
    progressDeadlineSeconds:
      progressDeadline.value + Math.max(0, graceSeconds - terminationGrace.value),
  };
  refuseImpossible(size, plan.grace.preStop.value);
  const grace = pathOf("terminationGracePeriodSeconds");
  const risks = [
    ...belowPlan(pathOf("replicas"), wanted, plan.replicas),
    ...belowPlan(pathOf("resources.memory"), memoryBytes, plan.memory, formatBytes),
    ...belowPlan(pathOf("resources.cpu"), size.cpuMillicores, plan.cpu, cpuQuantity),
    ...belowPlan(grace, size.graceSeconds, terminationGrace, (seconds) => `${seconds} s`),
  ];
  return { inputs, plan, size, risks };
}
