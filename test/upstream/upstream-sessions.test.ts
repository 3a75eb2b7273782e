import { describe, expect, it } from "vitest";

import { RawClient } from "../../testkit/clients/raw-client.ts";
import { callOf, messageOf, startFleet, textOf } from "../../testkit/processes/scripted-fleet.ts";

const CLIENT = {
  protocolVersion: "2025-11-25",
  capabilities: { elicitation: {}, sampling: { tools: {} }, "x-own": { n: 1 } },
  clientInfo: { name: "exact", version: "3.1", title: "Ö", "x-more": [1] },
};

function list(method: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id: method, method });
}

function calls(clients: readonly RawClient[], count: number) {
  return Array.from({ length: count }, (_, index) => {
    const client = clients[index % clients.length];
    if (client === undefined) throw new Error("there is no client");
    return client.post(callOf("write", index));
  });
}

describe("a client's session at a backend", () => {
  it("does not exist after initialize, 4 lists and a ping", async () => {
    const { backend, client } = await startFleet();
    await client.post('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    for (const method of ["tools", "prompts", "resources", "resources/templates"]) {
      await client.post(list(`${method}/list`));
    }
    await client.post(list("ping"));

    expect(backend.of("initialize")).toEqual([]);
    expect(backend.clientSessions).toEqual([]);
  });

  it("is opened by the 1st call, in the client's own words, and is the same for the 2nd", async () => {
    const { backend, gateway } = await startFleet();
    const client = new RawClient(gateway.url);
    await client.initialize(CLIENT);

    expect(textOf(await client.post(callOf("write")))).toBe("write for exact");
    expect(textOf(await client.post(callOf("write")))).toBe("write for exact");

    expect(backend.of("initialize").map((one) => one.params)).toEqual([CLIENT]);
    expect(backend.count("notifications/initialized")).toBe(1);
    const ids = backend.of("tools/call").map(({ sessionId }) => sessionId);
    expect(ids).toEqual([backend.clientSessions[0], backend.clientSessions[0]]);
  });

  it("sends the version that the backend chose with each of 2 calls", async () => {
    const { backend, client } = await startFleet();

    await Promise.all(calls([client], 2));

    const versions = backend.of("tools/call").map(({ headers }) => headers["mcp-protocol-version"]);
    expect(versions).toEqual(["2025-11-25", "2025-11-25"]);
  });

  it("is opened 1 time by 20 first calls at once", async () => {
    const { backend, client } = await startFleet();

    const answers = await Promise.all(calls([client], 20));

    expect(answers.map(textOf)).toEqual(Array(20).fill("write for raw"));
    expect(backend.count("initialize")).toBe(1);
  });

  it("is opened 1 time by 20 first calls at once over 2 gateways", async () => {
    const { backend, client, others } = await startFleet({ gateways: 2 });
    const twins = others.map((gateway) => client.at(gateway.url));

    const answers = await Promise.all(calls([client, ...twins], 20));

    expect(answers.map(textOf)).toEqual(Array(20).fill("write for raw"));
    expect(backend.count("initialize")).toBe(1);
  });

  it("is used by another gateway with 0 further initializes", async () => {
    const { backend, client, others } = await startFleet({ gateways: 2 });
    await client.post(callOf("write"));

    for (const gateway of others) await client.at(gateway.url).post(callOf("write"));

    expect(backend.count("initialize")).toBe(1);
    const [mine, theirs] = backend.of("tools/call").map(({ sessionId }) => sessionId);
    expect(theirs).toBe(mine);
  });

  it("is one of 2 where 2 clients call", async () => {
    const { backend, client, gateway } = await startFleet();
    const second = await RawClient.open(gateway.url);

    await Promise.all(calls([client, second], 2));

    expect(backend.clientSessions).toHaveLength(2);
  });

  it("may have no id: 3 calls then make 1 initialize and carry no Mcp-Session-Id", async () => {
    const { backend, client } = await startFleet();
    backend.on("initialize", (exchange) =>
      exchange.result({ protocolVersion: "2025-06-18", capabilities: {}, serverInfo: {} }),
    );
    backend.on("tools/call", (exchange) => exchange.result({ content: [] }));
    backend.on("notifications/initialized", (exchange) => exchange.status(202));

    for (const id of [1, 2, 3]) {
      expect(messageOf(await client.post(callOf("write", id))).result).toEqual({ content: [] });
    }

    expect(backend.of("tools/call").map(({ sessionId }) => sessionId)).toEqual(
      Array(3).fill(undefined),
    );
    expect(backend.count("initialize")).toBe(1);
  });
});

describe("a session that a backend does not open", () => {
  it("is BACKEND_REFUSED for HTTP 401 at initialize, and the call runs 0 times", async () => {
    const { backend, client } = await startFleet();
    backend.on("initialize", (exchange) => exchange.body(401, "who?", "text/plain"));

    const answer = await client.post(callOf("write"));

    expect(answer.status).toBe(200);
    expect(messageOf(answer).error?.data).toMatchObject({
      error: "BACKEND_REFUSED",
      httpStatus: 401,
    });
    expect(backend.count("tools/call")).toBe(0);
  });

  for (const [what, text] of [
    ["a page", "<h1>hello</h1>"],
    ["JSON that breaks off", '{"jsonrpc":"2.0","id":1073741824,"result":{"protoc'],
  ] as const) {
    it(`is an error of the backend for ${what} at initialize, and the next of 2 calls runs`, async () => {
      const { backend, client } = await startFleet();
      backend.once("initialize", (exchange) => exchange.body(200, text, "application/json"));

      const answer = await client.post(callOf("write"));

      expect(answer.status).toBe(200);
      expect(messageOf(answer).error?.data).toMatchObject({ error: "BACKEND_REFUSED" });
      expect(textOf(await client.post(callOf("write")))).toBe("write for raw");
      expect(backend.count("tools/call")).toBe(1);
    });
  }

  it("is BACKEND_UNREACHABLE where the answer to initialize breaks off after 5 of 100 bytes", async () => {
    const { backend, client } = await startFleet();
    backend.once("initialize", (exchange) =>
      exchange.breakOff(
        'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"jso',
      ),
    );

    const answer = await client.post(callOf("write"));

    expect(answer.status).toBe(200);
    expect(messageOf(answer).error?.data).toMatchObject({ error: "BACKEND_UNREACHABLE" });
    expect(backend.count("tools/call")).toBe(0);
  });

  it("is BACKEND_TIMEOUT after limits.initializeTimeout, for 5 callers at once by 1 initialize", async () => {
    const { backend, client } = await startFleet({ limits: { initializeTimeout: "2s" } });
    backend.once("initialize", () => {});

    const answers = await Promise.all(calls([client], 5));

    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(messageOf(answer).error?.message).toContain("the call did not run");
    }
    expect(backend.count("initialize")).toBe(1);
    expect(textOf(await client.post(callOf("write")))).toBe("write for raw");
    expect(backend.count("tools/call")).toBe(1);
  });

  it("may be opened over an SSE answer whose stream stays open", async () => {
    const { backend, client } = await startFleet({ limits: { initializeTimeout: "30s" } });
    backend.once("initialize", async (exchange) => {
      exchange.begin();
      await exchange.eventWithResult({
        protocolVersion: "2025-11-25",
        capabilities: {},
        serverInfo: { name: "open", version: "1" },
      });
    });
    backend.on("tools/call", (exchange) => exchange.result({ content: [] }));
    backend.on("notifications/initialized", (exchange) => exchange.status(202));

    expect(messageOf(await client.post(callOf("write"))).result).toEqual({ content: [] });
  });
});
