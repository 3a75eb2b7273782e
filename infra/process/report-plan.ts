import { amountText } from "@mcp-fleet/contract/capacity";
import { log, type Resource } from "@pulumi/pulumi";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import type { SizedProcess } from "./process-size.ts";

/** Reports in preview and update how a workload is sized, and which risks are accepted. */
export function reportPlan(
  what: string,
  { inputs, plan, size, risks }: SizedProcess,
  acceptRisk: string | undefined,
  resource: Resource,
): void {
  const line = [
    `${what} for ${amountText(inputs.sessions, "sessions")}: ${amountText(size.replicas, "pods")}`,
    `${amountText(size.memoryBytes, "bytes")} memory and ${size.cpuMillicores}m CPU each`,
    `nofile ${plan.requiredNofile.value.toLocaleString("en-US")}`,
    `grace period ${size.graceSeconds} s`,
  ].join(", ");
  void log.info(`${line}; the output "capacity" shows the arithmetic`, resource);
  reportRisks(risks, acceptRisk, resource);
}

/** Warns of each accepted risk: what is below the plan, and the reason that `acceptRisk` gives. */
export function reportRisks(
  risks: readonly ArgumentFault[],
  acceptRisk: string | undefined,
  resource: Resource,
): void {
  for (const { path, value, rule } of risks) {
    void log.warn(`accepted risk (${acceptRisk}): ${path} is ${value}, but ${rule}`, resource);
  }
}
