import { seconds } from "@mcp-fleet/contract";
import {
  type CompleteInputs,
  completed,
  INPUTS,
  keepsStream,
  pushes,
} from "@mcp-fleet/contract/capacity";
import { processInputs, storeInputs } from "../process/process-inputs.ts";
import type { VirtualMcpServerArgs } from "../virtual-mcp-server-args.ts";

/**
 * The load of a gateway as inputs of the plan.
 *
 * @throws {CapacityError} if an input is out of its range.
 */
export function gatewayInputs(args: VirtualMcpServerArgs): CompleteInputs {
  const { sessions, backends, autoscaling } = args;
  const given = processInputs(args);
  const longest = backends.map(({ callTimeoutMax }) => seconds(callTimeoutMax ?? "0s"));
  const { callTimeoutMaxSeconds: usual = INPUTS.callTimeoutMaxSeconds.default } = given;
  return completed({
    ...given,
    sessions,
    backends: backends.length,
    sessionStreamBackends: backends.filter(pushes).length,
    statefulBackends: backends.filter(keepsStream).length,
    ...storeInputs(args.sessionStorage),
    callTimeoutMaxSeconds: Math.max(usual, ...longest),
    ...(autoscaling && { maxReplicas: autoscaling.maxReplicas }),
  });
}
