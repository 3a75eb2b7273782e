import type * as k8s from "@pulumi/kubernetes";
import type { Output } from "@pulumi/pulumi";
import { Scaling } from "../arguments/choices.ts";
import { autoscaler } from "../pods/autoscaler.ts";
import { serviceAccountName } from "../pods/service-account.ts";
import { adminToken } from "./admin-token.ts";
import { authVolume } from "./backend-auth.ts";
import { caFiles, caVolume } from "./backend-ca.ts";
import { configurationFile } from "./configuration-file.ts";
import { deployment } from "./deployment.ts";
import { disruptionBudget } from "./disruption-budget.ts";
import { KEYS_FILE, KEYS_PATH, keyRing } from "./key-ring.ts";
import { loginFiles, loginVolume } from "./login.ts";
import { processMonitoring } from "./monitoring.ts";
import { networkPolicy } from "./network-policy.ts";
import { ownerKey } from "./owner-key.ts";
import { labelsOf, logicalNameOf, nameOf, type ProcessSpec } from "./process-spec.ts";
import { cpuQuantity } from "./quantity.ts";
import { service } from "./service.ts";
import { fileSettings, keptFiles, storageSecret } from "./storage.ts";
import { telemetryFiles } from "./telemetry.ts";

/** The main resources of a gateway or proxy. */
export interface ProcessWorkload {
  readonly deployment: k8s.apps.v1.Deployment;
  readonly service: k8s.core.v1.Service;
  readonly adminToken: Output<string>;
}

/** Creates everything that the pods of one role need, in the order in which they need it. */
export function processWorkload(spec: ProcessSpec): ProcessWorkload {
  const account = serviceAccountName({
    logicalName: logicalNameOf(spec),
    name: nameOf(spec),
    namespace: spec.namespace,
    labels: labelsOf(spec),
    parent: spec.parent,
    user: spec.process.serviceAccount,
  });
  const keys = keyRing(spec);
  const owner = ownerKey(spec);
  const admin = adminToken(spec);
  const storage = storageSecret(spec);
  const configuration = configurationFile(spec, completed(spec), caFiles(spec.backends), {
    ...loginFiles(spec),
    ...telemetryFiles(spec.process.telemetry),
  });
  const trusted = caVolume(spec.backends);
  const login = loginVolume(spec);
  const credentials = authVolume(spec);
  const kept = [
    ...(spec.storage ? keptFiles(spec.storage) : []),
    ...[trusted, login, credentials, spec.found?.kept].filter((file) => file !== undefined),
  ];
  const pods = deployment(
    spec,
    { configuration, keys, owner, admin: admin.secret, storage, kept },
    account,
  );
  const address = service(spec);
  disruptionBudget(spec);
  scaled(spec);
  if (spec.workload.networkPolicy?.enabled ?? true) networkPolicy(spec);
  processMonitoring(spec);
  return { deployment: pods, service: address, adminToken: admin.token };
}

/** Adds pods before the event loops of the existing ones reach their ceiling, unless a scaler of the user does. */
function scaled(spec: ProcessSpec): void {
  const { parent, namespace, size, transform, scaling } = spec;
  const { autoscaling } = spec.plan;
  if (autoscaling === undefined || scaling === Scaling.External) return;
  autoscaler({
    parent,
    namespace,
    logicalName: logicalNameOf(spec),
    name: nameOf(spec),
    labels: labelsOf(spec),
    kind: "Deployment",
    minReplicas: size.replicas,
    maxReplicas: autoscaling.maxReplicas.value,
    targetCpu: cpuQuantity(autoscaling.targetCpu.value),
    transform: transform?.autoscaler?.bind(transform),
  });
}

/** The configuration with the paths of keys and the store in the pods. */
function completed({ configuration, storage, instance }: ProcessSpec): Record<string, unknown> {
  const { session, ...rest } = configuration;
  return {
    ...rest,
    session: { ...(session as object), keysFile: `${KEYS_PATH}/${KEYS_FILE}` },
    ...(storage && { sessionStorage: fileSettings(storage, instance) }),
  };
}
