import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClientPool } from "../testkit/clients/client-pool.ts";
import { lastMessage, type RawClient } from "../testkit/clients/raw-client.ts";
import { type RunningRole, startGateway } from "../testkit/processes/gateway.ts";
import { EchoBackend } from "../testkit/servers/echo-backend.ts";

const megabytes = (count: number) => "é€𝄞x".repeat((count * 1_000_000) / 10);

/** Outcomes of a call, as a backend writes them: what stands behind the id, byte for byte. */
const OUTCOMES: Readonly<Record<string, string>> = {
  "a plain text": '"result":{"content":[{"type":"text","text":"hello"}]}',
  "unknown fields at every level":
    '"result":{"content":[{"type":"text","text":"x","x-new":{"a":[1,{}]},"annotations":{"audience":["user"],"priority":0.5,"y":null}}],"isError":false,"ttlMs":5,"z":[[]]}',
  "unknown content types":
    '"result":{"content":[{"type":"hologram","voxels":[1,2,3]},{"type":"text","text":"x"},{"noType":true}]}',
  "structured content and _meta":
    '"result":{"content":[],"structuredContent":{"a":{"b":[1.0,2e0,-0]}},"_meta":{"vendor.example/key":{"deep":[true]},"progressToken":"t"}}',
  "members in an unusual order, with space between them":
    '\n\t"result" : { "isError" : true ,\r\n "content" : [ ] }',
  "a member after the result": '"result":{"content":[]},"extra":{"after":1}',
  "integers beyond 2^53 and long fractions":
    '"result":{"content":[],"structuredContent":{"id":9007199254740993,"big":123456789012345678901234567890,"small":0.1000000000000000055511151231257827,"exponent":1E+400,"negative":-0.0}}',
  "characters beyond the first plane, raw and escaped":
    '"result":{"content":[{"type":"text","text":"𝄞 \\ud834\\udd1e \\u0041 \\/ é e\u0301 \u2028 \u2029 \\u2028 \ufeff \\u0000 \\u007f"}]}',
  "lone surrogates as escapes":
    '"result":{"content":[{"type":"text","text":"\\ud800 \\udfff \\udc00\\ud800"}]}',
  "keys that look like something else":
    '"result":{"content":[],"__proto__":{"a":1},"constructor":{"b":2},"":{"c":3},"id":"inner","error":{"code":1},"result":{"jsonrpc":"2.0"}}',
  "100 levels": `"result":{"content":[],"deep":${"[".repeat(100)}${"]".repeat(100)}}`,
  "an error with data":
    '"error":{"code":-32602,"message":"no \\"such\\" thing","data":{"hint":[1,{"a":null}],"big":9007199254740993},"x":1}',
  "an error with a code of its own": '"error":{"code":42,"message":""}',
  "5 MB": `"result":{"content":[{"type":"text","text":"${megabytes(5)}"}]}`,
  "20 MB": `"result":{"content":[{"type":"text","text":"${megabytes(20)}"}]}`,
};

/** Tools, as a backend writes them, `NAME` aside. */
const TOOLS: Readonly<Record<string, string>> = {
  echo: '{"name":NAME,"inputSchema":{"type":"object"}}',
  "with-everything":
    '{ "title":"T" , "inputSchema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"name":{"const":9007199254740993}}}, "name" : NAME ,"annotations":{"readOnlyHint":true,"x-new":1},"icons":[{"src":"data:,"}],"_meta":{"a/b":null},"unknown":{"name":"inner"},"outputSchema":{"type":"object"}}',
  "of-unicode":
    '{"name":NAME,"description":"𝄞 \\ud834\\udd1e \\ud800 \u2028 \\/ e\u0301","inputSchema":{"type":"object"}}',
};

const toolsText = (expose: (name: string) => string) =>
  Object.entries(TOOLS)
    .map(([name, text]) => text.replace("NAME", () => JSON.stringify(expose(name))))
    .join(",");

const FORMS = [
  ["the prefix empty", ""],
  ["the prefix {workload}_", "{workload}_"],
] as const;

let backend: EchoBackend;
let directly: ClientPool;
let direct: RawClient;

beforeAll(async () => {
  backend = await EchoBackend.start({ keepAliveSeconds: 600 });
  backend.on("tools/list", (exchange) => {
    exchange.outcome(`"result":{"tools":[${toolsText((name) => name)}]}`);
  });
  backend.on("tools/call", (exchange) => {
    const asked: object = Object(exchange.received.params.arguments);
    const outcome = "outcome" in asked ? OUTCOMES[String(asked.outcome)] : undefined;
    if (outcome === undefined) exchange.outcome('"result":{"content":[]}');
    else exchange.outcome(outcome, "asEvents" in asked);
  });
  directly = new ClientPool(backend.url);
  direct = await directly.open();
});

afterAll(async () => {
  await directly.close();
  await backend.stop();
});

describe.each(FORMS)("with %s, through the gateway", (_, prefixFormat) => {
  let gateway: RunningRole;
  let pool: ClientPool;
  let through: RawClient;
  const exposed = (name: string) => prefixFormat.replace("{workload}", "b") + name;

  beforeAll(async () => {
    gateway = await startGateway({
      limits: { bodyBytes: "32Mi", heldBodyBytes: "64Mi" },
      // Connections stay open for as long as the machine takes between two requests.
      drain: { linger: "10m" },
      aggregation: { conflictResolution: "prefix", conflictResolutionConfig: { prefixFormat } },
      backends: [{ name: "b", url: backend.url }],
    });
    pool = new ClientPool(gateway.url);
    through = await pool.open();
    return async () => {
      await pool.close();
      await gateway.close();
    };
  });

  /** Posts the same call to both; `NAME` in it becomes the tool's name where it is posted. */
  async function both(call: string) {
    const named = (name: string) => call.replace("NAME", () => JSON.stringify(name));
    return {
      direct: await direct.post(named("echo")),
      through: await through.post(named(exposed("echo"))),
    };
  }

  const callFor = (args: object) =>
    `{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":NAME,"arguments":${JSON.stringify(args)}}}`;

  it.each(Object.keys(OUTCOMES))(
    "a JSON answer with %s is the same byte for byte",
    async (outcome) => {
      const answers = await both(callFor({ outcome }));
      expect(answers.direct.text).toContain(OUTCOMES[outcome]?.slice(0, 1000));
      expectSame(answers.through.text, answers.direct.text);
      expect(answers.through.headers["content-type"]).toBe("application/json");
      expect(answers.through.status).toBe(200);
    },
  );

  it.each(
    // The lines of an event cannot hold a raw line break as it was.
    Object.keys(OUTCOMES).filter((outcome) => !/[\r\n]/.test(OUTCOMES[outcome] ?? "")),
  )("an SSE answer with %s has the same data byte for byte", async (outcome) => {
    const answers = await both(callFor({ outcome, asEvents: true }));
    expect(answers.direct.headers["content-type"]).toBe("text/event-stream");
    expect(answers.through.headers["content-type"]).toBe("text/event-stream");
    expectSame(lastMessage(answers.through), lastMessage(answers.direct));
  });

  it.each([
    ["0 arguments", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":NAME}}'],
    [
      "space, an unusual order and unknown members",
      ' {\n"params" : { "_meta":{"progressToken":9007199254740993,"a/b":[]} , "arguments" : {"name":"inner"} , "task":{"ttl":1}, "name" :\tNAME },\r\n "method":"tools/call" , "x":{"name":"other"}, "id" : 7 , "jsonrpc":"2.0" } ',
    ],
    [
      "big integers, unicode and lone surrogates",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":NAME,"arguments":{"big":123456789012345678901234567890,"one":1.0,"text":"𝄞\\ud834\\udd1e\\ud800\u2028\\/é"}}}',
    ],
    [
      "5 MB",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":NAME,"arguments":{"text":"${megabytes(5)}"}}}`,
    ],
    [
      "20 MB before the name",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{"text":"${megabytes(20)}"},"name":NAME}}`,
    ],
  ])("a call with %s arrives as it would directly, byte for byte", async (_what, call) => {
    backend.received.length = 0;
    await both(call);
    const [expected, received] = backend.calls;
    expect(backend.calls).toHaveLength(2);
    expectSame(received, expected);
  });

  it("100 generated arguments arrive byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.string({ unit: "binary" }), async (value, key) => {
        const args = `{${JSON.stringify(key)}:${value}}`;
        backend.received.length = 0;
        const answers = await both(
          `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":${args},"name":NAME}}`,
        );
        expectSame(backend.calls[1], backend.calls[0]);
        expectSame(answers.through.text, answers.direct.text);
      }),
      { numRuns: 100 },
    );
  });

  it("tools/list has the 3 tools byte for byte, but for their names", async () => {
    const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
    const { text } = await through.post(list);
    expect(text).toBe(`{"jsonrpc":"2.0","id":1,"result":{"tools":[${toolsText(exposed)}]}}`);
    if (prefixFormat === "") expect(text).toBe((await direct.post(list)).text);
  });

  it("ids of 6 kinds come back as they were sent", async () => {
    for (const id of ["0", "-1", '""', '"𝄞 \\u0041"', '"9007199254740993"', "9007199254740991"]) {
      const call = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":NAME}}`;
      const answers = await both(call);
      expect(JSON.parse(String(answers.through.text))).toEqual(
        JSON.parse(String(answers.direct.text)),
      );
      expect(answers.through.text).toContain(`"id":${id}`);
    }
  });
});

/** Compares without printing megabytes. */
function expectSame(actual: string | undefined, expected: string | undefined): void {
  expect(actual?.slice(0, 10_000)).toBe(expected?.slice(0, 10_000));
  expect(actual?.length).toBe(expected?.length);
  expect(actual === expected).toBe(true);
}
