import type { CustomTimeouts } from "@pulumi/pulumi";
import type { Grace } from "../../runtime/contract/index.ts";

/** How long a deployer waits for a workload: longer than the workload itself takes to say what is wrong with it. */
export function customTimeouts(
  { createTimeout, updateTimeout, deleteTimeout, terminationGrace }: Grace,
  graceSeconds: number,
): CustomTimeouts {
  const longer = Math.max(0, graceSeconds - terminationGrace.value);
  const text = (seconds: number) => `${seconds + longer}s`;
  return {
    create: text(createTimeout.value),
    update: text(updateTimeout.value),
    delete: text(deleteTimeout.value),
  };
}
