import * as z from "zod";
import {
  count,
  duration,
  durationOrNone,
  labels,
  matching,
  port,
  size,
  text,
  url,
} from "./fields.ts";
import { TIMES } from "./grace.ts";
import { toolhive } from "./toolhive.ts";

const backend = z.strictObject({
  name: matching(
    "The backend's name: it stands in prefixes, log, metrics and status.",
    /^[A-Za-z0-9._-]{1,63}$/,
    "1 to 63 letters, digits, dots, dashes and underscores",
    "choose a name of these characters",
  ),
  url: url("The address of the server's MCP endpoint."),
  transport: z
    .literal("streamable-http")
    .default("streamable-http")
    .describe("How the gateway speaks to the server."),
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
  catalog: z
    .enum(["shared", "perSession"])
    .default("shared")
    .describe("Whether the server's lists are the same for all sessions."),
  notifications: z
    .enum(["calls", "session"])
    .default("calls")
    .describe(
      "What of the server's own messages a client gets: those during its calls, or all of its session (a stream per session stays open).",
    ),
  callTimeout: duration("The longest wait for the answer to a call of this backend.").optional(),
});

const session = z.strictObject({
  idleTtl: duration("A session ends this long after its last message.").prefault("30m"),
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
  initializeTimeout: duration("The longest wait for a backend to open a session.").prefault("30s"),
  requestTimeout: duration("A client has to send its whole request within this time.").prefault(
    "30s",
  ),
  keepAlive: duration("The time between two comments on an idle SSE stream.").prefault("15s"),
  upstreamConnections: count("The most calls in flight per backend.", 1, 65_536).default(256),
  batchMessages: count("The most messages of a batch.", 1, 10_000).default(100),
  views: count("The most client capability sets whose lists are kept.", 1, 10_000).default(32),
  subscriptions: count("The most resource subscriptions of a session.", 1, 65_536).default(256),
  clientBytes: size("The most that a client may say of itself in initialize.").prefault("4Ki"),
  streams: count("The most open GET streams of a session.", 1, 1000).default(2),
  catalogRefresh: duration(
    "The time between two questions for a backend's lists, where it does not announce changes. Lists that no client has asked for in this time are forgotten.",
  ).prefault("60s"),
});

const drain = z.strictObject({
  linger: duration(
    "After SIGTERM, unready, the process serves everything for so long, until the news has reached those who send to it. Without a preStop hook, what your balancer takes for that.",
  ).prefault(`${TIMES.linger.value}s`),
});

const nofile = z.strictObject({
  mode: z
    .enum(["enforce", "degrade"])
    .default("degrade")
    .describe(
      "What happens where the process's limit of open files is below what these settings need: enforce ends it with the reason, exit code 78; degrade lowers the limits that follow to what it holds, and says so.",
    ),
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
  nofile: nofile.prefault({}),
  backends: z.array(backend).min(1).describe("The MCP servers behind the endpoint."),
  ...toolhive,
});

/** What a configuration file holds: what users write and deployers encode. */
export type Configuration = z.input<typeof configuration>;

/** The JSON Schema of the configuration file, for editors. */
export function jsonSchema(): z.core.JSONSchema.BaseSchema {
  return { ...z.toJSONSchema(configuration, { io: "input" }), title: "mcp-fleet configuration" };
}
