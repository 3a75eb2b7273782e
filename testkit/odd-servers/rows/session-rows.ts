import {
  ADD,
  answers,
  answersTo,
  ECHO,
  EVENTS,
  empty,
  error,
  INITIALIZED,
  json,
  type OddRequest,
  type OddRow,
  on,
  type Reply,
  said,
  withHeaders,
  withResult,
} from "../odd-server.ts";

/** Answers as a server that knows no sessions. */
function stateless({ kind, message, params, usual }: OddRequest): Reply {
  if (kind === "initialize") return json(message, INITIALIZED);
  if (kind === "GET" || kind === "DELETE") return empty(405);
  if (kind === "response" || kind.startsWith("notifications/")) return empty(202);
  if (kind === "tools/list") return json(message, { tools: [ECHO, ADD] });
  if (kind === "tools/call") return json(message, said(String(Object(params.arguments).text)));
  return usual.status === 200 ? usual : error(message, -32601, "Method not found");
}

const version = (protocolVersion: string) =>
  answersTo("initialize", (usual) => withResult(usual, { protocolVersion }));

/** Takes this session id for the usual one. */
function named(sessionId: string) {
  return (request: OddRequest): Reply => {
    if (request.kind === "initialize") {
      return withHeaders(request.usual, { "mcp-session-id": sessionId });
    }
    return request.headers["mcp-session-id"] === sessionId ? stateless(request) : empty(404);
  };
}

/** Sessions and versions of the protocol. */
export const SESSION_ROWS: readonly OddRow[] = [
  { name: "stateless", input: "no sessions", script: stateless },
  {
    name: "stateless-silent-get",
    input: "no sessions, and a GET stream that stays open and says nothing",
    script: (request) => {
      if (request.kind !== "GET") return stateless(request);
      request.response.writeHead(200, EVENTS).flushHeaders();
      return undefined;
    },
  },
  {
    name: "empty-session",
    input: "an empty `Mcp-Session-Id`",
    script: (request) => withHeaders(stateless(request), { "mcp-session-id": "" }),
  },
  {
    name: "many-sessions",
    input: "another `Mcp-Session-Id` at every answer, none of which is looked at",
    script: (request) =>
      withHeaders(stateless(request), { "mcp-session-id": `${Math.random()}`.slice(2) }),
  },
  {
    name: "long-session",
    input: "a session id of 1,500 characters",
    script: named(`s${"x".repeat(1_499)}`),
  },
  {
    name: "marked-session",
    input: 'a session id with `/ + = ; , : @ % ~ "`',
    script: named('a/b+c==;d,e:f@g%20h~"i"'),
  },
  {
    name: "spaced-session",
    input: "a session id with a space",
    script: named("session one"),
  },
  {
    name: "lost-400",
    input: "an unknown session is answered with 400, and the first call finds its own unknown",
    script: on("tools/call", ({ memory, usual }) => {
      const isFirst = !memory.notes.has("lost");
      memory.notes.set("lost", true);
      const body =
        '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"No valid session ID"}}';
      const headers = { "content-type": "application/json" };
      return isFirst ? { status: 400, headers, body } : usual;
    }),
  },
  { name: "version-2024", input: "`2024-11-05`", script: version("2024-11-05") },
  { name: "version-2025-03", input: "`2025-03-26`", script: version("2025-03-26") },
  { name: "version-2025-06", input: "`2025-06-18`", script: version("2025-06-18") },
  { name: "version-2099", input: "a version that nobody knows", script: version("2099-01-01") },
  { name: "version-draft", input: "the version `DRAFT-2026-v1`", script: version("DRAFT-2026-v1") },
  {
    name: "version-strict",
    input: "`2025-03-26`, and 400 for requests whose header says anything else or nothing",
    script: (request) => {
      const { kind, usual, headers } = request;
      const protocolVersion = "2025-03-26";
      if (kind === "initialize") return withResult(usual, { protocolVersion });
      return headers["mcp-protocol-version"] === protocolVersion ? usual : empty(400);
    },
  },
  {
    name: "version-old-only",
    input: "a version above 2025-06-18 in `initialize` is answered with an error",
    script: answersTo("initialize", (usual, { params, message }) =>
      String(params.protocolVersion) > "2025-06-18"
        ? error(message, -32602, "Unsupported protocol version")
        : withResult(usual, { protocolVersion: "2025-06-18" }),
    ),
  },
  {
    name: "version-header-early",
    input: "an `initialize` whose header names no version is answered with 400",
    script: on("initialize", ({ headers, usual }) =>
      headers["mcp-protocol-version"] === undefined ? empty(400) : usual,
    ),
  },
  {
    name: "version-header-none",
    input: "an `initialize` whose header names a version is answered with 400",
    script: on("initialize", ({ headers, usual }) =>
      headers["mcp-protocol-version"] === undefined ? usual : empty(400),
    ),
  },
  {
    name: "accept-both",
    input: "406 for a POST that does not accept exactly the two types",
    script: ({ kind, headers, usual }) => {
      const accepted = String(headers.accept)
        .split(",")
        .map((type) => type.trim())
        .sort();
      const isPost = kind !== "GET" && kind !== "DELETE";
      return isPost && accepted.join() !== "application/json,text/event-stream"
        ? empty(406)
        : usual;
    },
  },
  {
    name: "plain-type",
    input: "415 for a POST whose `Content-Type` is more than `application/json`",
    script: ({ kind, headers, usual }) => {
      const isPost = kind !== "GET" && kind !== "DELETE";
      return isPost && headers["content-type"] !== "application/json" ? empty(415) : usual;
    },
  },
  {
    name: "length-only",
    input: "411 for a POST without `Content-Length`",
    script: ({ kind, headers, usual }) => {
      const isPost = kind !== "GET" && kind !== "DELETE";
      return isPost && headers["content-length"] === undefined ? empty(411) : usual;
    },
  },
  {
    name: "agent-only",
    input: "403 for requests without `User-Agent`, as firewalls do",
    script: ({ headers, usual }) => (headers["user-agent"] === undefined ? empty(403) : usual),
  },
  {
    name: "strict-start",
    input: "400 for whatever comes ahead of `notifications/initialized`",
    script: ({ kind, usual, memory, headers }) => {
      const session = String(headers["mcp-session-id"]);
      if (kind === "notifications/initialized") memory.notes.set(session, true);
      const isEarly =
        (kind === "tools/list" || kind === "tools/call") && !memory.notes.has(session);
      return isEarly ? empty(400) : usual;
    },
  },
  {
    name: "many-headers",
    input: "the session's id in capitals, `MCP-SESSION-ID`",
    script: answers((usual) => {
      const { "mcp-session-id": id, ...headers } = usual.headers;
      return id === undefined ? usual : { ...usual, headers: { ...headers, "MCP-SESSION-ID": id } };
    }),
  },
];
