import * as k8s from "@pulumi/kubernetes";
import { REDIS_PORT, SENTINEL_PORT } from "./pods.ts";
import {
  labelsOf,
  partName,
  podServiceNames,
  type RedisPart,
  type RedisSpec,
  selectorOf,
} from "./redis-spec.ts";

const PORTS = { redis: REDIS_PORT, sentinel: SENTINEL_PORT } as const;

/**
 * A headless Service for the identity of the pods, and a Service for each pod, whose cluster IP
 * servers and Sentinels announce, because it stays when the pod moves. All publish pods that are not ready: the
 * master is elected among those.
 */
export function redisServices(spec: RedisSpec, part: RedisPart): void {
  headlessService(spec, part);
  const logicalNames = podServiceNames(spec.logicalName, part);
  for (const [ordinal, name] of podServiceNames(spec.instance, part).entries()) {
    podService(spec, part, name, logicalNames[ordinal] ?? name);
  }
}

function headlessService(spec: RedisSpec, part: RedisPart): k8s.core.v1.Service {
  const name = partName(spec.instance, part);
  return new k8s.core.v1.Service(
    partName(spec.logicalName, part),
    {
      metadata: { name, namespace: spec.namespace, labels: labelsOf(spec, part) },
      spec: {
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: selectorOf(spec, part),
        ports: [{ name: part, port: PORTS[part] }],
      },
    },
    { parent: spec.parent },
  );
}

function podService(
  spec: RedisSpec,
  part: RedisPart,
  name: string,
  logicalName: string,
): k8s.core.v1.Service {
  return new k8s.core.v1.Service(
    logicalName,
    {
      metadata: {
        name,
        namespace: spec.namespace,
        labels: labelsOf(spec, part),
        // The pod waits for its Service, so Pulumi must not wait for the pod.
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: {
        publishNotReadyAddresses: true,
        selector: { ...selectorOf(spec, part), "statefulset.kubernetes.io/pod-name": name },
        ports: [{ name: part, port: PORTS[part] }],
      },
    },
    { parent: spec.parent },
  );
}
