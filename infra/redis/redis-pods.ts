import * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { Spread } from "../arguments/choices.ts";
import { annotations } from "../facts.ts";
import { ephemeralStorage } from "../pods/ephemeral-storage.ts";
import { podTemplate, RESTRICTED } from "../pods/pod-template.ts";
import { cpuQuantity, memoryQuantity } from "../process/quantity.ts";
import { SECRET_MODE } from "../process/storage.ts";
import { transformed } from "../transform.ts";
import { ClaimRetention } from "./claim-retention.ts";
import { exporter } from "./exporter.ts";
import { DEFAULT_ENGINE, DEFAULT_IMAGES } from "./images.ts";
import { MOUNTS, NODE, podEnvironment, REDIS_PORT, SENTINEL, SENTINEL_PORT } from "./pods.ts";
import { isLasting } from "./redis-conf.ts";
import type { RedisFiles } from "./redis-files.ts";
import {
  certificateName,
  labelsOf,
  limitsName,
  partName,
  podServiceNames,
  REPLICAS,
  type RedisPart,
  type RedisSpec,
  secretsName,
  selectorOf,
} from "./redis-spec.ts";

type Container = k8s.types.input.core.v1.Container;

/** One kind of pods: their program and their resources. */
interface Kind {
  readonly part: RedisPart;
  readonly port: number;
  readonly program: typeof NODE | typeof SENTINEL;
  readonly memoryBytes: number;
  readonly cpuMillicores: number;
  readonly volumeBytes: number;
}

const MEBIBYTE = 2 ** 20;
const SENTINEL_MEMORY = 128 * MEBIBYTE;
const SENTINEL_CPU = 50;
/** The minimum of many storage classes; a few kilobytes are used. */
const SENTINEL_VOLUME = 2 ** 30;
const RUN_BYTES = "1Mi";
const USER_ID = 999;

/** The servers. All start at once, and roll out one by one. */
export function serverPods(spec: RedisSpec, files: RedisFiles, account: Input<string>) {
  const { containerBytes, volumeBytes, cpuMillicores } = spec.size;
  const sizes = { memoryBytes: containerBytes, cpuMillicores, volumeBytes };
  const kind: Kind = { part: "redis", port: REDIS_PORT, program: NODE, ...sizes };
  return statefulSet(spec, kind, files, account);
}

/** The Sentinels, in their own pods, so that a rollout of the servers keeps every vote. */
export function sentinelPods(spec: RedisSpec, files: RedisFiles, account: Input<string>) {
  const sizes = {
    memoryBytes: SENTINEL_MEMORY,
    cpuMillicores: SENTINEL_CPU,
    volumeBytes: SENTINEL_VOLUME,
  };
  const kind: Kind = { part: "sentinel", port: SENTINEL_PORT, program: SENTINEL, ...sizes };
  return statefulSet(spec, kind, files, account);
}

function statefulSet(
  spec: RedisSpec,
  kind: Kind,
  files: RedisFiles,
  serviceAccountName: Input<string>,
): k8s.apps.v1.StatefulSet {
  const { parent, logicalName, instance, namespace, args: user } = spec;
  const { part, program } = kind;
  const facts = { ...spec.facts, role: part, graceSeconds: program.graceSeconds };
  const name = partName(instance, part);
  const lasts = isLasting(user.persistence);
  const opts = { parent, customTimeouts: timeouts(program) };
  const sidecar = part === "redis" ? exporter(spec) : undefined;
  const args: k8s.apps.v1.StatefulSetArgs = {
    metadata: { name, namespace, labels: labelsOf(spec, part), annotations: annotations(facts) },
    spec: {
      replicas: REPLICAS,
      serviceName: name,
      podManagementPolicy: "Parallel",
      minReadySeconds: program.minReadySeconds,
      selector: { matchLabels: selectorOf(spec, part) },
      template: podTemplate({
        labels: labelsOf(spec, part),
        selector: selectorOf(spec, part),
        workload: { ...user, spread: user.spread ?? Spread.Required },
        graceSeconds: program.graceSeconds,
        serviceAccountName,
        userId: USER_ID,
        containers: [container(spec, kind), ...(sidecar ? [sidecar] : [])],
        volumes: volumes(spec, kind, files, lasts),
        surges: false,
        apart: true,
      }),
      ...(lasts && {
        volumeClaimTemplates: [dataClaim(spec, kind)],
        persistentVolumeClaimRetentionPolicy: {
          whenDeleted: ClaimRetention.Retain,
          whenScaled: ClaimRetention.Retain,
          ...user.persistentVolumeClaimRetentionPolicy,
        },
      }),
    },
  };
  const { transform } = user;
  const change = part === "redis" ? transform?.servers : transform?.sentinels;
  return new k8s.apps.v1.StatefulSet(
    partName(logicalName, part),
    transformed(change?.bind(transform), args, opts),
    opts,
  );
}

function container(spec: RedisSpec, kind: Kind): Container {
  const { args: user, instance } = spec;
  const { part, port, program } = kind;
  const { engine = DEFAULT_ENGINE, tls } = user;
  const memory = memoryQuantity(kind.memoryBytes);
  // Without a volume, a copy of the data that is being loaded stands on the disk of the node.
  const local = ephemeralStorage(isLasting(user.persistence) ? 0 : kind.volumeBytes);
  const group = {
    engine,
    nodes: podServiceNames(instance, "redis").map(qualified),
    sentinels: podServiceNames(instance, "sentinel").map(qualified),
    tls: tls !== undefined,
  };
  return {
    name: part,
    image: user.image ?? DEFAULT_IMAGES[engine],
    imagePullPolicy: user.imagePullPolicy ?? "IfNotPresent",
    command: [...program.start],
    ports: [{ name: part, containerPort: port }],
    env: [
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
      ...Object.entries(podEnvironment(group)).map(([name, value]) => ({ name, value })),
    ],
    // No CPU limit: a throttled server or Sentinel would be taken for lost.
    resources: {
      requests: { cpu: cpuQuantity(kind.cpuMillicores), memory, ...local.requests },
      limits: { memory, ...local.limits },
    },
    startupProbe: { exec: { command: [...program.alive] }, ...program.probes.startup },
    livenessProbe: { exec: { command: [...program.alive] }, ...program.probes.liveness },
    readinessProbe: { exec: { command: [...program.ready] }, ...program.probes.readiness },
    ...("preStop" in program && {
      lifecycle: { preStop: { exec: { command: [...program.preStop] } } },
    }),
    securityContext: { ...RESTRICTED, readOnlyRootFilesystem: true },
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: volumeMounts(user.tls !== undefined),
  };
}

/** A pod and its Service have the same short name: unqualified, it would resolve to the current address of the pod. */
const qualified = (service: string): string => `${service}.$(POD_NAMESPACE).svc`;

function volumeMounts(hasTls: boolean): k8s.types.input.core.v1.VolumeMount[] {
  const { data, run, scripts, configuration, secrets, tls } = MOUNTS;
  return [
    { name: "data", mountPath: data },
    { name: "run", mountPath: run },
    { name: "scripts", mountPath: scripts, readOnly: true },
    { name: "configuration", mountPath: configuration, readOnly: true },
    { name: "secrets", mountPath: secrets, readOnly: true },
    ...(hasTls ? [{ name: "tls", mountPath: tls, readOnly: true }] : []),
  ];
}

function volumes(
  spec: RedisSpec,
  { part }: Kind,
  { scripts, configuration }: RedisFiles,
  lasts: boolean,
): k8s.types.input.core.v1.Volume[] {
  const certificate = spec.args.tls && tlsSecretName(spec);
  return [
    ...(lasts ? [] : [{ name: "data", emptyDir: {} }]),
    { name: "run", emptyDir: { medium: "Memory", sizeLimit: RUN_BYTES } },
    { name: "scripts", configMap: { name: scripts.metadata.name } },
    configurationVolume(spec, part, configuration[part].metadata.name),
    {
      name: "secrets",
      secret: { secretName: secretsName(spec.instance, part), defaultMode: SECRET_MODE },
    },
    ...(certificate === undefined
      ? []
      : [{ name: "tls", secret: { secretName: certificate, defaultMode: SECRET_MODE } }]),
  ];
}

/** The files of a part in one folder; those of servers have a part that changes while they run. */
function configurationVolume(
  spec: RedisSpec,
  part: RedisPart,
  file: Input<string>,
): k8s.types.input.core.v1.Volume {
  const name = "configuration";
  if (part === "sentinel") return { name, configMap: { name: file } };
  const sources = [
    { configMap: { name: file } },
    { configMap: { name: limitsName(spec.instance) } },
  ];
  return { name, projected: { sources } };
}

/** The Secret with the certificate: that of the user, or the one that cert-manager writes. */
export function tlsSecretName({ instance, args }: RedisSpec): Input<string> {
  return args.tls?.secretName ?? certificateName(instance);
}

function dataClaim(
  { args }: RedisSpec,
  { volumeBytes }: Kind,
): k8s.types.input.core.v1.PersistentVolumeClaim {
  const { storageClassName } = args;
  return {
    metadata: { name: "data" },
    spec: {
      accessModes: ["ReadWriteOnce"],
      ...(storageClassName !== undefined && { storageClassName }),
      resources: { requests: { storage: memoryQuantity(volumeBytes) } },
    },
  };
}

/** Pods roll out one after the other, each within its probes' time and its grace period. */
function timeouts({ graceSeconds, minReadySeconds, probes: { startup } }: Kind["program"]) {
  const start = startup.periodSeconds * startup.failureThreshold + minReadySeconds;
  return {
    create: `${start + IMAGE_PULL_SECONDS}s`,
    update: `${REPLICAS * (graceSeconds + start) + IMAGE_PULL_SECONDS}s`,
    delete: `${graceSeconds + IMAGE_PULL_SECONDS}s`,
  };
}

const IMAGE_PULL_SECONDS = 120;
