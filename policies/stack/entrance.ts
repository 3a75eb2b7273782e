import type { Fleet } from "./fleet.ts";
import type { Resource } from "./resource.ts";
import type { ServiceName } from "./service-name.ts";
import type { ToolHiveServer } from "./toolhive-server.ts";

/** A way into the cluster: a NodePort or LoadBalancer Service, or a route to a Service. */
export interface Entrance {
  /** Its name in messages: `Ingress eng`, `Service eng of type LoadBalancer`. */
  readonly title: string;
  /** Its class, or the names of its Gateways, by which users declare it internal. */
  readonly classes: readonly string[];
  /** Whether pods see client addresses rather than those of nodes or of the entrance. */
  readonly keepsClientAddresses: boolean;
}

/** The entrances to a Service. */
export function entrancesOf(service: Resource, fleet: Fleet): readonly Entrance[] {
  const spec = service.fields.at("spec");
  const routes = routesTo(service, fleet);
  const type = spec.at("type").text();
  if (!leadsIn(type)) return routes;
  const own: Entrance = {
    title: `${service.title} of type ${type}`,
    classes: textsOf([spec.at("loadBalancerClass").text()]),
    keepsClientAddresses: spec.at("externalTrafficPolicy").text() === "Local",
  };
  return [own, ...routes];
}

/** The entrances to a ToolHive resource; its operator's Services use the default traffic policy. */
export function toolHiveEntrancesOf(server: ToolHiveServer, fleet: Fleet): readonly Entrance[] {
  const { serviceName: name, serviceType } = server;
  const routes = routesTo({ name, namespace: server.resource.namespace }, fleet);
  if (!leadsIn(serviceType)) return routes;
  const title = `Service ${name} of type ${serviceType}`;
  return [{ title, classes: [], keepsClientAddresses: false }, ...routes];
}

/** By default, a Service can only be reached inside the cluster. */
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
