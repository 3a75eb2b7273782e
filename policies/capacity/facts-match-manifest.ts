import { isDeepStrictEqual } from "node:util";
import { annotationOf } from "@mcp-fleet/contract";
import { amountText, type Unit } from "@mcp-fleet/contract/capacity";
import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import { Store } from "../redis/store.ts";
import { Component } from "../stack/component.ts";
import { FACT_NAMES, type Fact, Facts, type Role } from "../stack/facts.ts";
import type { Fields } from "../stack/fields.ts";
import type { Fleet } from "../stack/fleet.ts";
import { millicoresOf, quantityOf } from "../stack/quantity.ts";
import type { Resource } from "../stack/resource.ts";
import { REPLICAS, type Workload } from "../stack/workload.ts";

export const factsMatchManifest = policy<Workload | Component>({
  name: "facts-match-manifest",
  level: "mandatory",
  rule: "A manifest matches the annotations of its workload, and they match its component.",
  prevents:
    "A transform or a manual edit changes a manifest but not its annotations: everything that was computed from them is wrong, and nobody notices",
  source: "The components write the same plan into manifest, annotations and component",
  remediation:
    "Change the arguments of the component instead of its manifest. In manifests of your own, correct the annotation of the message.",
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", { "spec.replicas": 3 }),
    says: "spec.replicas is 3 pods, but the annotation mcp-fleet.dev/replicas is 2 pods",
  },
  subjects: (fleet) => [
    ...fleet.workloads,
    ...fleet.resources.flatMap((resource) => Component.of(resource) ?? []),
  ],
  *judge(subject, fleet) {
    if (subject instanceof Component) yield* componentFaults(subject, fleet);
    else {
      yield* manifestFaults(subject, fleet);
      yield* affinityFaults(subject, fleet);
      yield* storeFaults(subject, fleet);
    }
  },
});

/** A field of the manifest that a fact describes. */
interface Place {
  readonly fact: Fact;
  readonly name: string;
  /** Undefined where it is missing and Kubernetes has no default. */
  readonly value: () => number | undefined;
  readonly unit: Unit;
}

function* manifestFaults(workload: Workload, fleet: Fleet): Iterable<string> {
  for (const { fact, name, value, unit } of placesOf(workload, fleet)) {
    if (!workload.facts.has(fact)) continue;
    const declared = workload.facts.number(fact);
    const real = value();
    if (real === declared) continue;
    const text = real === undefined ? "missing" : amountText(real, unit);
    yield `${name} is ${text}, but the annotation ${annotationOf(fact)} is ${amountText(declared, unit)}; use the same value`;
  }
}

function placesOf(workload: Workload, fleet: Fleet): Place[] {
  const { resource, role, facts } = workload;
  const isAutoscaled = fleet.autoscalersOf(workload).length > 0;
  const places: Place[] = [
    {
      fact: REPLICAS[role],
      name: isAutoscaled ? "minReplicas of its autoscaler" : "spec.replicas",
      // A scaler of the user may keep more than the plan; autoscaler-range judges it.
      value: () =>
        workload.isScaledOutside ? facts.number(REPLICAS[role]) : fleet.minReplicasOf(workload),
      unit: "pods",
    },
    {
      fact: "graceSeconds",
      name: "terminationGracePeriodSeconds",
      value: () => workload.graceSeconds,
      unit: "seconds",
    },
  ];
  if (role === "redis" || role === "sentinel") return places;
  const { container } = workload;
  places.push(
    {
      fact: "preStopSeconds",
      name: "lifecycle.preStop.sleep.seconds",
      value: () => workload.preStopSeconds,
      unit: "seconds",
    },
    {
      fact: "memoryBytes",
      name: "resources.limits.memory",
      value: () => quantityOf(container.at("resources.limits.memory")),
      unit: "bytes",
    },
    {
      fact: "memoryBytes",
      name: "resources.requests.memory",
      value: () => requestOf(container, "memory", quantityOf),
      unit: "bytes",
    },
    {
      fact: "cpuMillicores",
      name: "resources.requests.cpu",
      value: () => requestOf(container, "cpu", millicoresOf),
      unit: "millicores",
    },
  );
  if (resource.kind === "Deployment") {
    places.push({
      fact: "progressDeadlineSeconds",
      name: "progressDeadlineSeconds",
      // The default of Kubernetes.
      value: () => resource.fields.at("spec.progressDeadlineSeconds").number() ?? 600,
      unit: "seconds",
    });
  }
  return places;
}

/** The request of a container, which defaults to its limit. */
function requestOf(
  container: Fields,
  what: "memory" | "cpu",
  read: (field: Fields) => number | undefined,
): number | undefined {
  const request = read(container.at(`resources.requests.${what}`));
  return request ?? read(container.at(`resources.limits.${what}`));
}

/** Reports Services whose affinity differs from the facts. The Service of the admin port needs none. */
function* affinityFaults(workload: Workload, fleet: Fleet): Iterable<string> {
  if (!workload.isProcess || !workload.facts.has("sessionAffinity")) return;
  const services = fleet.servicesOf(workload);
  const [affine] = services.filter(
    ({ fields }) => fields.at("spec.sessionAffinity").text() === "ClientIP",
  );
  const declared = workload.facts.text("sessionAffinity");
  const real = affine === undefined ? "None" : "ClientIP";
  const [service] = affine === undefined ? services : [affine];
  if (service === undefined || real === declared) return;
  yield `spec.sessionAffinity of ${service.title} is ${real}, but the annotation mcp-fleet.dev/session-affinity is ${declared}; use the same value`;
}

/** The servers and the Sentinels of a store must have the same annotations. */
function* storeFaults(servers: Workload, fleet: Fleet): Iterable<string> {
  if (servers.role !== "redis") return;
  for (const { facts, resource } of new Store(servers, fleet).sentinels) {
    const both = FACT_NAMES.filter((fact) => facts.has(fact) && servers.facts.has(fact));
    for (const fact of both.filter((one) => !OF_SENTINELS.has(one))) {
      const [value, valueOfSentinels] = [servers.facts.text(fact), facts.text(fact)];
      if (value === valueOfSentinels) continue;
      yield `the annotation ${annotationOf(fact)} is ${value}, but ${valueOfSentinels} in ${resource.title}; use the same value`;
    }
  }
}

function* componentFaults(component: Component, fleet: Fleet): Iterable<string> {
  for (const role of component.roles) {
    const workload = component.workloadOf(role, fleet.resources);
    // A server that runs elsewhere has no pods.
    if (workload) yield* differences(component, role, workload);
  }
}

/** The facts that Sentinels have of their own; all others are those of the store. */
const OF_SENTINELS: ReadonlySet<string> = new Set(["role", "graceSeconds"]);

function* differences(component: Component, role: Role, workload: Resource): Iterable<string> {
  const annotations = new Facts(workload.fields.at("metadata.annotations"));
  for (const [name, field] of component.factsOf(role)) {
    if (role === "sentinel" && OF_SENTINELS.has(name)) continue;
    const annotation = annotationOf(name);
    const value = field.plain();
    const text = annotations.annotation(annotation);
    if (text !== undefined && isDeepStrictEqual(value, readAs(text, value))) continue;
    const other = text === undefined ? "is missing" : `is ${text}`;
    yield `${name} is ${print(value)}, but the annotation ${annotation} of ${workload.title} ${other}; let the component write its annotations`;
  }
}

const print = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

/** The value of an annotation, to compare with a component's fact: strings as they are, all else as JSON. */
function readAs(text: string, like: unknown): unknown {
  if (typeof like === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
