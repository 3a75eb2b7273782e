import type { Fleet } from "./fleet.ts";
import type { Resource } from "./resource.ts";
import type { ServiceName } from "./service-name.ts";
import type { ToolHiveServer } from "./toolhive-server.ts";

/** A way into the cluster: a Service that nodes or a load balancer answer for, or a route to a Service. */
export interface Entrance {
  /** How a message names it: `Ingress eng`, `Service eng of the type LoadBalancer`. */
  readonly title: string;
  /** Its class, or the Gateways that it belongs to: what tells those from each other that lead in from outside. */
  readonly classes: readonly string[];
  /** Whether pods see the addresses of clients, not those of nodes or of the entrance. */
  readonly keepsClientAddresses: boolean;
}

/** The ways in that lead to a Service. */
export function entrancesOf(service: Resource, fleet: Fleet): readonly Entrance[] {
  const spec = service.fields.at("spec");
  const routes = routesTo(service, fleet);
  const type = spec.at("type").text();
  if (!leadsIn(type)) return routes;
  const own: Entrance = {
    title: `${service.title} of the type ${type}`,
    classes: textsOf([spec.at("loadBalancerClass").text()]),
    keepsClientAddresses: spec.at("externalTrafficPolicy").text() === "Local",
  };
  return [own, ...routes];
}

/** The ways in that lead to what ToolHive's operator makes; its Services leave the traffic policy to Kubernetes. */
export function toolHiveEntrancesOf(server: ToolHiveServer, fleet: Fleet): readonly Entrance[] {
  const { serviceName: name, serviceType } = server;
  const routes = routesTo({ name, namespace: server.resource.namespace }, fleet);
  if (!leadsIn(serviceType)) return routes;
  const title = `Service ${name} of the type ${serviceType}`;
  return [{ title, classes: [], keepsClientAddresses: false }, ...routes];
}

/** Where nobody says it, a Service is inside of the cluster alone. */
function leadsIn(serviceType: string | undefined): boolean {
  return serviceType === "LoadBalancer" || serviceType === "NodePort";
}

function routesTo(service: ServiceName, fleet: Fleet): readonly Entrance[] {
  return fleet.routesToService(service).map((route) => ({
    title: route.title,
    classes: classesOf(route),
    keepsClientAddresses: false,
  }));
}

function classesOf({ fields, kind }: Resource): readonly string[] {
  const spec = fields.at("spec");
  if (kind === "HTTPRoute") {
    const parents = spec.at("parentRefs").items();
    return textsOf(parents.map((parent) => parent.at("name").text()));
  }
  const annotation = fields.at("metadata.annotations").member("kubernetes.io/ingress.class");
  return textsOf([spec.at("ingressClassName").text() ?? annotation.text()]);
}

const textsOf = (texts: readonly (string | undefined)[]): string[] =>
  texts.filter((text) => text !== undefined);
