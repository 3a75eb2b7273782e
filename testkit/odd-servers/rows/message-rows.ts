import {
  answers,
  answersTo,
  type OddRequest,
  type OddRow,
  on,
  type Reply,
  withResult,
} from "../odd-server.ts";

type Message = Readonly<Record<string, unknown>>;

const changed =
  (change: (message: Message) => unknown) =>
  (usual: Reply): Reply => ({
    ...usual,
    body: JSON.stringify(change(JSON.parse(String(usual.body)))),
  });

/** What PHP says to a string where it declares a number. */
const TYPE_ERROR = {
  status: 500,
  headers: { "content-type": "text/plain" },
  body: "must be of type int",
};

function numbersOnly({ message, usual }: OddRequest): Reply {
  const { id } = message;
  return id === undefined || typeof id === "number" ? usual : TYPE_ERROR;
}

const LONG_TEXT = "x".repeat(2_000_000);

/** JSON-RPC: ids, members, what tools are called and say. */
export const MESSAGE_ROWS: readonly OddRow[] = [
  {
    name: "number-ids",
    input: "ids that are no numbers are answered with 500",
    script: numbersOnly,
  },
  {
    name: "small-ids",
    input: "ids above 2³¹ − 1 are answered with 500",
    script: (request) => {
      const { id } = request.message;
      return typeof id === "number" && id > 2 ** 31 - 1 ? TYPE_ERROR : numbersOnly(request);
    },
  },
  {
    name: "text-ids",
    input: 'ids come back as text: `1` as `"1"`',
    script: answers(changed(({ id, ...rest }) => ({ ...rest, id: String(id) }))),
  },
  {
    name: "call-text-id",
    input: 'the id of a call comes back as text: `1` as `"1"`',
    script: answersTo(
      "tools/call",
      changed(({ id, ...rest }) => ({ ...rest, id: String(id) })),
    ),
  },
  {
    name: "float-ids",
    input: "ids come back with a fraction: `1` as `1.0`",
    script: answers((usual) => ({
      ...usual,
      body: String(usual.body).replace(/"id":(\d+)/, '"id":$1.0'),
    })),
  },
  {
    name: "late-id",
    input: "the id stands behind the result",
    script: answers(changed(({ id, ...rest }) => ({ ...rest, id }))),
  },
  {
    name: "other-id",
    input: "a call is answered under an id that nobody asked",
    script: answersTo(
      "tools/call",
      changed((message) => ({ ...message, id: 4242 })),
    ),
  },
  {
    name: "no-version",
    input: "answers without `jsonrpc`",
    script: answers(changed(({ jsonrpc: _, ...rest }) => rest)),
  },
  {
    name: "more-members",
    input: "answers with members of the server's own beside `result`",
    script: answers(changed((message) => ({ ...message, server: "odd", ms: 3 }))),
  },
  {
    name: "null-error",
    input: "`error: null` beside `result`",
    script: answers(changed((message) => ({ ...message, error: null }))),
  },
  {
    name: "null-method",
    input: "`method: null` and `params: null` beside `result`",
    script: answers(changed((message) => ({ ...message, method: null, params: null }))),
  },
  {
    name: "batch-of-one",
    input: "a call is answered in an array of one",
    script: answersTo(
      "tools/call",
      changed((message) => [message]),
    ),
  },
  {
    name: "null-params",
    input: "members that are absent are `null`: `title`, `annotations`, `instructions`, `_meta`",
    script: on(["initialize", "tools/list"], ({ kind, usual }) => {
      if (kind === "initialize") return withResult(usual, { instructions: null });
      const tools = JSON.parse(String(usual.body)).result.tools.map((tool: object) => ({
        ...tool,
        title: null,
        annotations: null,
        _meta: null,
      }));
      return withResult(usual, { tools });
    }),
  },
  {
    name: "names",
    input: "tools named `a.b`, `a_b`, `a-b` and `a/b`",
    script: answersTo("tools/list", (usual) =>
      withResult(usual, {
        tools: ["echo", "a.b", "a_b", "a-b", "a/b"].map((name) => ({
          name,
          inputSchema: { type: "object" },
        })),
      }),
    ),
    toolCount: 5,
  },
  {
    name: "chinese",
    input: "three tools with Chinese names",
    script: answersTo("tools/list", (usual) =>
      withResult(usual, {
        tools: ["echo", "查询天气", "查询股票", "发送邮件"].map((name) => ({
          name,
          inputSchema: { type: "object" },
        })),
      }),
    ),
    toolCount: 4,
  },
  {
    name: "twins",
    input: "one tool listed twice",
    script: answersTo("tools/list", (usual) => {
      const { tools } = JSON.parse(String(usual.body)).result;
      return withResult(usual, { tools: [...tools, tools[1]] });
    }),
  },
  {
    name: "long-names",
    input: "a tool whose name has 120 characters",
    script: answersTo("tools/list", (usual) =>
      withResult(usual, {
        tools: ["echo", "x".repeat(120)].map((name) => ({ name, inputSchema: { type: "object" } })),
      }),
    ),
    toolCount: 2,
  },
  {
    name: "plain-schema",
    input: "an input schema of draft 4, with `$schema`, `$ref` and `definitions`",
    script: answersTo("tools/list", (usual) => {
      const { tools } = JSON.parse(String(usual.body)).result;
      const inputSchema = {
        $schema: "http://json-schema.org/draft-04/schema#",
        type: "object",
        properties: { text: { $ref: "#/definitions/text" } },
        definitions: { text: { type: "string" } },
      };
      return withResult(usual, { tools: tools.map((tool: object) => ({ ...tool, inputSchema })) });
    }),
  },
  {
    name: "new-content",
    input: "a result with members that no SDK knows",
    script: answersTo("tools/call", (usual) =>
      withResult(usual, { cost: 3, _meta: { "odd/ms": 1 } }),
    ),
  },
  {
    name: "long-answer",
    input: "a call is answered with 2 MB",
    script: answersTo("tools/call", (usual) => {
      const { content } = JSON.parse(String(usual.body)).result;
      return withResult(usual, { content: [...content, { type: "text", text: LONG_TEXT }] });
    }),
  },
];
