import { log, type Resource } from "@pulumi/pulumi";
import { amountText, type Unit } from "../../runtime/contract/index.ts";
import type { ArgumentFault } from "../argument-faults.ts";
import type { SizedProcess } from "./process-size.ts";

/** Says in preview and update what a workload was planned to be, and which risks somebody has accepted. */
export function reportPlan(
  what: string,
  sessions: number,
  { plan, size, risks }: SizedProcess,
  acceptRisk: string | undefined,
  resource: Resource,
): void {
  const figure = (value: number, unit: Unit) => amountText(value, unit);
  const line = [
    `${what} for ${figure(sessions, "sessions")}: ${figure(size.replicas, "pods")}`,
    `${figure(size.memoryBytes, "bytes")} and ${size.cpuMillicores}m each`,
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
