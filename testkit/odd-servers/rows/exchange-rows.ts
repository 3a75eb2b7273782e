import { setTimeout as delay } from "node:timers/promises";
import {
  after,
  answers,
  EVENTS,
  empty,
  never,
  type OddRequest,
  type OddRow,
  on,
  type Script,
} from "../odd-server.ts";

const ASK = { jsonrpc: "2.0", id: 1, method: "roots/list" };

const event = (message: object | string) =>
  `data: ${typeof message === "string" ? message : JSON.stringify(message)}\n\n`;

/** Opens the GET stream and keeps it. */
function listen({ memory, response }: OddRequest): undefined {
  response.writeHead(200, EVENTS).flushHeaders();
  memory.stream = response;
  return undefined;
}

/** Until a client has answered. */
async function answered({ memory }: OddRequest, id: number | string): Promise<void> {
  while (!memory.answered.some((one) => one.id === id)) await delay(10);
}

/** Asks on the call's own stream, waits for the answer, and goes on. */
const asks = (...messages: object[]): Script =>
  on("tools/call", async (request) => {
    const { response, usual, memory } = request;
    memory.answered.length = 0;
    response.writeHead(200, EVENTS);
    for (const message of messages) {
      response.write(event(message));
      if ("id" in message) await answered(request, Number(message.id));
    }
    response.end(event(String(usual.body)));
    return undefined;
  });

const redirect =
  (status: number, location: (request: OddRequest) => string): Script =>
  (request) =>
    request.path.endsWith("/mcp") ? empty(status, { location: location(request) }) : request.usual;

const slashed = ({ path }: OddRequest) => `${path}/`;

/** Questions of servers, redirects, connections, and time. */
export const EXCHANGE_ROWS: readonly OddRow[] = [
  { name: "asks-roots", input: "asks `roots/list` within the call", script: asks(ASK) },
  {
    name: "asks-ping",
    input: "pings within the call",
    script: asks({ jsonrpc: "2.0", id: 7, method: "ping" }),
  },
  {
    name: "asks-unknown",
    input: "asks for a method that nobody knows within the call, and waits for the error",
    script: asks({ jsonrpc: "2.0", id: 8, method: "odd/question" }),
  },
  {
    name: "asks-twice",
    input: "asks twice under the same id within the call",
    script: asks(ASK, { jsonrpc: "2.0", id: 1, method: "ping" }),
  },
  {
    name: "notes",
    input: "notifications that nobody knows, logs and progress that nobody wanted, within the call",
    script: asks(
      { jsonrpc: "2.0", method: "notifications/odd", params: {} },
      { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "x" } },
      {
        jsonrpc: "2.0",
        method: "notifications/progress",
        params: { progressToken: 99, progress: 1 },
      },
      { jsonrpc: "2.0", method: "notifications/tools/list_changed" },
    ),
  },
  {
    name: "asks-on-get",
    input: "asks `roots/list` on the GET stream at the first call, and waits for the answer",
    script: on(["GET", "tools/call"], async (request) => {
      if (request.kind === "GET") return listen(request);
      const { memory, usual } = request;
      memory.answered.length = 0;
      while (memory.stream === undefined) await delay(10);
      memory.stream.write(event(ASK));
      await answered(request, 1);
      return usual;
    }),
  },
  {
    name: "pings-on-get",
    input: "pings on the GET stream as soon as it is open",
    script: on("GET", (request) => {
      listen(request);
      request.response.write(event({ jsonrpc: "2.0", id: 3, method: "ping" }));
      return undefined;
    }),
  },
  {
    name: "get-ends",
    input: "the GET stream ends at once, again and again",
    script: on("GET", () => ({ status: 200, headers: EVENTS, body: "" })),
  },
  {
    name: "get-ends-retry",
    input: "the GET stream ends at once, with `retry: 0`",
    script: on("GET", () => ({ status: 200, headers: EVENTS, body: "retry: 0\n\n" })),
  },
  {
    name: "get-breaks",
    input: "the GET stream breaks off at once",
    script: on("GET", ({ response }) => {
      response.socket?.destroy();
      return undefined;
    }),
  },
  {
    name: "get-garbage",
    input: "the GET stream says what is no message",
    script: on("GET", (request) => {
      listen(request);
      request.response.write(": hello\n\nevent: endpoint\ndata: /messages\n\ndata: hello\n\n");
      return undefined;
    }),
  },
  { name: "redirect-307", input: "307 to the path with a slash", script: redirect(307, slashed) },
  { name: "redirect-308", input: "308 to the path with a slash", script: redirect(308, slashed) },
  { name: "redirect-301", input: "301 to the path with a slash", script: redirect(301, slashed) },
  { name: "redirect-302", input: "302 to the path with a slash", script: redirect(302, slashed) },
  {
    name: "redirect-whole",
    input: "307 to the same origin, written as a whole URL",
    script: redirect(307, ({ path, headers }) => `http://${headers.host}${path}/`),
  },
  {
    name: "redirect-relative",
    input: "307 to `mcp/`, relative to the path",
    script: redirect(307, () => "mcp/"),
  },
  {
    name: "redirect-twice",
    input: "307 to a path that answers with 307 to another",
    script: (request) => {
      if (request.path.endsWith("/mcp")) return empty(307, { location: `${request.path}/` });
      if (request.path.endsWith("/mcp/")) return empty(307, { location: `${request.path}v1` });
      return request.usual;
    },
  },
  {
    name: "redirect-calls",
    input: "307 for calls alone",
    script: (request) =>
      request.kind === "tools/call" && request.path.endsWith("/mcp")
        ? empty(307, { location: `${request.path}/` })
        : request.usual,
  },
  {
    name: "redirect-loop",
    input: "307 to itself",
    script: ({ path }) => empty(307, { location: path }),
  },
  {
    name: "redirect-away",
    input: "307 to another origin",
    script: redirect(307, ({ otherOrigin, path }) => `${otherOrigin}${path}/`),
  },
  { name: "redirect-nowhere", input: "307 without `Location`", script: () => empty(307) },
  {
    name: "closes",
    input: "the connection is closed behind every answer, without a word",
    script: ({ usual, response }) => {
      response.once("finish", () => response.socket?.destroySoon());
      return usual;
    },
  },
  {
    name: "closes-late",
    input: "the connection is closed 5 ms behind every answer, without a word",
    script: ({ usual, response }) => {
      response.once("finish", () => setTimeout(() => response.socket?.destroySoon(), 5));
      return usual;
    },
  },
  {
    name: "slow-initialize",
    input: "`initialize` takes 2 s",
    script: on("initialize", ({ usual }) => after(2_000, usual)),
  },
  {
    name: "slow-note",
    input: "`notifications/initialized` is answered after 2 s",
    script: on("notifications/initialized", ({ usual }) => after(2_000, usual)),
  },
  {
    name: "slow-list",
    input: "the list takes 2 s",
    script: on("tools/list", ({ usual }) => after(2_000, usual)),
  },
  {
    name: "slow-body",
    input: "heads at once, bodies after 1 s",
    script: answers(async ({ status, headers, body }, { response }) => {
      response.writeHead(status, headers).flushHeaders();
      await delay(1_000);
      response.end(body);
      return undefined;
    }),
  },
  {
    name: "one-at-a-time",
    input: "one request at a time; whatever comes beside it waits",
    script: async ({ kind, usual, memory }) => {
      if (kind === "GET") return usual;
      const before = memory.notes.get("last");
      const turn = Promise.withResolvers<void>();
      memory.notes.set("last", turn.promise);
      await before;
      await delay(20);
      turn.resolve();
      return usual;
    },
  },
  { name: "silent", input: "nothing is answered", script: never },
  {
    name: "silent-note",
    input: "`notifications/initialized` is never answered",
    script: on("notifications/initialized", never),
  },
  { name: "silent-call", input: "calls are never answered", script: on("tools/call", never) },
  { name: "silent-delete", input: "`DELETE` is never answered", script: on("DELETE", never) },
  {
    name: "resets",
    input: "every connection is reset",
    script: ({ response }) => {
      response.socket?.resetAndDestroy();
      return undefined;
    },
  },
  {
    name: "call-resets",
    input: "the connection of every call is reset",
    script: on("tools/call", ({ response }) => {
      response.socket?.resetAndDestroy();
      return undefined;
    }),
  },
  {
    name: "not-http",
    input: "what is answered is not HTTP",
    script: ({ response }) => {
      response.socket?.end("SSH-2.0-OpenSSH_9.2\r\n");
      return undefined;
    },
  },
];
