import { bytes, formatBytes } from "@mcp-fleet/contract";
import { type CompleteServerLoad, type ServerPlan, serverPlan } from "@mcp-fleet/contract/capacity";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import { belowPlan } from "../faults/below-plan.ts";
import { refuseImpossible } from "../faults/impossible-size.ts";
import { millicores } from "../process/quantity.ts";
import type { ServerArgs } from "./server-args.ts";

/** The size of a server's pods: the plan with the overrides of the user. */
export interface ServerSize {
  readonly memoryBytes: number;
  readonly cpuMillicores: number;
  /** Absent: no limit, because throttling delays answers. */
  readonly cpuLimitMillicores?: number;
  readonly graceSeconds: number;
}

/** A server's plan, the size to deploy, and each override that is below the plan. */
export interface SizedServer {
  readonly plan: ServerPlan;
  readonly size: ServerSize;
  readonly risks: readonly ArgumentFault[];
}

/**
 * Sizes the pods of a server. CPU may be below the plan, which only assumes it.
 *
 * @throws {CapacityError} if the load cannot be planned, or no cluster accepts an override.
 */
export function sizeServer(
  load: CompleteServerLoad,
  { resources = {}, terminationGracePeriodSeconds }: ServerArgs,
): SizedServer {
  const plan = serverPlan(load);
  const { terminationGrace } = plan.grace;
  const { memory, cpu, cpuLimit } = resources;
  const size = {
    memoryBytes: memory === undefined ? plan.memory.value : bytes(memory),
    cpuMillicores: cpu === undefined ? plan.cpu.value : millicores(cpu),
    ...(cpuLimit !== undefined && { cpuLimitMillicores: millicores(cpuLimit) }),
    graceSeconds: terminationGracePeriodSeconds ?? terminationGrace.value,
  };
  refuseImpossible(size, plan.grace.preStop.value);
  const risks = [
    ...belowPlan("resources.memory", size.memoryBytes, plan.memory, formatBytes),
    ...belowPlan(
      "terminationGracePeriodSeconds",
      size.graceSeconds,
      terminationGrace,
      (seconds) => `${seconds} s`,
    ),
  ];
  return { plan, size, risks };
}
