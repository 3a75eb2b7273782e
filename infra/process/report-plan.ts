import { amountText } from "@mcp-fleet/contract/capacity";
import { log, type Resource } from "@pulumi/pulumi";
import type { ArgumentFault } from "../argument-faults.ts";
import type { SizedProcess } from "./process-size.ts";

/** Says in preview and update what a workload was planned to be, and which risks somebody has accepted. */
export function reportPlan(
  what: string,
  { inputs, plan, size, risks }: SizedProcess,
  acceptRisk: string | undefined,
  resource: Resource,
): void {
  const line = [
    `${what} for ${amountText(inputs.sessions, "sessions")}: ${amountText(size.replicas, "pods")}`,
    `${amountText(size.memoryBytes, "bytes")} and ${size.cpuMillicores}m each`,
    `nofile ${plan.requiredNofile.value.toLocaleString("en-US")}`,
    `grace ${size.graceSeconds} s`,
  ].join(", ");
  void log.info(`${line}; its output "capacity" has the arithmetic`, resource);
  reportRisks(risks, acceptRisk, resource);
}

/** Each accepted risk as a warning: what is below the plan, and why somebody wants it so. */
export function reportRisks(
  risks: readonly ArgumentFault[],
  acceptRisk: string | undefined,
  resource: Resource,
): void {
  for (const { path, value, rule } of risks) {
    void log.warn(`accepted risk (${acceptRisk}): ${path} is ${value}, but ${rule}`, resource);
  }
}
