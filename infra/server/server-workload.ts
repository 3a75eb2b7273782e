import { amountText } from "@mcp-fleet/contract/capacity";
import type * as k8s from "@pulumi/kubernetes";
import { log } from "@pulumi/pulumi";
import { serviceAccountName } from "../pods/service-account.ts";
import { reportRisks } from "../process/report-plan.ts";
import { headlessService } from "./headless-service.ts";
import { disruptionBudget, networkPolicy } from "./server-guards.ts";
import type { SizedServer } from "./server-size.ts";
import { labelsOf, type ServerSpec, serverName } from "./server-spec.ts";
import { statefulSet } from "./stateful-set.ts";

/** The main resources of an MCP server's pods. */
export interface ServerWorkload {
  readonly statefulSet: k8s.apps.v1.StatefulSet;
  readonly service: k8s.core.v1.Service;
}

/** Creates everything that the pods of an MCP server need. */
export function serverWorkload(
  spec: ServerSpec & SizedServer,
  isProxied: boolean,
  acceptRisk: string | undefined,
): ServerWorkload {
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
  const service = headlessService(spec);
  const pods = statefulSet(spec, account);
  disruptionBudget(spec);
  if (args.networkPolicy?.enabled ?? true) networkPolicy(spec, isProxied);
  return { statefulSet: pods, service };
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
