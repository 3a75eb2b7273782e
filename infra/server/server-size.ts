import { bytes, formatBytes } from "@mcp-fleet/contract";
import { type CompleteServerLoad, type ServerPlan, serverPlan } from "@mcp-fleet/contract/capacity";
import type { ArgumentFault } from "../argument-faults.ts";
import { belowPlan } from "../below-plan.ts";
import { refuseImpossible } from "../impossible-size.ts";
import type { McpServerArgs } from "../mcp-server-args.ts";
import { millicores } from "../process/quantity.ts";

/** What is deployed of a server: the plan, and where the user says so, something else. */
export interface ServerSize {
  readonly memoryBytes: number;
  readonly cpuMillicores: number;
  /** Absent: none; a server that is throttled answers late. */
  readonly cpuLimitMillicores?: number;
  readonly graceSeconds: number;
}

/** A server's plan with its overrides, and each override that is below it. */
export interface SizedServer {
  readonly plan: ServerPlan;
  readonly size: ServerSize;
  readonly risks: readonly ArgumentFault[];
}

/**
 * The size of a server's pods. CPU is the user's to say, since the plan only assumes it.
 *
 * @throws {CapacityError} where there is no plan, or no cluster takes what is said in its place.
 */
export function sizeServer(
  load: CompleteServerLoad,
  { resources = {}, terminationGracePeriodSeconds }: McpServerArgs,
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
