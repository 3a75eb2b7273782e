import * as z from "zod";

import { count, duration, labels, matching, port, text, url } from "./fields.ts";

/** How the pods of a backend are found, and how each is reached. */
export type BackendAddress =
  /** One address, whatever stands behind it. */
  | { readonly kind: "url"; readonly url: string }
  /** One pod each, called by its host and port. */
  | { readonly kind: "urls"; readonly urls: readonly string[] }
  /** The pods that a headless Service names, called by the first label of their host name. */
  | {
      readonly kind: "srv";
      readonly service: string;
      readonly scheme: "http" | "https";
      readonly path: string;
      readonly maxPods: number;
    }
  /** Pods with stable names, called by name and ordinal. */
  | {
      readonly kind: "statefulSet";
      readonly name: string;
      readonly service: string;
      readonly namespace: string;
      readonly clusterDomain: string;
      readonly replicas: number;
      readonly port: number;
      readonly scheme: "http" | "https";
      readonly path: string;
    };

/** A backend as the runtime knows it. */
export interface BackendSettings {
  readonly name: string;
  readonly address: BackendAddress;
  readonly transport: "streamable-http" | "sse";
  readonly caBundlePath?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly stateful: boolean;
  /** Whether a session stays with one pod, or each call goes to the least busy one. */
  readonly routing: "session" | "spread";
  readonly catalog: "shared" | "perSession";
  readonly notifications: "calls" | "session";
  /** Its own longest wait for an answer; absent where `limits.callTimeoutSeconds` holds. */
  readonly callTimeoutSeconds?: number;
}

const dnsLabel = (description: string) =>
  matching(
    description,
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    "a DNS label: at most 63 small letters, digits and dashes",
    "write the name alone, without a domain",
  );

const domain = (description: string) =>
  matching(
    description,
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
    "a domain name",
    "write it as cluster.local",
  );

const statefulSet = z.strictObject({
  name: dnsLabel("The StatefulSet's name; its pods are called name-0, name-1, …"),
  service: dnsLabel("Its headless Service, which publishes not-ready addresses."),
  namespace: dnsLabel("The namespace of both."),
  replicas: count("How many pods it has; sessions of higher ordinals are lost.", 1, 1000),
  port: port("The port of MCP in the pods.").min(1),
  clusterDomain: domain("The domain of the cluster.").default("cluster.local"),
});

/** One entry of `backends`. */
export const backend = z.strictObject({
  name: matching(
    "The backend's name: it stands in prefixes, log, metrics and status.",
    /^[A-Za-z0-9._-]{1,63}$/,
    "1 to 63 letters, digits, dots, dashes and underscores",
    "choose a name of these characters",
  ),
  url: url(
    "The address of the server's MCP endpoint: of a single server, of a Service before servers without sessions, or of a proxy. One of url, urls, srv and statefulSet is required.",
  ).optional(),
  urls: z
    .array(url("The address of one pod."))
    .min(1)
    .optional()
    .describe("The address of each pod, by a name that stays with the pod."),
  srv: matching(
    "The SRV records of a headless Service, which name the pods and their port; asked for again and again.",
    /^_[A-Za-z0-9-]+\._(?:tcp|udp)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?){3,}\.?$/,
    "a fully qualified SRV name",
    "write it as _mcp._tcp.service.namespace.svc.cluster.local",
  ).optional(),
  statefulSet: statefulSet
    .optional()
    .describe(
      "A StatefulSet, whose pods have names that stay: the address of each follows from it.",
    ),
  scheme: z
    .enum(["http", "https"])
    .default("http")
    .describe("How the pods of srv and statefulSet are spoken to."),
  path: matching(
    "The path of the MCP endpoint in the pods of srv and statefulSet.",
    /^\/[^?#\s]*$/,
    "a path that begins with a slash",
    "write it as /mcp",
  ).default("/mcp"),
  maxPods: count(
    "The most pods that srv may name; each gets an equal part of limits.upstreamConnections.",
    1,
    1000,
  ).default(16),
  transport: z
    .enum(["streamable-http", "sse"])
    .default("streamable-http")
    .describe(
      "How the server is spoken to: streamable HTTP, or the HTTP+SSE of MCP 2024-11-05, where the address is that of its event stream.",
    ),
  type: z
    .enum(["", "entry"])
    .optional()
    .describe("ToolHive's mark of a server that it does not run. No effect."),
  caBundlePath: text(
    "A PEM file with the authorities that the server's certificate may come from.",
  ).optional(),
  metadata: labels("Your own notes. No effect.").prefault({}),
  stateful: z
    .boolean()
    .default(false)
    .describe(
      "True when a lost session of the server loses work: the call is then answered with an error, not sent again in a new session.",
    ),
  routing: z
    .enum(["session", "spread"])
    .optional()
    .describe(
      "Which pod gets a call: session, that of its session, chosen by the fewest sessions; spread, the least busy one. Absent: session for a stateful server, spread otherwise.",
    ),
  catalog: z
    .enum(["shared", "perSession"])
    .default("shared")
    .describe(
      "Whether the server's lists are the same for all sessions. No effect in a proxy, which keeps no lists.",
    ),
  notifications: z
    .enum(["calls", "session"])
    .optional()
    .describe(
      "What of the server's own messages a client gets: those during its calls, or all of its session (a stream per session stays open). Absent: calls for a gateway, session for a proxy.",
    ),
  callTimeout: duration("The longest wait for the answer to a call of this backend.").optional(),
});

type Parsed = z.output<typeof backend>;

/** The settings of a valid entry. `callTimeoutSeconds` is what another section says of it. */
export function backendOf(
  parsed: Parsed,
  role: "gateway" | "proxy",
  callTimeoutSeconds = parsed.callTimeout,
): BackendSettings {
  const { name, caBundlePath, metadata, stateful, catalog, transport } = parsed;
  return {
    name,
    address: addressOf(parsed),
    transport,
    ...(caBundlePath !== undefined && { caBundlePath }),
    metadata,
    stateful,
    routing: parsed.routing ?? (stateful || transport === "sse" ? "session" : "spread"),
    catalog,
    notifications: parsed.notifications ?? (role === "proxy" ? "session" : "calls"),
    ...(callTimeoutSeconds !== undefined && { callTimeoutSeconds }),
  };
}

function addressOf({ url: one, urls, srv, ...parsed }: Parsed): BackendAddress {
  const { scheme, path, maxPods } = parsed;
  if (urls !== undefined) return { kind: "urls", urls };
  if (srv !== undefined) return { kind: "srv", service: srv, scheme, path, maxPods };
  if (parsed.statefulSet !== undefined) {
    return { kind: "statefulSet", ...parsed.statefulSet, scheme, path };
  }
  return { kind: "url", url: one ?? "" };
}

/** The address for people: in logs and /status. */
export function addressText(address: BackendAddress): string {
  if (address.kind === "url") return address.url;
  if (address.kind === "urls") return address.urls.join(", ");
  if (address.kind === "srv") return `srv ${address.service}`;
  return `statefulset ${address.namespace}/${address.name}`;
}

/** The most pods that a backend may have: by them its connections are divided. */
export function mostPods(address: BackendAddress): number {
  if (address.kind === "url") return 1;
  if (address.kind === "urls") return address.urls.length;
  return address.kind === "srv" ? address.maxPods : address.replicas;
}

/** The connections for calls that each pod of a backend gets of `limits.upstreamConnections`. */
export function connectionsPerPod(address: BackendAddress, upstreamConnections: number): number {
  return Math.max(1, Math.floor(upstreamConnections / mostPods(address)));
}
