import { isSection } from "@mcp-fleet/contract";
import { type Found, transportOf } from "../backend-entry.ts";
import { type KubeObject, portsOf } from "../kube-object.ts";
import { LeftOut } from "../left-out.ts";
import { mcpPort } from "./mcp-port.ts";

/** A StatefulSet that is labelled as a backend: its pods, which have names that stay. */
export function statefulSet(object: KubeObject, clusterDomain: string): Found {
  const service = object.text("spec", "serviceName");
  if (service === undefined) throw new LeftOut("it has no spec.serviceName");
  const replicas = object.number("spec", "replicas") ?? 1;
  if (replicas === 0) throw new LeftOut("it has no pods: spec.replicas is 0");
  const containers = object.list("spec", "template", "spec", "containers");
  const ports = containers.flatMap((container) =>
    isSection(container) && Array.isArray(container.ports)
      ? portsOf(container.ports, "containerPort")
      : [],
  );
  const port = mcpPort(object, ports).number;
  const path = object.annotation("path") ?? (transportOf(object) === "sse" ? "/sse" : "/mcp");
  const { name, namespace } = object;
  return { statefulSet: { name, service, namespace, replicas, port, clusterDomain }, path };
}
