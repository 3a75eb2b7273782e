import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";

import { isProperties, type Properties, part } from "./difference.ts";
import { annotation, textOf } from "./kubernetes-object.ts";

function numberOf(properties: Properties, name: string, otherwise = 0): number {
  const value = properties[name];
  return typeof value === "number" ? value : otherwise;
}

function listOf(value: JavaScriptValue | undefined): Properties[] {
  return Array.isArray(value) ? value.filter(isProperties) : [];
}

function hasCondition(object: Properties, type: string, reason?: string): boolean {
  return listOf(part(object, "status").conditions).some(
    (condition) =>
      condition.type === type &&
      condition.status === "True" &&
      (reason === undefined || condition.reason === reason),
  );
}

function isObserved(object: Properties): boolean {
  const generation = numberOf(part(object, "metadata"), "generation");
  return numberOf(part(object, "status"), "observedGeneration") >= generation;
}

function replicas(object: Properties, ...counts: readonly string[]): boolean {
  const wanted = numberOf(part(object, "spec"), "replicas", 1);
  return counts.every((count) => numberOf(part(object, "status"), count) === wanted);
}

/** By kind: whether an object does its work, as the vendor's provider sees it. Other kinds do so at once. */
const READY: { readonly [kind: string]: (object: Properties) => boolean } = {
  Deployment: (object) =>
    isObserved(object) &&
    replicas(object, "updatedReplicas", "availableReplicas") &&
    hasCondition(object, "Progressing", "NewReplicaSetAvailable"),
  StatefulSet: (object) => {
    const status = part(object, "status");
    const current = status.currentRevision === status.updateRevision;
    return isObserved(object) && replicas(object, "readyReplicas", "updatedReplicas") && current;
  },
  DaemonSet: (object) => {
    const status = part(object, "status");
    const wanted = numberOf(status, "desiredNumberScheduled");
    return isObserved(object) && numberOf(status, "numberReady") === wanted;
  },
  Job: (object) => {
    if (hasCondition(object, "Failed")) throw new Error("the Job has failed");
    return hasCondition(object, "Complete");
  },
  Pod: (object) => hasCondition(object, "Ready"),
  CustomResourceDefinition: (object) => hasCondition(object, "Established"),
  Ingress: (object) => listOf(part(part(object, "status"), "loadBalancer").ingress).length > 0,
};

export function isReady(object: Properties): boolean {
  return READY[textOf(object, "kind")]?.(object) ?? true;
}

/** What the object's conditions say about what it lacks. */
export function why(object: Properties): string {
  const lacking = listOf(part(object, "status").conditions).filter(
    (condition) => condition.status !== "True",
  );
  return lacking.map((condition) => `(${condition.type}: ${condition.message})`).join(" ");
}

/** Why the containers of a pod do not run: what they wait for, and the last words of those that ended. */
export function podFaults(pod: Properties): string[] {
  const name = textOf(part(pod, "metadata"), "name");
  return listOf(part(pod, "status").containerStatuses)
    .filter((status) => status.ready !== true)
    .map((status) => {
      const waiting = part(part(status, "state"), "waiting");
      const ended = [part(status, "state"), part(status, "lastState")].map((state) =>
        textOf(part(state, "terminated"), "message"),
      );
      const words = [textOf(waiting, "reason"), textOf(waiting, "message"), ...ended];
      return `[pod ${name}: ${words.filter(Boolean).join(": ").trim()}]`;
    });
}

/** A Service with a selector and an address works once a pod behind it is ready. */
export function needsEndpoints(object: Properties): boolean {
  const spec = part(object, "spec");
  const hasSelector = Object.keys(part(spec, "selector")).length > 0;
  const isAddress = spec.clusterIP !== "None" && spec.type !== "ExternalName";
  return object.kind === "Service" && hasSelector && isAddress;
}

export function hasReadyEndpoint(slices: Properties): boolean {
  return listOf(slices.items)
    .flatMap((slice) => listOf(slice.endpoints))
    .some((endpoint) => part(endpoint, "conditions").ready === true);
}

export function skipsWaiting(object: Properties): boolean {
  return annotation(object, "pulumi.com/skipAwait") === "true";
}
