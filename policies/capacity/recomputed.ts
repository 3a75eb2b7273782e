import type { Fault } from "@mcp-fleet/contract";
import {
  CapacityError,
  type CompleteInputs,
  type CompleteServerLoad,
  completed,
  completedServer,
  type Grace,
  INPUTS,
  type ProcessPlan,
  processPlan,
  type ServerPlan,
  serverPlan,
} from "@mcp-fleet/contract/capacity";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";

/** The inputs of gateways or proxies, with defaults filled in. */
export function inputsOf(workload: Workload): CompleteInputs {
  return possible(() => completed(workload.planInputs));
}

/** The plan of gateways or proxies, computed again. */
export function processPlanOf(workload: Workload): ProcessPlan {
  return possible(() => processPlan(inputsOf(workload)));
}

/** The load of a server's pods, with defaults filled in. */
export function serverLoadOf(workload: Workload): CompleteServerLoad {
  const { serverLoad } = workload;
  const { sessions } = serverLoad;
  const callTimeoutMaxSeconds = INPUTS.callTimeoutMaxSeconds.default;
  return possible(() => completedServer(serverLoad, { sessions, callTimeoutMaxSeconds }));
}

/** The plan of a server's pods, computed again. */
export function serverPlanOf(load: CompleteServerLoad): ServerPlan {
  return possible(() => serverPlan(load));
}

/** The time budget of gateways, proxies or servers. */
export function graceOf(workload: Workload): Grace {
  if (workload.isProcess) return processPlanOf(workload).grace;
  return serverPlanOf(serverLoadOf(workload)).grace;
}

/** The longest call that a pod waits for during shutdown. */
export function longestCallSeconds(workload: Workload): number {
  if (workload.isProcess) return inputsOf(workload).callTimeoutMaxSeconds;
  return serverLoadOf(workload).callTimeoutMaxSeconds;
}

/** Turns an impossible plan into a violation with its fix, instead of a crash of the pack. */
export function possible<Answer>(plan: () => Answer): Answer {
  try {
    return plan();
  } catch (error) {
    if (error instanceof CapacityError)
      throw new Unjudgeable(error.faults.map(faultText).join("; "));
    throw error;
  }
}

function faultText({ path, value, rule, fix }: Fault): string {
  return `plan input ${path}: invalid value ${value}: ${rule}; ${fix}`;
}
