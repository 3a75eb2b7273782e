import {
  ADD,
  ECHO,
  EVENTS,
  empty,
  error,
  json,
  type OddRow,
  on,
  type Script,
  withResult,
} from "../odd-server.ts";

const page = (more: object): Script =>
  on("tools/list", ({ message }) => json(message, { tools: [ECHO, ADD], ...more }));

const PROMPTS_TOO = { tools: {}, prompts: {}, resources: {} };

/** Declares prompts and resources, which are none, and answers one of their lists so. */
const lists = (list: string, script: Script): Script => {
  const answered = on(list, script);
  return (request) => {
    const { kind, usual, message } = request;
    if (kind === "initialize") return withResult(usual, { capabilities: PROMPTS_TOO });
    if (kind === "prompts/list" || kind.startsWith("resources/")) {
      const none = json(message, { prompts: [], resources: [], resourceTemplates: [] });
      return answered({ ...request, usual: none });
    }
    return usual;
  };
};

const tool = (number: number) => ({ name: `tool_${number}`, inputSchema: { type: "object" } });

const declares = (capabilities: unknown): Script =>
  on("initialize", ({ usual }) => withResult(usual, { capabilities }));

/** Cursors, lists that fail, capabilities. */
export const LIST_ROWS: readonly OddRow[] = [
  {
    name: "cursor-empty",
    input: '`nextCursor: ""` at every page',
    script: page({ nextCursor: "" }),
  },
  { name: "cursor-null", input: "`nextCursor: null`", script: page({ nextCursor: null }) },
  {
    name: "cursor-same",
    input: "the same cursor and page again and again",
    script: page({ nextCursor: "c2FtZQ==" }),
  },
  {
    name: "cursor-number",
    input: "a cursor that is a number, at a last page",
    script: page({ nextCursor: 2 }),
  },
  {
    name: "cursor-turns",
    input: "two cursors that follow each other without end",
    script: on("tools/list", ({ message, params }) =>
      json(message, { tools: [ECHO, ADD], nextCursor: params.cursor === "a" ? "b" : "a" }),
    ),
  },
  {
    name: "cursor-long",
    input: "a cursor of 6,000 characters",
    script: on("tools/list", ({ message, params }) =>
      json(
        message,
        params.cursor === undefined
          ? { tools: [ECHO], nextCursor: "x".repeat(6_000) }
          : { tools: [ADD] },
      ),
    ),
  },
  {
    name: "pages-24",
    input: "1,200 tools in pages of 50",
    script: on("tools/list", ({ message, params }) => {
      const at = Number(params.cursor ?? 0);
      const tools = Array.from({ length: 50 }, (_, index) => tool(at + index));
      const next = at + 50 < 1_200 ? { nextCursor: String(at + 50) } : { tools: [...tools, ECHO] };
      return json(message, { tools, ...next });
    }),
    tools: ["echo", "tool_1199"],
  },
  {
    name: "pages-150",
    input: "150 tools in pages of one",
    script: on("tools/list", ({ message, params }) => {
      const at = Number(params.cursor ?? 0);
      const next = at < 149 ? { nextCursor: String(at + 1) } : { tools: [ECHO] };
      return json(message, { tools: [tool(at)], ...next });
    }),
    tools: ["echo", "tool_148"],
  },
  {
    name: "page-fails",
    input: "the second page is answered with an error",
    script: on("tools/list", ({ message, params }) =>
      params.cursor === undefined
        ? json(message, { tools: [ECHO, ADD], nextCursor: "2" })
        : error(message, -32602, "Invalid cursor"),
    ),
  },
  {
    name: "prompts-32603",
    input: "declares prompts; their list is answered with -32603",
    script: lists("prompts/list", ({ message }) => error(message, -32603, "Internal error")),
  },
  {
    name: "prompts-32601",
    input: "declares prompts; their list is answered with -32601",
    script: lists("prompts/list", ({ message }) => error(message, -32601, "Method not found")),
  },
  {
    name: "prompts-500",
    input: "declares prompts; their list is answered with HTTP 500",
    script: lists("prompts/list", () => empty(500)),
  },
  {
    name: "prompts-page",
    input: "declares prompts; their list is answered with a web page",
    script: lists("prompts/list", () => ({
      status: 200,
      headers: { "content-type": "text/html" },
      body: "<h1>no",
    })),
  },
  {
    name: "prompts-silent",
    input: "declares prompts; their list is never answered",
    script: lists("prompts/list", () => undefined),
  },
  {
    name: "prompts-empty",
    input: "declares prompts; their list is answered with `{}`",
    script: lists("prompts/list", ({ message }) => json(message, {})),
  },
  {
    name: "templates-32602",
    input: "declares resources; their templates are answered with -32602",
    script: lists("resources/templates/list", ({ message }) =>
      error(message, -32602, "Invalid params"),
    ),
  },
  {
    name: "resources-0",
    input: "declares resources; their list is answered with the error code 0",
    script: lists("resources/list", ({ message }) => error(message, 0, "Method not found")),
  },
  {
    name: "declares-nothing",
    input: "capabilities `{}`, and two tools all the same",
    script: declares({}),
  },
  { name: "declares-true", input: "`tools: true`", script: declares({ tools: true }) },
  {
    name: "declares-null",
    input: "`prompts: null` beside `tools`",
    script: declares({ tools: {}, prompts: null }),
  },
  {
    name: "declares-all",
    input: "capabilities that nobody knows",
    script: declares({ tools: { odd: 1 }, experimental: { odd: {} }, odd: {} }),
  },
  {
    name: "declares-logging",
    input: "declares logging and completions, and answers both with -32601",
    script: declares({ tools: {}, logging: {}, completions: {} }),
  },
  {
    name: "no-server-info",
    input: "no `serverInfo`",
    script: on("initialize", ({ usual }) => withResult(usual, { serverInfo: undefined })),
  },
  {
    name: "no-server-version",
    input: "a `serverInfo` without `version`",
    script: on("initialize", ({ usual }) => withResult(usual, { serverInfo: { name: "odd" } })),
  },
  {
    name: "bad-tool",
    input: "a tool without `inputSchema` beside two others",
    script: page({ tools: [ECHO, { name: "bad" }, ADD] }),
  },
  {
    name: "bad-description",
    input: "a tool whose `description` is a number beside two others",
    script: page({ tools: [ECHO, { ...ADD, name: "bad", description: 7 }, ADD] }),
  },
  {
    name: "late-tool",
    input: "a tool more from the second list on; the GET stream is open and says nothing",
    script: on(["GET", "tools/list"], ({ kind, message, memory, response }) => {
      if (kind === "GET") {
        response.writeHead(200, EVENTS).flushHeaders();
        return undefined;
      }
      const lists = Number(memory.notes.get("lists") ?? 0) + 1;
      memory.notes.set("lists", lists);
      return json(message, { tools: lists < 2 ? [ECHO] : [ECHO, ADD] });
    }),
  },
  {
    name: "later-tool",
    input: "a tool more from the second list on; no GET stream",
    script: on("tools/list", ({ message, memory }) => {
      const lists = Number(memory.notes.get("lists") ?? 0) + 1;
      memory.notes.set("lists", lists);
      return json(message, { tools: lists < 2 ? [ECHO] : [ECHO, ADD] });
    }),
  },
];
