import { SERVER_INPUTS } from "@mcp-fleet/contract/capacity";
import { interpolate, type Output, output } from "@pulumi/pulumi";
import type { ServerBackend } from "../arguments/backend-args.ts";
import { Transport } from "../arguments/choices.ts";
import { present } from "../facts.ts";
import { MCP_PORT } from "../process/process-spec.ts";
import type { ServerArgs } from "./server-args.ts";
import { serverName } from "./server-spec.ts";

/** The default port of the MCP endpoint in a server's pods. */
export const SERVER_PORT = 8080;

/** As many pods as a server may have: adding one changes no configuration, and so restarts nobody. */
const MAX_PODS = SERVER_INPUTS.replicas.max;

/** The name by which gateways call a server: in tool prefixes, and in the labels that its policies admit them by. */
export const backendNameOf = (
  instance: string,
  { backendName = instance }: Pick<ServerArgs, "backendName">,
): string => backendName;

/** The server as called by a gateway: through its proxies, where it has some. */
export function gatewayBackend(
  instance: string,
  args: ServerArgs,
  isProxied: boolean,
): ServerBackend {
  const backend = isProxied ? proxiedBackend(instance, args) : directBackend(instance, args);
  return { ...backend, name: backendNameOf(instance, args) };
}

/** The server itself, as called by its proxies, or by a gateway where it has none. They learn its pods from DNS. */
export function directBackend(name: string, args: ServerArgs): ServerBackend {
  const { url, transport, namespace = "default" } = args;
  const path = args.path ?? (transport === Transport.Sse ? "/sse" : undefined);
  return {
    name,
    ...declaredSettings(args),
    ...present<string>({ transport, routing: args.routing, scheme: args.scheme }),
    ...(args.caBundle !== undefined && { caBundle: args.caBundle }),
    ...(args.caBundleRef !== undefined && { caBundleRef: args.caBundleRef }),
    ...(url === undefined
      ? {
          srv: interpolate`_mcp._tcp.${serverName(name)}.${namespace}.svc.cluster.local`,
          maxPods: MAX_PODS,
          ...(path !== undefined && { path }),
        }
      : { url }),
  };
}

/** The server's proxies, which serve Streamable HTTP, whatever the transport of the server. */
function proxiedBackend(name: string, args: ServerArgs): ServerBackend {
  const { namespace = "default" } = args;
  return {
    name,
    ...declaredSettings(args),
    url: interpolate`http://${name}-proxy.${namespace}.svc.cluster.local:${MCP_PORT}/mcp`,
  };
}

/** The URL for clients: of its proxies, or of its pods through the headless Service. */
export function serverUrl(name: string, args: ServerArgs, backend: ServerBackend): Output<string> {
  if (backend.url !== undefined) return output(backend.url);
  const { namespace = "default", port = SERVER_PORT, scheme = "http" } = args;
  const path = backend.path ?? "/mcp";
  return interpolate`${scheme}://${serverName(name)}.${namespace}.svc.cluster.local:${port}${path}`;
}

function declaredSettings(args: ServerArgs): Partial<ServerBackend> {
  const { stateful, catalog, notifications, callTimeout, callTimeoutMax } = args;
  return present<string | boolean>({
    stateful,
    catalog,
    notifications,
    callTimeout,
    callTimeoutMax,
  });
}
