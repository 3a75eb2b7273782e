import * as z from "zod";
import { backend } from "./backend.ts";
import { count, duration, durationOrNone, matching, port, size, text } from "./fields.ts";
import { LINGER_SECONDS } from "./times.ts";
import { toolhive } from "./vmcp-schema.ts";

const session = z.strictObject({
  idleTtl: duration(
    "A session ends this long after its last message. Absent: 30m for a gateway, 2h for a proxy.",
  ).optional(),
  maxLifetime: durationOrNone(
    "A session ends this long after initialize, busy or not. Absent: no limit.",
  ).optional(),
  maxSessions: count(
    "The most sessions at a time, fleet-wide with a shared store; the next is refused.",
    1,
    10_000_000,
  ).default(10_000),
  cacheEntries: count(
    "The most sessions that the process keeps ready to use. Absent: session.maxSessions.",
    1,
    10_000_000,
  ).optional(),
  maxPerPrincipal: count(
    "The most sessions of one principal at a time, fleet-wide with a shared store; its next one is refused. Absent: no cap. Only with incomingAuth.type jwt.",
    1,
    10_000_000,
  ).optional(),
  initializePerMinute: count(
    "The most sessions that one principal may open per minute and process. Absent: no cap. Only with incomingAuth.type jwt.",
    1,
    1_000_000,
  ).optional(),
  keysFile: text(
    "A YAML or JSON file with the keys that sign session ids, taken over again whenever it changes: docs/sessions.md. Absent: MCP_FLEET_SESSION_KEYS, or a key of the process.",
  ).optional(),
});

const limits = z.strictObject({
  bodyBytes: size("The largest body of a client's request.").prefault("8Mi"),
  callTimeout: duration(
    "The longest wait for the answer to a call. Absent: operational.timeouts.default.",
  ).optional(),
  callTimeoutMax: duration("The longest call of all: progress extends a call up to it.").prefault(
    "300s",
  ),
  connectTimeout: duration("The longest wait for a connection to a backend.").prefault("10s"),
  podLossAfter: duration(
    "A pod whose address has accepted no connection for so long is gone, and the sessions on it are lost.",
  ).prefault("10s"),
  initializeTimeout: duration("The longest wait for a backend to open a session.").prefault("30s"),
  requestTimeout: duration("A client has to send its whole request within this time.").prefault(
    "30s",
  ),
  keepAlive: duration("The time between two comments on an idle SSE stream.").prefault("15s"),
  upstreamConnections: count(
    "The most calls in flight per backend; each of its pods gets an equal part.",
    1,
    65_536,
  ).default(256),
  batchMessages: count("The most messages of a batch.", 1, 10_000).default(100),
  views: count("The most client capability sets whose lists are kept.", 1, 10_000).default(32),
  subscriptions: count("The most resource subscriptions of a session.", 1, 65_536).default(256),
  clientBytes: size("The most that a client may say of itself in initialize.").prefault("4Ki"),
  streams: count("The most open GET streams of a session.", 1, 1000).default(2),
  catalogRefresh: duration(
    "The time between two questions for a backend's lists, where it does not announce changes. Lists that no client has asked for in this time are forgotten.",
  ).prefault("60s"),
});

const dns = z.strictObject({
  servers: z
    .array(
      matching(
        "A DNS server's address, with its port where that is not 53.",
        /^(?:[0-9.]+(?::\d{1,5})?|\[[0-9A-Fa-f:]+\](?::\d{1,5})?|[0-9A-Fa-f:]+)$/,
        "an IP address, with or without a port",
        "write it as 10.96.0.10, or 10.96.0.10:5353",
      ),
    )
    .min(1)
    .optional()
    .describe("Who is asked for the pods of srv and statefulSet. Absent: the system's servers."),
  refresh: duration("The time between two questions for the SRV records of a backend.").prefault(
    "5s",
  ),
});

const drain = z.strictObject({
  linger: duration(
    "After SIGTERM, unready, the process serves everything for so long, until the news has reached those who send to it. Without a preStop hook, what your balancer takes for that.",
  ).prefault(`${LINGER_SECONDS}s`),
});

const nofile = z.strictObject({
  mode: z
    .enum(["enforce", "degrade"])
    .default("degrade")
    .describe(
      "What happens where the process's limit of open files is below what these settings need: enforce ends it with the reason, exit code 78; degrade lowers the limits that follow to what it holds, and says so.",
    ),
  required: count(
    "The limit of open files that this process was planned with. Absent: what its settings need.",
    1,
    2 ** 30,
  ).optional(),
});

const hostName = matching(
  "A host name.",
  /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/,
  "a host name without scheme and port",
  "write it as gateway.example.com, or [::1]",
);

const origin = matching(
  "An origin.",
  /^(?:\*|[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+)$/,
  'an origin, or "*" for all',
  "write it as https://app.example.com, without a path",
);

/** The configuration file, as users write it: ToolHive's vmcp file, and ours on top. */
export const configuration = z.strictObject({
  host: text("The address that both listeners bind.").default("127.0.0.1"),
  port: port("The port of MCP; 0 is any free one.").default(4483),
  adminPort: port("The port of health, metrics and status; 0 is any free one.").default(9090),
  allowedHosts: z
    .array(hostName)
    .optional()
    .describe(
      "The names in the Host header that are answered. Absent: loopback names and host, or every name where host is every address.",
    ),
  allowedOrigins: z
    .array(origin)
    .optional()
    .describe(
      'The origins of browser clients that are answered; "*" is all. Absent: pages of the allowed hosts.',
    ),
  session: session.prefault({}),
  limits: limits.prefault({}),
  drain: drain.prefault({}),
  dns: dns.prefault({}),
  peerHost: text(
    "The host under which the other processes over the same store reach this one's admin port. Used with transport sse. Absent: host, or the first address of a network interface where host is every address.",
  ).optional(),
  nofile: nofile.prefault({}),
  backends: z.array(backend).min(1).describe("The MCP servers behind the endpoint."),
  load: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      "What the fleet has to bear, for mcp-fleet plan --config: docs/capacity.md. Gateways and proxies read nothing of it.",
    ),
  ...toolhive,
});

/** What a configuration file holds: what users write and deployers encode. */
export type Configuration = z.input<typeof configuration>;

/**
 * The JSON Schema of the configuration file, for editors.
 *
 * @param load what its section `load` holds: only the capacity plan knows.
 */
export function jsonSchema(load: z.ZodType): z.core.JSONSchema.BaseSchema {
  const { description = "" } = configuration.shape.load;
  const file = configuration.extend({ load: load.describe(description).optional() });
  return { ...z.toJSONSchema(file, { io: "input" }), title: "mcp-fleet configuration" };
}
