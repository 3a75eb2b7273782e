import { amountText, serverTargetCpu } from "@mcp-fleet/contract/capacity";
import type * as k8s from "@pulumi/kubernetes";
import { log } from "@pulumi/pulumi";
import { Scaling, WorkloadKind } from "../arguments/choices.ts";
import { autoscaler } from "../pods/autoscaler.ts";
import { serviceAccountName } from "../pods/service-account.ts";
import { cpuQuantity } from "../process/quantity.ts";
import { reportRisks } from "../process/report-plan.ts";
import { headlessService } from "./headless-service.ts";
import { serverDeployment } from "./server-deployment.ts";
import { disruptionBudget, networkPolicy } from "./server-guards.ts";
import type { SizedServer } from "./server-size.ts";
import { kindOf, labelsOf, type ServerSpec, serverName } from "./server-spec.ts";
import { statefulSet } from "./stateful-set.ts";

/** The main resources of an MCP server's pods. */
export interface ServerWorkload {
  readonly pods: k8s.apps.v1.StatefulSet | k8s.apps.v1.Deployment;
  readonly service: k8s.core.v1.Service;
}

/** Creates everything that the pods of an MCP server need. */
export function serverWorkload(spec: ServerSpec & SizedServer, isProxied: boolean): ServerWorkload {
  const { parent, logicalName, instance, namespace, args } = spec;
  report(spec);
  const account = serviceAccountName({
    logicalName: serverName(logicalName),
    name: serverName(instance),
    namespace,
    labels: labelsOf(spec),
    parent,
    user: args.serviceAccount,
  });
  const service = headlessService(spec);
  const create = kindOf(spec) === WorkloadKind.Deployment ? serverDeployment : statefulSet;
  const pods = create(spec, account);
  disruptionBudget(spec);
  scaled(spec);
  if (args.networkPolicy?.enabled ?? true) networkPolicy(spec, isProxied);
  return { pods, service };
}

/** Adds pods before the existing ones are busy, unless a scaler of the user does. */
function scaled(spec: ServerSpec): void {
  const { parent, logicalName, instance, namespace, plan, size, args } = spec;
  const { maxReplicas } = plan;
  if (maxReplicas === undefined || args.backendAutoscaling?.scaling === Scaling.External) return;
  const { transform } = args;
  autoscaler({
    parent,
    namespace,
    logicalName: serverName(logicalName),
    name: serverName(instance),
    labels: labelsOf(spec),
    kind: kindOf(spec),
    minReplicas: plan.replicas.value,
    maxReplicas: maxReplicas.value,
    targetCpu: cpuQuantity(serverTargetCpu(size.cpuMillicores)),
    transform: transform?.autoscaler?.bind(transform),
  });
}

function report({ parent, logicalName, plan, size, risks, args }: ServerSpec & SizedServer): void {
  const line = [
    `server ${logicalName}: ${amountText(plan.replicas.value, "pods")}`,
    `${amountText(plan.sessionsPerPod.value, "sessions")} and ${amountText(size.memoryBytes, "bytes")} memory each`,
    `grace period ${size.graceSeconds} s`,
  ].join(", ");
  void log.info(line, parent);
  reportRisks(risks, args, parent);
}
