import { type Autoscaler, autoscalerOf, type Scaled } from "./autoscaler.ts";
import type { Role } from "./facts.ts";
import { selects } from "./label-selector.ts";
import { matches, type Resource } from "./resource.ts";
import { type ServiceName, serviceNames } from "./service-name.ts";
import { ToolHiveServer } from "./toolhive-server.ts";
import { Unjudgeable } from "./unjudgeable.ts";
import { Workload } from "./workload.ts";

const POD_NAME = "statefulset.kubernetes.io/pod-name";

/** A resource whose annotations cannot be read. */
export interface Unread {
  readonly resource: Resource;
  readonly reason: string;
}

/** The Service of a host name. */
export interface Named {
  readonly service: Resource;
  /** Whether the host name is that of a single pod behind the Service. */
  readonly isOnePod: boolean;
}

/** The stack, as policies see it. */
export class Fleet {
  readonly resources: readonly Resource[];
  /** Gateways, proxies, servers and stores. */
  readonly workloads: readonly Workload[];
  /** ToolHive's MCPServer and VirtualMCPServer. */
  readonly toolHiveServers: readonly ToolHiveServer[];
  /** Workloads whose annotations cannot be read: a policy reports each of them. */
  readonly unread: readonly Unread[];

  constructor(resources: readonly Resource[]) {
    const workloads: Workload[] = [];
    const unread: Unread[] = [];
    for (const resource of resources) {
      try {
        const workload = Workload.of(resource);
        if (workload) workloads.push(workload);
      } catch (error) {
        if (!(error instanceof Unjudgeable)) throw error;
        unread.push({ resource, reason: error.message });
      }
    }
    this.resources = resources;
    this.workloads = workloads;
    this.unread = unread;
    this.toolHiveServers = resources.flatMap((resource) => ToolHiveServer.of(resource) ?? []);
  }

  workloadsOf(...roles: readonly Role[]): readonly Workload[] {
    return this.workloads.filter(({ role }) => roles.includes(role));
  }

  /** Gateways and proxies. */
  get processes(): readonly Workload[] {
    return this.workloads.filter(({ isProcess }) => isProcess);
  }

  /** The Kubernetes resources of a kind. */
  ofKind(kind: string): readonly Resource[] {
    return this.resources.filter((one) => one.kind === kind && one.isOfKubernetes);
  }

  /** The resources of a kind in the namespace of a workload. */
  beside({ resource }: Workload, kind: string): readonly Resource[] {
    return this.ofKind(kind).filter(({ namespace }) => namespace === resource.namespace);
  }

  /** The Services of a workload's pods. */
  servicesOf(workload: Workload): readonly Resource[] {
    return this.beside(workload, "Service").filter((service) =>
      leadsTo(service, workload.resource),
    );
  }

  /** The Deployments and StatefulSets whose pods a Service selects, annotated or not. */
  podsBehind(service: Resource): readonly Resource[] {
    return [...this.ofKind("Deployment"), ...this.ofKind("StatefulSet")].filter(
      (pods) => pods.namespace === service.namespace && leadsTo(service, pods),
    );
  }

  /** The annotated workloads whose pods a Service selects. */
  workloadsBehind(service: Resource): readonly Workload[] {
    const pods = this.podsBehind(service);
    return this.workloads.filter(({ resource }) => pods.includes(resource));
  }

  /** The Service of the stack with a host name, as resolved by pods of a namespace. */
  serviceAt(host: string, fromNamespace: string): Named | undefined {
    for (const name of serviceNames(host, fromNamespace)) {
      const service = this.ofKind("Service").find((one) => isNamed(one, name));
      if (service === undefined) continue;
      const ownPod = service.fields.at("spec.selector").member(POD_NAME);
      return { service, isOnePod: name.pod !== undefined || ownPod.isThere };
    }
    return undefined;
  }

  /** The ToolHive resource with a host name; its Service is not in the stack. */
  toolHiveServerAt(host: string, fromNamespace: string): ToolHiveServer | undefined {
    const names = serviceNames(host, fromNamespace);
    return this.toolHiveServers.find(({ serviceName, resource: { namespace } }) =>
      names.some((one) => one.name === serviceName && one.namespace === namespace),
    );
  }

  /** The resources that select a workload's pods with a label selector: budgets, network policies. */
  selecting(workload: Workload, kind: string, path: string): readonly Resource[] {
    return this.beside(workload, kind).filter(({ fields }) =>
      selects(fields.at(path), workload.podLabels),
    );
  }

  /** The Ingresses and HTTPRoutes to one of a workload's Services. */
  routesTo(workload: Workload): readonly Resource[] {
    const services = this.servicesOf(workload);
    return this.#routes.filter((route) =>
      backendsOf(route).some((one) => services.some((service) => isNamed(service, one))),
    );
  }

  /** The Ingresses and HTTPRoutes to a Service, which need not be in the stack. */
  routesToService({ name, namespace }: ServiceName): readonly Resource[] {
    return this.#routes.filter((route) =>
      backendsOf(route).some((one) => one.name === name && one.namespace === namespace),
    );
  }

  get #routes(): readonly Resource[] {
    return [...this.ofKind("Ingress"), ...this.ofKind("HTTPRoute")];
  }

  /** The autoscalers of a workload. */
  autoscalersOf({ resource }: Workload): readonly Autoscaler[] {
    return this.#autoscalersIn(resource.namespace, resource);
  }

  /** The autoscalers of a ToolHive resource, or of the Deployment that its operator makes of it. */
  autoscalersOfToolHive({ resource }: ToolHiveServer): readonly Autoscaler[] {
    const { kind, name, namespace } = resource;
    return [kind, "Deployment"].flatMap((of) => this.#autoscalersIn(namespace, { kind: of, name }));
  }

  #autoscalersIn(namespace: string, scaled: Scaled): readonly Autoscaler[] {
    return ["HorizontalPodAutoscaler", "ScaledObject"]
      .flatMap((kind) => this.ofKind(kind))
      .filter((resource) => resource.namespace === namespace)
      .flatMap((resource) => autoscalerOf(resource, scaled) ?? []);
  }

  /** The minimum number of a workload's pods: of its autoscaler, else of its manifest; 1 by default in Kubernetes. */
  minReplicasOf(workload: Workload): number {
    const autoscalers = this.autoscalersOf(workload);
    if (autoscalers.length > 0) return Math.min(...autoscalers.map(({ min }) => min));
    // A scaler outside the stack stays within the range of the facts.
    if (workload.isScaledOutside) return workload.declaredReplicas;
    return workload.replicas ?? 1;
  }
}

/** Whether a Service selects one or all pods of a Deployment or StatefulSet. */
function leadsTo(service: Resource, { kind, name, fields }: Resource): boolean {
  const selector = service.fields.at("spec.selector").texts();
  const labels = fields.at("spec.template.metadata.labels").texts();
  const pod = selector[POD_NAME] ?? "";
  const isItsPod = kind === "StatefulSet" && pod.replace(/-\d+$/, "") === name;
  return matches(selector, isItsPod ? { ...labels, [POD_NAME]: pod } : labels);
}

function isNamed(service: Resource, { name, namespace, pod }: ServiceName): boolean {
  if (service.name !== name || service.namespace !== namespace) return false;
  return pod === undefined || service.fields.at("spec.clusterIP").text() === "None";
}

/** The Services behind a route. */
function backendsOf(route: Resource): readonly ServiceName[] {
  const { fields, kind, namespace: own } = route;
  const rules = fields.at("spec.rules").items();
  if (kind === "HTTPRoute") {
    const backends = rules.flatMap((rule) => rule.at("backendRefs").items());
    return backends.map((backend) => ({
      name: backend.at("name").text() ?? "",
      namespace: backend.at("namespace").text() ?? own,
    }));
  }
  const paths = rules.flatMap((rule) => rule.at("http.paths").items());
  const backends = [...paths.map((path) => path.at("backend")), fields.at("spec.defaultBackend")];
  return backends.map((backend) => ({
    name: backend.at("service.name").text() ?? "",
    namespace: own,
  }));
}
