import type { Grace } from "@mcp-fleet/contract/capacity";
import type { CustomTimeouts } from "@pulumi/pulumi";

/**
 * How long Pulumi waits for a workload: longer than Kubernetes takes to report a failed rollout. Each
 * pod of a rollout may use all of its grace period, including what the user adds to the plan.
 */
export function customTimeouts(
  { createTimeout, updateTimeout, deleteTimeout, terminationGrace, startup, rollout }: Grace,
  graceSeconds: number,
): CustomTimeouts {
  const longer = Math.max(0, graceSeconds - terminationGrace.value);
  const pods = rollout.value / (startup.value + terminationGrace.value);
  return {
    create: `${createTimeout.value + longer}s`,
    update: `${updateTimeout.value + longer * (pods + 1)}s`,
    delete: `${deleteTimeout.value + longer}s`,
  };
}
