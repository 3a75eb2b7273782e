import { CLIENT_STRATEGIES } from "@mcp-fleet/contract/settings";
import type { BackendArgs } from "../arguments/backend-args.ts";
import type { OutgoingAuthArgs } from "../arguments/outgoing-auth-args.ts";
import type { SessionStorageArgs } from "../arguments/session-storage-args.ts";
import { backendOf, storageOf } from "../component-parts.ts";
import type { VirtualMcpServerArgs } from "../virtual-mcp-server-args.ts";

/** The arguments of a gateway, with the parts of the components that are passed for them. */
export interface GatewayArgs extends Omit<VirtualMcpServerArgs, "backends" | "sessionStorage"> {
  backends: BackendArgs[];
  sessionStorage?: SessionStorageArgs;
}

/** In the order in which they are given. Whatever else is passed, which programs in other languages may do, stays as it is. */
export function gatewayArgs(given: VirtualMcpServerArgs): GatewayArgs {
  const { backends, sessionStorage, passthroughHeaders, outgoingAuth } = { ...given };
  return Object.assign(
    { ...given },
    {
      backends: Array.isArray(backends)
        ? backends.map((one) => withOwnLists(backendOf(one), passthroughHeaders, outgoingAuth))
        : (backends ?? []),
    },
    { ...(sessionStorage !== undefined && { sessionStorage: storageOf(sessionStorage) }) },
  );
}

/** A backend that gets headers or tokens of clients may list something else to each, which the plan has to know. */
function withOwnLists(
  backend: BackendArgs,
  headers: string[] = [],
  outgoing?: OutgoingAuthArgs,
): BackendArgs {
  const { name, catalog, passthroughHeaders = headers, discoveryAuth } = { ...backend };
  const { backends: own, default: usual } = { ...outgoing };
  const { type = "", awsSts } = { ...(own?.[name] ?? usual) };
  const isOfProcess = (awsSts?.webIdentityTokenFile ?? awsSts?.serviceAccountToken) !== undefined;
  const isOfClients = CLIENT_STRATEGIES.includes(type) && !isOfProcess;
  const isListedForClients = isOfClients && discoveryAuth === undefined;
  if (!isListedForClients && (catalog !== undefined || passthroughHeaders.length === 0)) {
    return backend;
  }
  return { ...backend, catalog: "perSession" };
}
