/** One kind of span; `docs/telemetry.md` is made from here. */
export interface SpanDescription {
  readonly name: string;
  readonly kind: "server" | "client" | "internal";
  readonly help: string;
}

/** Every kind of span. */
export const SPANS = [
  {
    name: "{mcp.method.name} {target}",
    kind: "server",
    help: "A request of a client, from its arrival, or from the moment when its session is looked up in the store, to the end of its answer. The target is the name of the tool or prompt.",
  },
  {
    name: "{mcp.method.name} {target}",
    kind: "client",
    help: "A request to a backend that a call caused: the call itself, initialize for its session there, or a list. A call that is sent a second time has a second one.",
  },
  {
    name: "session restore",
    kind: "internal",
    help: "A session was brought from the store for the call.",
  },
  {
    name: "store {operation}",
    kind: "client",
    help: "An operation of the shared session store that the call waited for.",
  },
] as const satisfies readonly SpanDescription[];

export interface AttributeDescription {
  readonly name: string;
  /** ToolHive's older name, with useLegacyAttributes. */
  readonly legacy?: string;
  readonly on: "server" | "client" | "server, client" | "store" | "all";
  readonly help: string;
}

/** Every attribute of a span. */
export const ATTRIBUTES = {
  method: {
    name: "mcp.method.name",
    legacy: "mcp.method",
    on: "server, client",
    help: "The method of the request.",
  },
  session: {
    name: "mcp.session.id",
    on: "server",
    help: "The session, as log lines name it (sid): the id itself would be a credential.",
  },
  protocol: {
    name: "mcp.protocol.version",
    on: "server",
    help: "The protocol version of the client's session.",
  },
  requestId: {
    name: "jsonrpc.request.id",
    legacy: "mcp.request.id",
    on: "server",
    help: "The id of the request.",
  },
  resource: {
    name: "mcp.resource.uri",
    legacy: "mcp.resource.id",
    on: "server",
    help: "The URI of the resource, for resources/read, subscribe and unsubscribe.",
  },
  tool: {
    name: "gen_ai.tool.name",
    legacy: "mcp.tool.name",
    on: "server, client",
    help: "The tool, for tools/call: on a client span in the backend's words.",
  },
  prompt: {
    name: "gen_ai.prompt.name",
    legacy: "mcp.prompt.name",
    on: "server, client",
    help: "The prompt, for prompts/get.",
  },
  operation: {
    name: "gen_ai.operation.name",
    on: "server, client",
    help: "execute_tool, for tools/call.",
  },
  server: {
    name: "mcp.server.name",
    on: "server, client",
    help: "On a server span the name of the gateway or proxy, on a client span that of the backend.",
  },
  rpcSystem: {
    name: "rpc.system.name",
    legacy: "rpc.system",
    on: "server, client",
    help: "jsonrpc.",
  },
  transport: { name: "network.transport", on: "server, client", help: "tcp." },
  networkProtocol: { name: "network.protocol.name", on: "server, client", help: "http." },
  attempt: {
    name: "mcp_fleet.purpose",
    on: "client",
    help: "What the request is for: call, open (initialize), list or notify.",
  },
  store: { name: "db.operation.name", on: "store", help: "The operation of the session store." },
  error: {
    name: "error.type",
    on: "all",
    help: "What went wrong: the error's name (docs/errors.md), or of a backend's answer refused, session-unknown or unsupported.",
  },
  environment: {
    name: "environment.{NAME}",
    on: "server",
    help: "The value of each of telemetry.environmentVariables, empty where it is not set.",
  },
} as const satisfies Readonly<Record<string, AttributeDescription>>;
