import type { BackendAddress } from "@mcp-fleet/contract/settings";
import type { PodAddress, PodDirectory } from "./pod-address.ts";

type FixedAddress = Exclude<BackendAddress, { readonly kind: "srv" }>;

/** Pods that the configuration names: a name that it does not have is none any more. */
export class FixedPods implements PodDirectory {
  readonly pods: readonly PodAddress[];

  constructor(address: FixedAddress) {
    this.pods = podsOf(address);
  }

  isGone(name: string): boolean {
    return !this.pods.some((pod) => pod.name === name);
  }

  onChange(): void {}

  async start(): Promise<void> {}

  doubt(): void {}

  close(): void {}
}

function podsOf(address: FixedAddress): PodAddress[] {
  if (address.kind === "url") return [podOf(address.url)];
  if (address.kind === "urls") return address.urls.map(podOf);
  const { name, service, namespace, clusterDomain, replicas, scheme, port, path } = address;
  return Array.from({ length: replicas }, (_, ordinal) => {
    const pod = `${name}-${ordinal}`;
    const host = `${pod}.${service}.${namespace}.svc.${clusterDomain}`;
    return { name: pod, url: `${scheme}://${host}:${port}${path}` };
  });
}

/** The default port stands in the name too: names are one per address. */
function podOf(url: string): PodAddress {
  const { hostname, port, protocol } = new URL(url);
  const standard = protocol === "https:" ? "443" : "80";
  return { name: `${hostname}:${port === "" ? standard : port}`, url };
}
