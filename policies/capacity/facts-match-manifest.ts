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
import type { Workload } from "../stack/workload.ts";

export const factsMatchManifest = policy<Workload | Component>({
  name: "facts-match-manifest",
  level: "mandatory",
  rule: "A manifest is what its facts say, and pods, workload and component say the same.",
  prevents:
    "A transform or a hand changes a manifest and not its facts: everything that was computed from them is wrong, and nobody sees it",
  source: "What the components write: one plan, in manifest, annotations and component alike",
  remediation:
    "Change the arguments of the component instead of its manifest; by hand, write the annotation that the message names.",
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", { "spec.replicas": 3 }),
    says: "spec.replicas is 3 pods, and the annotation mcp-fleet.dev/replicas says 2 pods",
  },
  subjects: (fleet) => [
    ...fleet.workloads,
    ...fleet.resources.flatMap((resource) => Component.of(resource) ?? []),
  ],
  *judge(subject, fleet) {
    if (subject instanceof Component) yield* componentFaults(subject, fleet);
    else {
      yield* annotationFaults(subject);
      yield* manifestFaults(subject, fleet);
      yield* affinityFaults(subject, fleet);
      yield* storeFaults(subject, fleet);
    }
  },
});

/** Pods carry what the workload says: what runs is asked in the cluster, and not what was wanted. */
function* annotationFaults({ facts, podFacts }: Workload): Iterable<string> {
  for (const name of new Set([...facts.annotations, ...podFacts.annotations])) {
    const own = facts.annotation(name);
    const ofPods = podFacts.annotation(name);
    if (own === ofPods) continue;
    const [said, saidOfPods] = [own, ofPods].map((text) => (text === undefined ? "nothing" : text));
    yield `the annotation ${name} says ${said}, and that of the pods' template ${saidOfPods}: write the same`;
  }
}

/** A place of the manifest that a fact speaks of. */
interface Place {
  readonly fact: Fact;
  readonly name: string;
  /** Undefined where nothing stands there, and Kubernetes takes nothing either. */
  readonly value: () => number | undefined;
  readonly unit: Unit;
}

function* manifestFaults(workload: Workload, fleet: Fleet): Iterable<string> {
  for (const { fact, name, value, unit } of placesOf(workload, fleet)) {
    if (!workload.facts.has(fact)) continue;
    const said = workload.facts.number(fact);
    const real = value();
    if (real === said) continue;
    const text = real === undefined ? "not there" : amountText(real, unit);
    yield `${name} is ${text}, and the annotation ${annotationOf(fact)} says ${amountText(said, unit)}: write the same`;
  }
}

/** How many pods a workload has, as the facts of its role call it. */
const REPLICAS: Readonly<Record<Role, Fact>> = {
  gateway: "replicas",
  proxy: "replicas",
  server: "backendReplicas",
  redis: "servers",
  sentinel: "sentinels",
};

function placesOf(workload: Workload, fleet: Fleet): Place[] {
  const { resource, role } = workload;
  const isAutoscaled = fleet.autoscalersOf(workload).length > 0;
  const places: Place[] = [
    {
      fact: REPLICAS[role],
      name: isAutoscaled ? "minReplicas of its autoscaler" : "spec.replicas",
      value: () => fleet.leastReplicasOf(workload),
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
      // What Kubernetes takes where nobody says.
      value: () => resource.fields.at("spec.progressDeadlineSeconds").number() ?? 600,
      unit: "seconds",
    });
  }
  return places;
}

/** Who says a limit and no request asks for as much. */
function requestOf(
  container: Fields,
  what: "memory" | "cpu",
  read: (field: Fields) => number | undefined,
): number | undefined {
  const request = read(container.at(`resources.requests.${what}`));
  return request ?? read(container.at(`resources.limits.${what}`));
}

/** A Service sends each client to one pod, or none does, as the facts say; that of the admin port never has to. */
function* affinityFaults(workload: Workload, fleet: Fleet): Iterable<string> {
  if (!workload.isProcess || !workload.facts.has("sessionAffinity")) return;
  const services = fleet.servicesOf(workload);
  const [affine] = services.filter(
    ({ fields }) => fields.at("spec.sessionAffinity").text() === "ClientIP",
  );
  const said = workload.facts.text("sessionAffinity");
  const real = affine === undefined ? "None" : "ClientIP";
  const [service] = affine === undefined ? services : [affine];
  if (service === undefined || real === said) return;
  yield `spec.sessionAffinity of ${service.title} is ${real}, and the annotation mcp-fleet.dev/session-affinity says ${said}: write the same`;
}

/** Servers and Sentinels of a store are one thing, and say the same of it. */
function* storeFaults(servers: Workload, fleet: Fleet): Iterable<string> {
  if (servers.role !== "redis") return;
  for (const { facts, resource } of new Store(servers, fleet).sentinels) {
    const both = FACT_NAMES.filter((fact) => facts.has(fact) && servers.facts.has(fact));
    for (const fact of both.filter((one) => !OF_SENTINELS.has(one))) {
      const [said, saidOfSentinels] = [servers.facts.text(fact), facts.text(fact)];
      if (said === saidOfSentinels) continue;
      yield `the annotation ${annotationOf(fact)} says ${said}, and that of ${resource.title} ${saidOfSentinels}: write the same`;
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

/** What the Sentinels of a store say for themselves: everything else is the store's. */
const OF_SENTINELS: ReadonlySet<string> = new Set(["role", "graceSeconds"]);

function* differences(component: Component, role: Role, workload: Resource): Iterable<string> {
  const annotations = new Facts(workload.fields.at("metadata.annotations"));
  for (const [name, field] of component.factsOf(role)) {
    if (role === "sentinel" && OF_SENTINELS.has(name)) continue;
    const annotation = annotationOf(name);
    const said = field.plain();
    const text = annotations.annotation(annotation);
    if (text !== undefined && isDeepStrictEqual(said, readAs(text, said))) continue;
    const other = text === undefined ? "is not there" : `says ${text}`;
    yield `${name} is ${print(said)}, and the annotation ${annotation} of ${workload.title} ${other}: leave its facts to the component`;
  }
}

const print = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

/** What an annotation says, as the component's fact is written: texts as they are, all else as JSON. */
function readAs(text: string, like: unknown): unknown {
  if (typeof like === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
