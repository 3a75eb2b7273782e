import * as z from "zod";
import { count, duration, labels, matching, port, text, url } from "./fields.ts";
import { type BackendAuth, backendAuthOf, needsPrincipal, strategy } from "./outgoing-auth.ts";
import { passthroughHeaders } from "./passthrough-headers.ts";
import { STDIO_FIELDS, type StdioSettings, stdioOf } from "./stdio.ts";

/** How the pods of a backend are found and reached. */
export type BackendAddress =
  /** One address, whatever is behind it. */
  | { readonly kind: "url"; readonly url: string }
  /** One address per pod, which is identified by host and port. */
  | { readonly kind: "urls"; readonly urls: readonly string[] }
  /** The pods behind a headless Service, identified by the first label of their host names. */
  | {
      readonly kind: "srv";
      readonly service: string;
      readonly scheme: "http" | "https";
      readonly path: string;
      readonly maxPods: number;
    }
  /** Pods with stable names, identified by name and ordinal. */
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
    }
  /** A program that this process runs, once for each session. */
  | ({ readonly kind: "command" } & StdioSettings);

/** The settings of one backend, as the runtime reads them. */
export interface BackendSettings {
  readonly name: string;
  readonly address: BackendAddress;
  readonly transport: "streamable-http" | "sse" | "stdio";
  readonly caBundlePath?: string;
  /** What the process shows of itself in TLS. Absent: nothing. */
  readonly clientCertificate?: { readonly certFile: string; readonly keyFile: string };
  readonly metadata: Readonly<Record<string, string>>;
  readonly stateful: boolean;
  /** `session`: a session stays with one pod. `spread`: each call goes to the least busy pod. */
  readonly routing: "session" | "spread";
  readonly catalog: "shared" | "perSession";
  readonly notifications: "calls" | "session";
  /** Its own call timeout; absent: `limits.callTimeoutSeconds`. */
  readonly callTimeoutSeconds?: number;
  /** The headers of clients' requests that it gets, in lower case. Absent: none. */
  readonly passthroughHeaders?: readonly string[];
  /** How requests are authenticated; absent: they are not. */
  readonly auth?: BackendAuth;
  /** How those of the process itself are, where `auth` needs a principal; absent: they are not. */
  readonly discoveryAuth?: BackendAuth;
}

const dnsLabel = (description: string) =>
  matching(
    description,
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    "must be a DNS label: at most 63 lowercase letters, digits and dashes",
    "write the name only, without a domain",
  );

const domain = (description: string) =>
  matching(
    description,
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
    "must be a domain name",
    "write it as cluster.local",
  );

const statefulSet = z.strictObject({
  name: dnsLabel("The name of the StatefulSet; its pods are name-0, name-1, …"),
  service: dnsLabel("Its headless Service, with publishNotReadyAddresses: true."),
  namespace: dnsLabel("The namespace of both."),
  replicas: count(
    "The number of its pods. Sessions on pods with a higher ordinal are lost.",
    1,
    1000,
  ),
  port: port("The port of the MCP endpoint in the pods.").min(1),
  clusterDomain: domain("The DNS domain of the cluster.").default("cluster.local"),
});

/** One entry of `backends`. */
export const backend = z.strictObject({
  name: matching(
    "The backend's name, used in tool prefixes, logs, metrics and /status.",
    /^[A-Za-z0-9._-]{1,63}$/,
    "must be 1 to 63 letters, digits, dots, dashes or underscores",
    "use only these characters",
  ),
  url: url(
    "The URL of the MCP endpoint: of a single server, of a Service in front of servers without sessions, or of a proxy. One of url, urls, srv and statefulSet is required, unless transport is stdio.",
  ).optional(),
  urls: z
    .array(url("The URL of one pod."))
    .min(1)
    .optional()
    .describe("The URL of each pod, with a host name that stays with the pod."),
  srv: matching(
    "The SRV record name of a headless Service; it returns the pods and their port, and is resolved again every dns.refresh.",
    /^_[A-Za-z0-9-]+\._(?:tcp|udp)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?){3,}\.?$/,
    "must be a fully qualified SRV record name",
    "write it as _mcp._tcp.service.namespace.svc.cluster.local",
  ).optional(),
  statefulSet: statefulSet
    .optional()
    .describe("A StatefulSet, whose pods have stable names; their addresses follow from it."),
  scheme: z
    .enum(["http", "https"])
    .default("http")
    .describe("The URL scheme for the pods of srv and statefulSet."),
  path: matching(
    "The URL path of the MCP endpoint, for the pods of srv and statefulSet.",
    /^\/[^?#\s]*$/,
    "must be a path that starts with /",
    "write it as /mcp",
  ).default("/mcp"),
  maxPods: count(
    "The maximum number of pods that srv may return; each of those that it returns gets an equal share of limits.upstreamConnections.",
    1,
    1000,
  ).default(16),
  transport: z
    .enum(["streamable-http", "sse", "stdio"])
    .default("streamable-http")
    .describe(
      "The MCP transport of the server: Streamable HTTP; the HTTP+SSE of MCP 2024-11-05, where the URL is that of its event stream; or stdio, where command is run once for each session.",
    ),
  ...STDIO_FIELDS,
  type: z
    .enum(["", "entry"])
    .optional()
    .describe("How ToolHive marks a server that it does not run. No effect."),
  caBundlePath: text("A PEM file with the CA certificates to trust for this server.").optional(),
  metadata: labels("Labels of your own. No effect.").prefault({}),
  stateful: z
    .boolean()
    .optional()
    .describe(
      "Set it to true where losing a server session loses work: the call then fails with an error instead of being sent again in a new session. Absent: true with transport stdio, false otherwise.",
    ),
  routing: z
    .enum(["session", "spread"])
    .optional()
    .describe(
      "Which pod gets a call. session: the pod of its session, chosen as the one with the fewest sessions. spread: the least busy pod. Absent: session for a stateful server, transport sse or stdio, spread otherwise.",
    ),
  catalog: z
    .enum(["shared", "perSession"])
    .optional()
    .describe(
      "Whether the server's lists are the same for all sessions; shared ones are read without any client's headers. Absent: perSession if the server gets passthroughHeaders, shared otherwise. No effect in a proxy, which caches no lists.",
    ),
  notifications: z
    .enum(["calls", "session"])
    .optional()
    .describe(
      "Which server messages a client receives. calls: those sent during its calls. session: all of its session, over a stream per session that stays open. Absent: calls for a gateway, session for a proxy.",
    ),
  callTimeout: duration(
    "The call timeout for this backend. Absent: operational.timeouts.perWorkload, then limits.callTimeout.",
  ).optional(),
  passthroughHeaders: passthroughHeaders(
    "The headers of a client's request that this backend gets, instead of passthroughHeaders; [] for none.",
  ).optional(),
  discoveryAuth: strategy
    .optional()
    .describe(
      "How the gateway authenticates where it asks for lists and health by itself, if the strategy of the backend needs a client's token. Absent: lists are read in each session, as with catalog: perSession.",
    ),
  clientCertificate: z
    .strictObject({
      certFile: text(
        "A PEM file with the certificate, and intermediate ones after it, read again whenever it changes.",
      ),
      keyFile: text(
        "A PEM file with its private key, read again whenever it changes. Both may be replaced one after the other.",
      ),
    })
    .optional()
    .describe(
      "What this process shows of itself to a server that asks for it (mutual TLS). The server's address has to be https.",
    ),
});

type Parsed = z.output<typeof backend>;

/** What other sections say of a backend. */
interface Elsewhere {
  readonly callTimeoutSeconds?: number | undefined;
  readonly auth?: BackendAuth | undefined;
  readonly passthroughHeaders?: readonly string[];
}

/** The settings of a valid entry. */
export function backendOf(
  parsed: Parsed,
  role: "gateway" | "proxy",
  elsewhere: Elsewhere,
): BackendSettings {
  const { callTimeoutSeconds = parsed.callTimeout, passthroughHeaders: headers = [] } = elsewhere;
  const { name, caBundlePath, clientCertificate, metadata, transport } = parsed;
  const isProgram = transport === "stdio";
  const { stateful = isProgram } = parsed;
  const discoveryAuth = backendAuthOf(parsed.discoveryAuth);
  // Nothing authenticates requests to a program, and it gets no headers.
  const auth = isProgram ? undefined : elsewhere.auth;
  const passed = isProgram ? [] : (parsed.passthroughHeaders ?? headers);
  const isListedForSomebody = needsPrincipal(auth) && discoveryAuth === undefined;
  const { catalog: chosen = passed.length > 0 ? "perSession" : "shared" } = parsed;
  const catalog = isListedForSomebody ? "perSession" : chosen;
  return {
    name,
    address: addressOf(parsed),
    transport,
    ...(caBundlePath !== undefined && { caBundlePath }),
    ...(clientCertificate && { clientCertificate }),
    metadata,
    stateful,
    routing: parsed.routing ?? (stateful || transport !== "streamable-http" ? "session" : "spread"),
    catalog,
    notifications: parsed.notifications ?? (role === "proxy" ? "session" : "calls"),
    ...(callTimeoutSeconds !== undefined && { callTimeoutSeconds }),
    ...(passed.length > 0 && { passthroughHeaders: passed }),
    ...(auth && { auth }),
    ...(discoveryAuth && { discoveryAuth }),
  };
}

function addressOf({ url: one, urls, srv, ...parsed }: Parsed): BackendAddress {
  const { scheme, path, maxPods } = parsed;
  if (parsed.transport === "stdio") return { kind: "command", ...stdioOf(parsed) };
  if (urls !== undefined) return { kind: "urls", urls };
  if (srv !== undefined) return { kind: "srv", service: srv, scheme, path, maxPods };
  if (parsed.statefulSet !== undefined) {
    return { kind: "statefulSet", ...parsed.statefulSet, scheme, path };
  }
  return { kind: "url", url: one ?? "" };
}

/** The address as logs and /status show it: of a program its name, since arguments may be secret. */
export function addressText(address: BackendAddress): string {
  if (address.kind === "command") return `stdio ${address.command}`;
  if (address.kind === "url") return address.url;
  if (address.kind === "urls") return address.urls.join(", ");
  if (address.kind === "srv") return `srv ${address.service}`;
  return `statefulset ${address.namespace}/${address.name}`;
}

/** The share of `limits.upstreamConnections` that each pod of a backend gets. */
export function connectionsPerPod(pods: number, upstreamConnections: number): number {
  return Math.max(1, Math.floor(upstreamConnections / Math.max(1, pods)));
}
