import { type Found, transportOf } from "../backend-entry.ts";
import { type KubeObject, portsOf } from "../kube-object.ts";
import { LeftOut } from "../left-out.ts";
import { mcpPort } from "./mcp-port.ts";

/** A Service that is labelled as a backend: one URL, or, where it is headless, each of its pods. */
export function plainService(object: KubeObject, clusterDomain: string): Found {
  if (object.text("spec", "type") === "ExternalName") {
    throw new LeftOut("it is an ExternalName: list the server under backends");
  }
  const port = mcpPort(object, portsOf(object.list("spec", "ports"), "port"));
  const transport = transportOf(object);
  const path = object.annotation("path") ?? (transport === "sse" ? "/sse" : "/mcp");
  if (!path.startsWith("/")) throw new LeftOut(`its path must start with / and is "${path}"`);
  const host = `${object.name}.${object.namespace}.svc.${clusterDomain}`;
  if (object.text("spec", "clusterIP") !== "None")
    return { url: `http://${host}:${port.number}${path}` };
  if (port.name === "")
    throw new LeftOut("it is headless, and its port has no name for an SRV record");
  return { srv: `_${port.name}._tcp.${host}`, path };
}
