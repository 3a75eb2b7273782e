import { bytes, SIZE, seconds } from "@mcp-fleet/contract";
import {
  type CompleteInputs,
  completed,
  INPUTS,
  keepsStream,
  pushes,
  sessionLists,
} from "@mcp-fleet/contract/capacity";
import { AUDIT_QUEUE_BYTES } from "@mcp-fleet/contract/settings";
import type { AuditArgs } from "../arguments/audit-args.ts";
import { maxBackendsOf } from "../discovery/discovery-settings.ts";
import { loginInputs } from "../process/login-inputs.ts";
import { credentialInputs, processInputs, storeInputs } from "../process/process-inputs.ts";
import type { GatewayArgs } from "./gateway-args.ts";

/**
 * The load of a gateway as inputs of the plan.
 *
 * @throws {CapacityError} if an input is out of its range.
 */
export function gatewayInputs(args: GatewayArgs): CompleteInputs {
  const { sessions, backends, autoscaling, discovery, audit } = args;
  const given = processInputs(args);
  const longest = backends.map(({ callTimeoutMax }) => seconds(callTimeoutMax ?? "0s"));
  const { callTimeoutMaxSeconds: usual = INPUTS.callTimeoutMaxSeconds.default } = given;
  return completed({
    ...sessionLists(backends),
    ...credentialInputs(args, backends),
    ...given,
    sessions,
    backends: Math.max(backends.length, discovery ? maxBackendsOf(discovery) : 0),
    sessionStreamBackends: backends.filter(pushes).length,
    statefulBackends: backends.filter(keepsStream).length,
    ...storeInputs(args.sessionStorage),
    ...loginInputs(args.incomingAuth),
    callTimeoutMaxSeconds: Math.max(usual, ...longest),
    ...auditInputs(audit),
    ...(autoscaling && { maxReplicas: autoscaling.maxReplicas }),
  });
}

/** What waits to be written. Of a size that is none, validation speaks. */
function auditInputs({
  enabled,
  queueBytes = "",
}: AuditArgs = {}): Partial<Pick<CompleteInputs, "auditQueueBytes">> {
  if (enabled !== true) return {};
  return { auditQueueBytes: SIZE.test(queueBytes) ? bytes(queueBytes) : AUDIT_QUEUE_BYTES.default };
}
