import * as z from "zod";
import { bytes } from "../units.ts";
import { backend } from "./backend.ts";
import { clusterDiscovery } from "./cluster-discovery.ts";
import { discoveryDirectory } from "./discovery-directory.ts";
import { count, duration, durationOrNone, matching, network, port, size, text } from "./fields.ts";
import { liveConfiguration } from "./live-sections.ts";
import { PORTS } from "./network.ts";
import { LINGER_SECONDS } from "./times.ts";
import { toolhive } from "./vmcp-schema.ts";

const session = z.strictObject({
  idleTtl: duration(
    "How long after its last message a session expires. Absent: 30m for a gateway, 2h for a proxy.",
  ).optional(),
  maxLifetime: durationOrNone(
    "How long after initialize a session expires, busy or not. Absent or none: no limit.",
  ).optional(),
  maxSessions: count(
    "The maximum number of concurrent sessions, fleet-wide with a shared store. Further ones are refused.",
    1,
    10_000_000,
  ).default(10_000),
  cacheEntries: count(
    "The maximum number of sessions that the process caches in memory. Absent: session.maxSessions.",
    1,
    10_000_000,
  ).optional(),
  maxPerPrincipal: count(
    "The maximum number of concurrent sessions per principal, fleet-wide with a shared store. Further ones are refused. Absent: no limit. Requires incomingAuth.type jwt.",
    1,
    10_000_000,
  ).optional(),
  initializePerMinute: count(
    "The maximum number of sessions that a principal may open per minute and process. Absent: no limit. Requires incomingAuth.type jwt.",
    1,
    1_000_000,
  ).optional(),
  keysFile: text(
    "A YAML or JSON file with the keys that sign session ids, reloaded whenever it changes (docs/sessions.md). Absent: MCP_FLEET_SESSION_KEYS, or a random key of the process.",
  ).optional(),
  firstUseTimeout: duration(
    "How long a client has to use its session, by a request or a GET stream. After that, the session may end to make room for others when session.maxSessions is reached: of the address with most such sessions first.",
  ).prefault("10s"),
});

/** A quarter is for the first 64 KiB of each body. */
export const HELD_BODY_BYTES = { min: bytes("256Ki"), max: bytes("512Mi") };

const limits = z.strictObject({
  bodyBytes: size("The maximum size of a client's request body.").prefault("8Mi"),
  callTimeout: duration("The call timeout. Absent: operational.timeouts.default.").optional(),
  callTimeoutMax: duration(
    "The maximum duration of a call: progress notifications extend its timeout up to this.",
  ).prefault("300s"),
  connectTimeout: duration("The timeout for connecting to a backend.").prefault("10s"),
  podLossAfter: duration(
    "How long a pod may accept no connection before it counts as gone and its sessions as lost.",
  ).prefault("10s"),
  initializeTimeout: duration("The timeout for opening a session at a backend.").prefault("30s"),
  requestTimeout: duration("The timeout for receiving a client's whole request.").prefault("30s"),
  keepAlive: duration("The interval between keep-alive comments on an idle SSE stream.").prefault(
    "15s",
  ),
  upstreamConnections: count(
    "The maximum number of calls in flight per backend; each of its pods gets an equal share.",
    1,
    65_536,
  ).default(256),
  batchMessages: count("The maximum number of messages in a JSON-RPC batch.", 1, 10_000).default(
    100,
  ),
  views: count(
    "The maximum number of client capability sets whose lists are cached.",
    1,
    10_000,
  ).default(32),
  subscriptions: count(
    "The maximum number of resource subscriptions per session.",
    1,
    65_536,
  ).default(256),
  clientBytes: size("The maximum size of a client's capabilities and info in initialize.").prefault(
    "4Ki",
  ),
  streams: count("The maximum number of open GET streams per session.", 1, 1000).default(2),
  catalogRefresh: duration(
    "How often each list of a backend is requested, unless the backend declares listChanged and its stream is open. Lists that no client requested for this long leave the cache.",
  ).prefault("60s"),
  subscriptionBytes: size(
    "The maximum size of the URIs of a session's resource subscriptions, together.",
  ).prefault("32Ki"),
  callsPerSession: count(
    "The maximum number of calls in flight per session, backend and process; further ones wait.",
    1,
    65_536,
  ).default(64),
  callsPerPrincipal: count(
    "The maximum number of calls in flight per authenticated principal, backend and process; further ones wait. Absent: no limit.",
    1,
    65_536,
  ).optional(),
  queuedCalls: count(
    "The maximum number of calls that wait for a place, per session, principal and backend; further ones are refused.",
    0,
    65_536,
  ).default(256),
  queueTimeout: duration("How long a call waits for a place before it is refused.").prefault("10s"),
  catalogRecheck: duration(
    "How often a list is requested whose changes the backend announces: it declares listChanged, and its stream is open. At least limits.catalogRefresh.",
  ).prefault("10m"),
  catalogItems: count(
    "The maximum number of items that are read of each list of a backend. The rest is left out, and /status says so.",
    1,
    100_000,
  ).default(5_000),
  catalogPages: count(
    "The maximum number of pages that are read of each list of a backend. The rest is left out.",
    1,
    100_000,
  ).default(1_000),
  catalogBytes: size("The maximum size of each list of a backend. The rest is left out.").prefault(
    "4Mi",
  ),
  catalogTemplates: count(
    "The maximum number of resource templates that are read of a backend. The rest is left out.",
    1,
    100_000,
  ).default(500),
  bodyDepth: count(
    "The maximum depth of objects and arrays inside each other in a client's request body.",
    8,
    10_000,
  ).default(128),
  bodyMembers: count(
    "The maximum number of members and elements in a client's request body, of all its objects and arrays together.",
    100,
    10_000_000,
  ).default(100_000),
  messageBytes: size(
    "The maximum size of a server's message that must be held whole: an event of a stream, or a page of a list. A longer JSON response to a call is streamed.",
  ).prefault("16Mi"),
  heldBytes: size(
    "The maximum total size of such messages that the process holds, and of what clients have not read on their GET streams, beyond the first 64 KiB of each. Where it is in use, servers wait, and a GET stream that is not read is closed.",
  ).prefault("32Mi"),
  serverRequests: count(
    "The maximum number of requests (elicitation, sampling, roots) that a server may send to the client during a call, and per minute outside of calls.",
    1,
    10_000,
  ).default(100),
  sessionStreamWait: duration(
    "How long the first call of a session to a backend waits until the session's stream there is open. Only for clients that declare roots, sampling or elicitation.",
  ).prefault("2s"),
  sessionStreamLinger: duration(
    "How long such a stream stays open after the last call, for the next one.",
  ).prefault("30s"),
  heldBodyBytes: size(
    "The maximum total size of clients' request bodies that the process holds: of each, the first 64 KiB until it has arrived, and the rest until the request is answered. Further ones wait, for limits.queueTimeout. At least twice limits.bodyBytes.",
    HELD_BODY_BYTES,
  ).prefault("16Mi"),
  bodyBytesPerClient: size(
    "How much of it, beyond the first 64 KiB of each body, one client may take: a principal, else a session, else an address. The room for one body is set aside for whoever needs it.",
  ).prefault("2Mi"),
  catalogBytesPerView: size(
    "The size of a backend's lists in one cached view, on average. All cached lists together may have that many bytes × limits.views × backends; the rest is left out, and /status says so.",
  ).prefault("128Ki"),
  catalogReads: count(
    "The maximum number of lists of backends that are read at the same time, of which each backend gets an equal share, at least one; further ones of a backend wait.",
    1,
    10_000,
  ).default(256),
  crowdedPercent: count(
    "The share of session.maxSessions, and of the connections that the process has room for, in percent, from which room counts as short. From there on, a client address (an IPv6 /64 counts as one) that holds its fair share or more gets no more sessions and connections.",
    1,
    100,
  ).default(80),
  listWait: duration(
    "How long a list, or the first call of a session, waits for backends whose lists are not known yet. Those that have not answered by then are left out (docs/operations.md); clients are told when they have. Backends that are known to fail are not waited for.",
  ).prefault("5s"),
  sessionCatalogBytes: size(
    "The maximum total size of the lists that sessions have of their own, of backends with catalog: perSession, merged with those of the other backends. The ones that were used longest ago give way, and are read again when their session asks.",
  ).prefault("32Mi"),
  credentialBytes: size(
    "The maximum total size of the tokens that the process holds: those that it gets for backends, and those of clients that it exchanges for them. Each counts at least 1Ki. The ones that were used longest ago give way, and are requested again.",
    { min: bytes("64Ki"), max: bytes("512Mi") },
  ).prefault("16Mi"),
  credentialTimeout: duration("The timeout for a request to a token endpoint.", {
    min: 0.1,
    max: 60,
  }).prefault("5s"),
});

const dns = z.strictObject({
  servers: z
    .array(
      matching(
        "The IP address of a DNS server, with its port unless that is 53.",
        /^(?:[0-9.]+(?::\d{1,5})?|\[[0-9A-Fa-f:]+\](?::\d{1,5})?|[0-9A-Fa-f:]+)$/,
        "must be an IP address, with or without a port",
        "write it as 10.96.0.10, or 10.96.0.10:5353",
      ),
    )
    .min(1)
    .optional()
    .describe(
      "The DNS servers that resolve the pods of srv and statefulSet. Absent: those of the system.",
    ),
  refresh: duration("How often the SRV records of a backend are resolved.").prefault("5s"),
});

const drain = z.strictObject({
  linger: duration(
    "How long the process still serves every request after SIGTERM, while it is unready and load balancers stop sending to it. Without a preStop hook, set it to the time that yours takes.",
  ).prefault(`${LINGER_SECONDS}s`),
});

const nofile = z.strictObject({
  mode: z
    .enum(["enforce", "degrade"])
    .default("degrade")
    .describe(
      "What the process does if its limit of open files is too low for these settings. enforce: exits with code 78 and the reason. degrade: lowers the settings that depend on it to what the limit holds, and logs them.",
    ),
  required: count(
    "The limit of open files that the process was planned with. Absent: what its settings need.",
    1,
    2 ** 30,
  ).optional(),
});

const hostName = matching(
  "A host name.",
  /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/,
  "must be a host name without a scheme or port",
  "write it as gateway.example.com, or [::1]",
);

const origin = matching(
  "An origin.",
  /^(?:\*|[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+)$/,
  'must be an origin, or "*" for all',
  "write it as https://app.example.com, without a path",
);

/** The configuration file as users write it: the file of ToolHive's vmcp, plus our own settings. */
export const configuration = z.strictObject({
  host: text("The address that both listeners bind to.").default("127.0.0.1"),
  port: port("The port of the MCP endpoint; 0 picks a free one.").default(PORTS.mcp),
  adminPort: port("The port of health checks, metrics and /status; 0 picks a free one.").default(
    PORTS.admin,
  ),
  allowedHosts: z
    .array(hostName)
    .optional()
    .describe(
      "The host names that are accepted in the Host header of the MCP endpoint, and of the admin port in addition to IP addresses, loopback names, host and peerHost. Absent: loopback names and host; or, at the MCP endpoint, every name if host binds all addresses.",
    ),
  allowedOrigins: z
    .array(origin)
    .optional()
    .describe(
      'The origins of browser clients that are accepted; "*" allows all. Absent: pages of the allowed hosts; or those of the IP address or loopback name that they call if every host is allowed.',
    ),
  session: session.prefault({}),
  limits: limits.prefault({}),
  drain: drain.prefault({}),
  dns: dns.prefault({}),
  peerHost: text(
    "The host name or address where other processes of the same store reach this one's admin port. Used with transport sse. Absent: host, or the first address of a network interface if host binds all addresses.",
  ).optional(),
  nofile: nofile.prefault({}),
  metricsPort: port(
    "A port for metrics alone, so that whoever collects them reaches nothing else; 0 picks a free one. Absent: metrics are on the admin port only.",
  ).optional(),
  trustedProxies: z
    .array(network("An IP address, or a network in CIDR notation."))
    .default([])
    .describe(
      "The load balancers in front of the process, and the gateways in front of a proxy. Shares of client addresses go by the address that these report: the last one in X-Forwarded-For, or else in Forwarded, that is not a trusted proxy's. A trusted proxy that reports none has no limit.",
    ),
  acceptRisks: z
    .strictObject({
      authorizationPassthrough: matching(
        "The reason why passthroughHeaders may name Authorization, so that backends get the tokens of clients.",
        /\S/,
        "must be a reason",
        "write why it is no risk here, or remove it",
      ),
    })
    .partial()
    .prefault({})
    .describe("Risks that are taken, by their names, each with its reason."),
  backends: z
    .array(backend)
    .describe(
      "The MCP servers behind the endpoint: at least one, unless discovery.directory is set.",
    ),
  configuration: liveConfiguration.prefault({}),
  load: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      "The load of the fleet, which mcp-fleet plan --config reads (docs/capacity.md). Gateways and proxies ignore it.",
    ),
  discovery: z.strictObject({ ...discoveryDirectory, ...clusterDiscovery }).prefault({}),
  ...toolhive,
});

/** The content of a configuration file: what users write and deployers encode. */
export type Configuration = z.input<typeof configuration>;

/**
 * The JSON Schema of the configuration file, for editors.
 *
 * @param load the schema of its section `load`, which belongs to the capacity plan.
 */
export function jsonSchema(load: z.ZodType): z.core.JSONSchema.BaseSchema {
  const { description = "" } = configuration.shape.load;
  const file = configuration.extend({ load: load.describe(description).optional() });
  const { required: _, ...schema } = z.toJSONSchema(file, { io: "input" });
  const anyOf = [{ required: ["backends"] }, { required: ["discovery"] }];
  return { ...schema, anyOf, title: "mcp-fleet configuration" };
}
