import { amountText } from "@mcp-fleet/contract/capacity";
import { log } from "@pulumi/pulumi";
import { serviceAccountName } from "../pods/service-account.ts";
import { reportRisks } from "../process/report-plan.ts";
import { headlessService } from "./headless-service.ts";
import { disruptionBudget, networkPolicy } from "./server-guards.ts";
import type { SizedServer } from "./server-size.ts";
import { labelsOf, type ServerSpec, serverName } from "./server-spec.ts";
import { statefulSet } from "./stateful-set.ts";

/** Creates everything that the pods of an MCP server need. */
export function serverWorkload(
  spec: ServerSpec & SizedServer,
  isProxied: boolean,
  acceptRisk: string | undefined,
): void {
  const { parent, logicalName, instance, namespace, args } = spec;
  report(spec, acceptRisk);
  const account = serviceAccountName({
    logicalName: serverName(logicalName),
    name: serverName(instance),
    namespace,
    labels: labelsOf(spec),
    parent,
    user: args.serviceAccount,
  });
  headlessService(spec);
  statefulSet(spec, account);
  disruptionBudget(spec);
  if (args.networkPolicy?.enabled ?? true) networkPolicy(spec, isProxied);
}

function report(
  { parent, logicalName, plan, size, risks }: ServerSpec & SizedServer,
  acceptRisk: string | undefined,
): void {
  const line = [
    `server ${logicalName}: ${amountText(plan.replicas.value, "pods")}`,
    `${amountText(plan.sessionsPerPod.value, "sessions")} and ${amountText(size.memoryBytes, "bytes")} memory each`,
    `grace period ${size.graceSeconds} s`,
  ].join(", ");
  void log.info(line, parent);
  reportRisks(risks, acceptRisk, parent);
}
