import { type Found, transportOf } from "../backend-entry.ts";
import type { KubeObject } from "../kube-object.ts";
import { LeftOut } from "../left-out.ts";

/** ToolHive's own default. */
const PROXY_PORT = 8080;

/** The path of a proxy, by what it speaks, where ToolHive has not said its URL yet. */
const PATHS = { "streamable-http": "/mcp", sse: "/sse" } as const;

/** Where ToolHive's proxy of a server is: at the URL in its status, else at that of the Service that it will get. */
export function proxyAddress(
  object: KubeObject,
  service: string,
  transport: string,
  clusterDomain: string,
): Found {
  if (object.has("spec", "externalAuthConfigRef")) {
    throw new LeftOut(
      "it needs credentials (spec.externalAuthConfigRef), which discovery does not carry over: list it under backends with outgoingAuth",
    );
  }
  const spoken = transportOf(object, transport) ?? "streamable-http";
  const port = object.number("spec", "proxyPort") ?? object.number("spec", "port") ?? PROXY_PORT;
  const host = `${service}.${object.namespace}.svc.${clusterDomain}`;
  const url = urlOf(object.text("status", "url") ?? `http://${host}:${port}${PATHS[spoken]}`);
  return { url, transport: spoken };
}

/** ToolHive marks the URL of an HTTP+SSE server with its name after #, which is for people. */
function urlOf(text: string): string {
  return text.replace(/#.*$/s, "");
}
