import { addressText, type BackendAddress } from "@mcp-fleet/contract/settings";
import type { EndpointAddress, EndpointDirectory } from "./endpoint-address.ts";

type FixedAddress = Exclude<BackendAddress, { readonly kind: "srv" }>;

/** Endpoints that the configuration names: a name that it does not have is none any more. */
export class FixedEndpoints implements EndpointDirectory {
  readonly endpoints: readonly EndpointAddress[];

  constructor(address: FixedAddress) {
    this.endpoints = endpointsOf(address);
  }

  isGone(name: string): boolean {
    return !this.endpoints.some((endpoint) => endpoint.name === name);
  }

  async start(): Promise<void> {}

  refreshSoon(): void {}

  close(): void {}
}

function endpointsOf(address: FixedAddress): EndpointAddress[] {
  if (address.kind === "command") return [{ name: "stdio", url: addressText(address) }];
  if (address.kind === "url") return [endpointAt(address.url)];
  if (address.kind === "urls") return address.urls.map(endpointAt);
  const { name, service, namespace, clusterDomain, replicas, scheme, port, path } = address;
  return Array.from({ length: replicas }, (_, ordinal) => {
    const pod = `${name}-${ordinal}`;
    const host = `${pod}.${service}.${namespace}.svc.${clusterDomain}`;
    return { name: pod, url: `${scheme}://${host}:${port}${path}` };
  });
}

/** The name has the default port too: there is one name for each address. */
function endpointAt(url: string): EndpointAddress {
  const { hostname, port, protocol } = new URL(url);
  const standard = protocol === "https:" ? "443" : "80";
  return { name: `${hostname}:${port === "" ? standard : port}`, url };
}
