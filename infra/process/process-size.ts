import { bytes, formatBytes } from "@mcp-fleet/contract";
import {
  type CompleteInputs,
  completed,
  type ProcessPlan,
  processPlan,
} from "@mcp-fleet/contract/capacity";
import type { ArgumentFault } from "../argument-faults.ts";
import type { ProcessArgs } from "../arguments/process-args.ts";
import { belowPlan } from "../below-plan.ts";
import { refuseImpossible } from "../impossible-size.ts";
import { cpuQuantity, millicores } from "./quantity.ts";

/** What is deployed: the plan, and where the user says so, something else. */
export interface ProcessSize {
  readonly replicas: number;
  readonly memoryBytes: number;
  readonly heapBytes: number;
  readonly cpuMillicores: number;
  readonly cpuLimitMillicores: number;
  readonly graceSeconds: number;
  readonly progressDeadlineSeconds: number;
}

/** A plan with its overrides, and each override that is below it. */
export interface SizedProcess {
  /** What the plan was computed from. */
  readonly inputs: CompleteInputs;
  readonly plan: ProcessPlan;
  readonly size: ProcessSize;
  /** Refused, unless the user accepts the risk. */
  readonly risks: readonly ArgumentFault[];
}

/** What the user may say in the place of the plan. */
export interface Overrides
  extends Pick<ProcessArgs, "resources" | "terminationGracePeriodSeconds"> {
  readonly replicas?: number | undefined;
}

/** The paths of these arguments, as the user wrote them. */
export type PathOf = (argument: string) => string;

/**
 * The size of the pods of one role. More replicas than planned spread the sessions further; less of anything is a
 * risk, with the arithmetic that it contradicts.
 *
 * @throws {CapacityError} where there is no plan, or no cluster takes what is said in its place.
 */
export function sizeProcess(
  asked: CompleteInputs,
  { replicas, resources = {}, terminationGracePeriodSeconds }: Overrides,
  pathOf: PathOf,
): SizedProcess {
  const least = processPlan(asked);
  const wanted = replicas ?? least.replicas.value;
  const isMore = wanted > least.replicas.value;
  const inputs = isMore ? completed({ ...asked, minReplicas: wanted }) : asked;
  const plan = isMore ? processPlan(inputs) : least;
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
    // A pod that may take longer to end keeps its successor waiting for longer.
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
