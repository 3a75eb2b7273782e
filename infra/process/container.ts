import { TIMES } from "@mcp-fleet/contract/capacity";
import type * as k8s from "@pulumi/kubernetes";
import { DEFAULT_IMAGE } from "../image.ts";
import { variablesOf } from "../pods/environment.ts";
import { ephemeralStorage } from "../pods/ephemeral-storage.ts";
import type { KeptFile } from "../pods/kept-file.ts";
import { RESTRICTED } from "../pods/pod-template.ts";
import { ADMIN_TOKEN } from "./admin-token.ts";
import { CONFIGURATION_PATH, type ConfigurationFile } from "./configuration-file.ts";
import { CONFIGURATION_FILE } from "./configuration-text.ts";
import { KEYS_PATH } from "./key-ring.ts";
import { OWNER_KEY } from "./owner-key.ts";
import { ADMIN_PORT, MCP_PORT, METRICS_PORT, type ProcessSpec } from "./process-spec.ts";
import { cpuQuantity, memoryQuantity } from "./quantity.ts";
import { addressVariables, SECRET_MODE, STORAGE_PATH } from "./storage.ts";

type Container = k8s.types.input.core.v1.Container;

/** The ConfigMaps and Secrets that pods mount. */
export interface Mounts {
  readonly configuration: ConfigurationFile;
  readonly keys: k8s.core.v1.Secret;
  readonly storage: k8s.core.v1.Secret | undefined;
  /** The user's own Secrets and ConfigMaps for the store. */
  readonly kept: readonly KeptFile[];
  readonly owner: k8s.core.v1.Secret | undefined;
  readonly admin: k8s.core.v1.Secret;
}

const MEBIBYTE = 2 ** 20;

/** The one container of a gateway or proxy. */
export function container(spec: ProcessSpec, mounts: Mounts): Container {
  const { role, size, process } = spec;
  const local = ephemeralStorage();
  return {
    name: role,
    image: process.image ?? DEFAULT_IMAGE,
    imagePullPolicy: process.imagePullPolicy ?? "IfNotPresent",
    args: [role, "--config", `${CONFIGURATION_PATH}/${CONFIGURATION_FILE}`],
    ports: [
      { name: "mcp", containerPort: MCP_PORT },
      { name: "admin", containerPort: ADMIN_PORT },
      { name: "metrics", containerPort: METRICS_PORT },
    ],
    env: environment(spec, mounts),
    resources: {
      requests: {
        cpu: cpuQuantity(size.cpuMillicores),
        memory: memoryQuantity(size.memoryBytes),
        ...local.requests,
      },
      limits: {
        cpu: cpuQuantity(size.cpuLimitMillicores),
        memory: memoryQuantity(size.memoryBytes),
        ...local.limits,
      },
    },
    ...probes(spec),
    lifecycle: { preStop: { sleep: { seconds: spec.plan.grace.preStop.value } } },
    securityContext: { ...RESTRICTED, readOnlyRootFilesystem: true },
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: volumeMounts(mounts),
  };
}

function environment(
  { size, process, storage: store }: ProcessSpec,
  { owner, admin, storage }: Mounts,
): k8s.types.input.core.v1.EnvVar[] {
  const heap = Math.floor(size.heapBytes / MEBIBYTE);
  return [
    { name: "NODE_OPTIONS", value: `--max-old-space-size=${heap}` },
    {
      name: "MCP_FLEET_ADMIN_TOKEN",
      valueFrom: { secretKeyRef: { name: admin.metadata.name, key: ADMIN_TOKEN } },
    },
    ...(owner === undefined
      ? []
      : [
          {
            name: "MCP_FLEET_OWNER_KEY",
            valueFrom: { secretKeyRef: { name: owner.metadata.name, key: OWNER_KEY } },
          },
        ]),
    ...(store && storage ? addressVariables(store, storage) : []),
    ...variablesOf(process),
  ];
}

/** Readiness does not depend on the store: a store outage would make every pod unready at once. */
function probes({ plan: { grace } }: ProcessSpec): Partial<Container> {
  const get = (path: string) => ({ httpGet: { path, port: "admin" } });
  return {
    startupProbe: {
      ...get("/livez"),
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: grace.startup.value,
    },
    readinessProbe: {
      ...get("/readyz"),
      periodSeconds: grace.readinessPeriod.value,
      timeoutSeconds: 1,
      failureThreshold: TIMES.readinessFailures.value,
    },
    livenessProbe: {
      ...get("/livez"),
      periodSeconds: grace.livenessPeriod.value,
      timeoutSeconds: 5,
      failureThreshold: TIMES.livenessFailures.value,
    },
  };
}

function volumeMounts({ storage, kept }: Mounts): k8s.types.input.core.v1.VolumeMount[] {
  const at = (name: string, mountPath: string) => ({ name, mountPath, readOnly: true });
  return [
    at("configuration", CONFIGURATION_PATH),
    at("keys", KEYS_PATH),
    ...(storage ? [at("storage", STORAGE_PATH)] : []),
    ...kept.map(({ volume, mountPath }) => at(volume.name, mountPath)),
  ];
}

/** The volumes behind the mounts. */
export function volumes({
  configuration,
  keys,
  storage,
  kept,
}: Mounts): k8s.types.input.core.v1.Volume[] {
  const secret = (name: string, of: k8s.core.v1.Secret) => ({
    name,
    secret: { secretName: of.metadata.name, defaultMode: SECRET_MODE },
  });
  return [
    { name: "configuration", configMap: { name: configuration.name } },
    secret("keys", keys),
    ...(storage ? [secret("storage", storage)] : []),
    ...kept.map(({ volume }) => volume),
  ];
}
