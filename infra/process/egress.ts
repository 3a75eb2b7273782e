import { isIP } from "node:net";
import type * as k8s from "@pulumi/kubernetes";
import { type Output, output } from "@pulumi/pulumi";
import type { BackendArgs } from "../arguments/backend-args.ts";
import { DNS, destinationRules, ELSEWHERE, namespacePeer } from "../pods/network-peers.ts";
import { tokenAddresses } from "./backend-auth.ts";
import { ADMIN_PORT, type ProcessSpec, selectorOf } from "./process-spec.ts";

type Rule = k8s.types.input.networking.v1.NetworkPolicyEgressRule;

/** A host that pods connect to. Without a port, every port of it. */
interface Destination {
  readonly host: string;
  readonly port?: number;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** What a gateway or proxy connects to: DNS, its backends, the issuers of tokens, its store, its own kind, its collector, and what the user names. */
export function egress(spec: ProcessSpec): Output<Rule[]> {
  const { storage, callees, destinations, workload, process } = spec;
  // One with a name is outside of the cluster, and where that is may be known only after the update.
  const isNamed = storage?.name !== undefined;
  const stores = storage?.address === undefined || isNamed ? [] : [storage.address];
  const { sentinel, cluster } = isNamed ? {} : (storage ?? {});
  // Each as it is: lists of other languages are outputs as a whole.
  const guides = [sentinel?.addresses ?? [], cluster?.addresses ?? [], cluster?.natMap ?? {}];
  const own = { podSelector: { matchLabels: selectorOf(spec) } };
  const issuers = tokenAddresses(process.outgoingAuth, spec.backends);
  const collectors = process.telemetry === undefined ? [] : [process.telemetry.endpoint];
  return output({ destinations, issuers, stores, guides, collectors }).apply((addresses) => {
    const named = [
      ...[...addresses.destinations, ...addresses.issuers].map(destinationOfUrl),
      ...addresses.stores.map(destinationOfAddress),
      ...addresses.collectors.map(destinationOfCollector),
      // The master or the nodes that they name may be anywhere, at ports of their own.
      ...addresses.guides
        .flatMap(Object.values<string>)
        .map((address) => ({ host: destinationOfAddress(address).host })),
    ];
    const rules = [
      DNS,
      { ports: [tcp(ADMIN_PORT)], to: [own] },
      ...callees.map((labels) => ({ to: [{ podSelector: { matchLabels: labels } }] })),
      ...named.flatMap(rulesOf),
      ...(isNamed ? [{ to: [...ELSEWHERE] }] : []),
      ...(spec.found?.egress ?? []),
      ...destinationRules(workload.networkPolicy?.egress),
    ];
    return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
  });
}

/** Where backends are: URLs, and names of Services. */
export function addressesOf(backends: readonly BackendArgs[]): Output<string[]> {
  const addresses = backends.map(({ url, urls, srv, statefulSet }) => {
    return { url, urls, srv, statefulSet };
  });
  return output(addresses).apply((known) =>
    known.flatMap(({ url, urls = [], srv, statefulSet: set }) =>
      [url, ...urls, srv, set && `${set.service}.${set.namespace}.svc`].filter(
        (address) => address !== undefined,
      ),
    ),
  );
}

/** A URL, or a name in DNS whose port is not known. */
function destinationOfUrl(text: string): Destination {
  const url = text.includes("://") ? URL.parse(text) : null;
  if (url === null) return { host: text };
  const { protocol, hostname, port } = url;
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (DEFAULT_PORTS[protocol] ?? 443) : Number(port),
  };
}

/** `host:port`, as stores are given. */
function destinationOfAddress(text: string): Destination {
  return destinationOfUrl(`redis://${text}`);
}

/** `host:port`, or a URL. */
function destinationOfCollector(text: string): Destination {
  return text.includes("://") ? destinationOfUrl(text) : destinationOfUrl(`otlp://${text}`);
}

/**
 * Policies see the ports of pods, and not of the Services in front of them, so that within the cluster a namespace is all
 * that a name says.
 */
function rulesOf({ host, port }: Destination): Rule[] {
  const ports = port === undefined ? {} : { ports: [tcp(port)] };
  const version = isIP(host);
  if (version > 0) {
    return [{ ...ports, to: [{ ipBlock: { cidr: `${host}/${version === 4 ? 32 : 128}` } }] }];
  }
  const labels = host.split(".").filter((label) => label !== "");
  const service = labels.indexOf("svc");
  if (labels.length === 1) return host === "localhost" ? [] : [{ to: [{ podSelector: {} }] }];
  if (service >= 2) return [{ to: [namespacePeer(labels[service - 1] ?? "")] }];
  const outside = { ...ports, to: [...ELSEWHERE] };
  // As short as the name of a Service with its namespace, and as that of a host.
  return labels.length === 2 ? [{ to: [namespacePeer(labels[1] ?? "")] }, outside] : [outside];
}

const tcp = (port: number) => ({ port, protocol: "TCP" });
