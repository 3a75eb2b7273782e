import {
  after,
  answersTo,
  empty,
  error,
  JSON_TYPE,
  never,
  type OddRow,
  on,
} from "../odd-server.ts";

const NOTIFICATION = "notifications/initialized";
const BUSY = { "retry-after": "0" };

const streamAnswered = (status: number, headers: Record<string, string> = {}): OddRow => ({
  name: `get-${status}`,
  input: `the GET stream is answered with ${status}`,
  script: on("GET", () => empty(status, headers)),
});

/** HTTP statuses and what stands beside them. */
export const STATUS_ROWS: readonly OddRow[] = [
  {
    name: "created",
    input: "`initialize` is answered with 201",
    script: answersTo("initialize", (usual) => ({ ...usual, status: 201 })),
  },
  {
    name: "note-200",
    input: "a notification is answered with 200 and no body",
    script: on(NOTIFICATION, () => empty(200)),
  },
  {
    name: "note-200-json",
    input: "a notification is answered with 200 and `{}`",
    script: on(NOTIFICATION, () => ({ status: 200, headers: JSON_TYPE, body: "{}" })),
  },
  {
    name: "note-200-null",
    input: "a notification is answered with 200 and `null`",
    script: on(NOTIFICATION, () => ({ status: 200, headers: JSON_TYPE, body: "null" })),
  },
  {
    name: "note-202-text",
    input: "a notification is answered with 202 and a text",
    script: on(NOTIFICATION, () => ({
      status: 202,
      headers: { "content-type": "text/plain" },
      body: "Accepted",
    })),
  },
  {
    name: "note-204",
    input: "a notification is answered with 204",
    script: on(NOTIFICATION, () => ({ status: 204, headers: {}, body: "" })),
  },
  {
    name: "note-400",
    input: "a notification is answered with 400",
    script: on(NOTIFICATION, () => empty(400)),
  },
  {
    name: "note-405",
    input: "a notification is answered with 405",
    script: on(NOTIFICATION, () => empty(405)),
  },
  {
    name: "note-500",
    input: "a notification is answered with 500",
    script: on(NOTIFICATION, () => empty(500)),
  },
  {
    name: "note-error",
    input: "a notification is answered with 200 and a JSON-RPC error with the id `null`",
    script: on(NOTIFICATION, () => error({ id: null }, -32601, "Method not found")),
  },
  {
    name: "call-400",
    input: "a call is answered with 400 and a JSON-RPC result",
    script: answersTo("tools/call", (usual) => ({ ...usual, status: 400 })),
  },
  {
    name: "call-500",
    input: "a call is answered with 500 and a JSON-RPC result",
    script: answersTo("tools/call", (usual) => ({ ...usual, status: 500 })),
  },
  {
    name: "call-201",
    input: "a call is answered with 201 and a JSON-RPC result",
    script: answersTo("tools/call", (usual) => ({ ...usual, status: 201 })),
  },
  {
    name: "call-204",
    input: "a call is answered with 204",
    script: on("tools/call", () => ({ status: 204, headers: {}, body: "" })),
  },
  {
    name: "lost-404",
    input: "the first call of a session is answered with 404, as if it were unknown",
    script: on("tools/call", ({ nth, usual, memory }) => {
      const isFirst = !memory.notes.has("lost");
      memory.notes.set("lost", nth);
      return isFirst ? empty(404) : usual;
    }),
  },
  {
    name: "list-429-once",
    input: "the first list of a session is answered with 429 and `Retry-After`",
    script: on("tools/list", ({ nth, usual }) => (nth === 1 ? empty(429, BUSY) : usual)),
  },
  {
    name: "list-503-once",
    input: "the first list of a session is answered with 503 and `Retry-After`",
    script: on("tools/list", ({ nth, usual }) => (nth === 1 ? empty(503, BUSY) : usual)),
  },
  {
    name: "starting",
    input: "the first `initialize` is answered with 503, as by a server that starts",
    script: on("initialize", ({ nth, usual }) => (nth === 1 ? empty(503, BUSY) : usual)),
  },
  {
    name: "login-page",
    input: "every answer is 200 and a login page",
    script: () => ({ status: 200, headers: { "content-type": "text/html" }, body: "<h1>Sign in" }),
  },
  {
    name: "unauthorized",
    input: "every answer is 401 with `WWW-Authenticate`",
    script: () => empty(401, { "www-authenticate": 'Bearer realm="odd"' }),
  },
  streamAnswered(400),
  streamAnswered(401),
  streamAnswered(404),
  streamAnswered(406),
  streamAnswered(429, BUSY),
  streamAnswered(500),
  streamAnswered(501),
  {
    name: "get-text",
    input: "the GET stream is answered with 200 and a text",
    script: on("GET", () => ({
      status: 200,
      headers: { "content-type": "text/plain" },
      body: "MCP server is running",
    })),
  },
  {
    name: "get-json",
    input: "the GET stream is answered with 200 and JSON",
    script: on("GET", () => ({ status: 200, headers: JSON_TYPE, body: '{"status":"ok"}' })),
  },
  {
    name: "get-204",
    input: "the GET stream is answered with 204",
    script: on("GET", () => ({ status: 204, headers: {}, body: "" })),
  },
  {
    name: "get-silent",
    input: "the GET stream is never answered",
    script: on("GET", never),
  },
  {
    name: "delete-405",
    input: "`DELETE` is answered with 405",
    script: on("DELETE", () => empty(405)),
  },
  {
    name: "delete-500",
    input: "`DELETE` is answered with 500",
    script: on("DELETE", () => empty(500)),
  },
  {
    name: "delete-slow",
    input: "`DELETE` is answered after a second",
    script: on("DELETE", ({ usual }) => after(1000, usual)),
  },
];
