import type { Grace } from "@mcp-fleet/contract/capacity";
import type { CustomTimeouts } from "@pulumi/pulumi";

/**
 * How long a deployer waits for a workload: longer than the workload itself takes to say what is wrong with it. Each
 * pod of a rollout may take all of its grace period, where the user gives it more than planned, too.
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
