import { amountText } from "@mcp-fleet/contract/capacity";
import { log, type Resource } from "@pulumi/pulumi";
import { type Accepting, acceptedRisks } from "../accepted-risks.ts";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import type { SizedProcess } from "./process-size.ts";

/** Reports in preview and update how a workload is sized, and which risks are accepted. */
export function reportPlan(
  what: string,
  { inputs, plan, size, risks }: SizedProcess,
  args: Accepting,
  resource: Resource,
): void {
  const line = [
    `${what} for ${amountText(inputs.sessions, "sessions")}: ${amountText(size.replicas, "pods")}`,
    `${amountText(size.memoryBytes, "bytes")} memory and ${size.cpuMillicores}m CPU each`,
    `nofile ${plan.requiredNofile.value.toLocaleString("en-US")}`,
    `grace period ${size.graceSeconds} s`,
  ].join(", ");
  void log.info(`${line}; the output "capacity" shows the arithmetic`, resource);
  reportRisks(risks, args, resource);
}

/** Warns of what is below the plan, with the reason that is given. */
export function reportRisks(
  risks: readonly ArgumentFault[],
  args: Accepting,
  resource: Resource,
): void {
  const { belowPlan } = acceptedRisks(args);
  for (const { path, value, rule } of risks) {
    void log.warn(`accepted risk (${belowPlan}): ${path} is ${value}, but ${rule}`, resource);
  }
}
