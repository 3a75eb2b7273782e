import type { Configuration } from "@mcp-fleet/contract/settings";
import { describe, expect, it, onTestFinished } from "vitest";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { RawClient, type RawStream } from "../../testkit/clients/raw-client.ts";
import { countOperations } from "../../testkit/processes/counted-store.ts";
import { type RunningRole, startRoles } from "../../testkit/processes/gateway.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { callOf, configurationFor } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { type Exchange, textResult } from "../../testkit/servers/scripted-exchange.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const ROOTS = { roots: {} };

interface Started {
  readonly backend: ScriptedBackend;
  readonly gateways: readonly RunningRole[];
  readonly operations: readonly string[];
}

interface StartOptions {
  /** What the backend asks in each call. Default: roots/list. */
  readonly method?: string;
  readonly gateways?: number;
  /** Default: one of memory for all. */
  readonly sessionStorage?: Configuration["sessionStorage"];
  readonly limits?: Configuration["limits"];
  readonly own?: Partial<Configuration["backends"][number]>;
}

/** A backend that asks something on the session's own stream in every call, and answers the call after that. */
async function startAsking(options: StartOptions = {}): Promise<Started> {
  const { method = "roots/list", gateways = 1, limits, own, sessionStorage } = options;
  const backend = await ScriptedBackend.start();
  onTestFinished(() => backend.stop());
  backend.on("tools/call", async (exchange) => {
    const asked = backend.count("response");
    await backend.announceTo(exchange.received.sessionId, {
      jsonrpc: "2.0",
      id: asked,
      method,
    });
    await eventually(() => expect(backend.count("response")).toBeGreaterThan(asked));
    exchange.result(textResult("asked"));
  });
  const { store, operations } = countOperations(new MemoryStore());
  const configuration = configurationFor(
    backend.url,
    {
      operational: { failureHandling: { healthCheckInterval: "1h" } },
      ...(limits && { limits }),
      ...(sessionStorage && { sessionStorage }),
    },
    own,
  );
  const running = await startRoles(configuration, {
    count: gateways,
    ...(!sessionStorage && { store }),
  });
  return { backend, gateways: running, operations };
}

async function open(gateway: RunningRole | undefined, capabilities: object): Promise<RawClient> {
  const client = new RawClient(gateway?.url ?? "");
  const answer = await client.initialize({ protocolVersion: "2025-11-25", capabilities });
  expect(answer.status).toBe(200);
  return client;
}

/** Calls, answers every question on the call's own stream, and tells how many came and the answer's text. */
async function callAndAnswer(client: RawClient, id: number): Promise<[number, string]> {
  const asEvents = { accept: "text/event-stream, application/json" };
  return await readAndAnswer(client, await client.stream(callOf("write", id), asEvents));
}

async function readAndAnswer(client: RawClient, stream: RawStream): Promise<[number, string]> {
  let asked = 0;
  for (let text = await stream.next(); text !== undefined; text = await stream.next()) {
    const message = JSON.parse(text);
    if (message.method === undefined) return [asked, message.result.content[0].text];
    asked += 1;
    await answer(client, message.id);
  }
  return [asked, "no answer"];
}

async function answer(client: RawClient, id: unknown): Promise<void> {
  const { status } = await client.post(
    JSON.stringify({ jsonrpc: "2.0", id, result: { roots: [] } }),
  );
  expect(status).toBe(202);
}

/** How many streams were ever opened for clients. */
const streamsOpened = (backend: ScriptedBackend) => backend.count("GET");

describe("a server that asks on the session's own stream", () => {
  it("asks 1 client in 3 calls through 1 stream, and a cached call costs 0 store operations", async () => {
    const { backend, gateways, operations } = await startAsking();
    const client = await open(gateways[0], ROOTS);

    expect(await callAndAnswer(client, 1)).toEqual([1, "asked"]);
    const before = operations.length;
    expect(await callAndAnswer(client, 2)).toEqual([1, "asked"]);
    expect(await callAndAnswer(client, 3)).toEqual([1, "asked"]);

    expect(streamsOpened(backend)).toBe(1);
    const made = operations.slice(before).filter((name) => name !== "sessions.takeExpired");
    expect(made).toEqual([]);
  });

  it.each([
    ["sampling/createMessage", { sampling: {} }],
    ["elicitation/create", { elicitation: {} }],
  ])("asks %s through 1 stream, of a client that declares %j", async (method, capabilities) => {
    const { backend, gateways } = await startAsking({ method });
    const client = await open(gateways[0], capabilities);
    expect(await callAndAnswer(client, 1)).toEqual([1, "asked"]);
    expect(streamsOpened(backend)).toBe(1);
  });

  it("has 0 streams in a session of a client that declares nothing", async () => {
    const { backend, gateways } = await startAsking();
    backend.on("tools/call", (exchange) => exchange.result(textResult("not asked")));
    const client = await open(gateways[0], {});
    expect((await client.post(callOf("write", 1))).status).toBe(200);
    expect(streamsOpened(backend)).toBe(0);
  });

  it("loses its stream the linger after the last call, and has 1 more for the next call", async () => {
    const { backend, gateways } = await startAsking({ limits: { sessionStreamLinger: "50ms" } });
    const client = await open(gateways[0], ROOTS);
    await callAndAnswer(client, 1);
    await eventually(() => expect(backend.clientStreams).toBe(0));
    expect(await callAndAnswer(client, 2)).toEqual([1, "asked"]);
    expect(streamsOpened(backend)).toBe(2);
  });

  it("keeps its stream beyond the linger where it is stateful: its end may be the end of the work", async () => {
    const { backend, gateways } = await startAsking({
      limits: { sessionStreamLinger: "1ms" },
      own: { stateful: true },
    });
    const client = await open(gateways[0], ROOTS);
    for (let id = 1; id <= 3; id += 1)
      expect(await callAndAnswer(client, id)).toEqual([1, "asked"]);
    expect(streamsOpened(backend)).toBe(1);
    await client.send({ method: "DELETE" });
    await eventually(() => expect(backend.clientStreams).toBe(0));
  });
});

describe("a server without a stream", () => {
  const quick = (exchange: Exchange) => exchange.result(textResult("quick"));

  it.each([405, 404, 400])(
    "that says so with HTTP %i is asked 1 time in 3 calls",
    async (status) => {
      const { backend, gateways } = await startAsking();
      backend.on("tools/call", quick);
      backend.on("GET", (exchange) => exchange.status(status));
      const client = await open(gateways[0], ROOTS);
      for (let id = 1; id <= 3; id += 1) {
        expect((await client.post(callOf("write", id))).text).toContain("quick");
      }
      expect(streamsOpened(backend)).toBe(1);
      expect(backend.count("initialize")).toBe(1);
    },
  );

  it("that never answers holds up only the first of 3 calls, no longer than limits.sessionStreamWait", async () => {
    const { backend, gateways } = await startAsking({ limits: { sessionStreamWait: "100ms" } });
    backend.on("tools/call", quick);
    backend.on("GET", () => {});
    const client = await open(gateways[0], ROOTS);
    const took: number[] = [];
    for (let id = 1; id <= 3; id += 1) {
      const beganAt = performance.now();
      expect((await client.post(callOf("write", id))).text).toContain("quick");
      took.push(performance.now() - beganAt);
    }
    expect(took[0]).toBeGreaterThanOrEqual(95);
    expect(streamsOpened(backend)).toBe(1);
  });
});

describe("2 gateways over one store", () => {
  it("share 1 stream: the one without it brings what the server asks in its calls", async () => {
    const { backend, gateways, operations } = await startAsking({ gateways: 2 });
    const [first, second] = gateways;
    const client = await open(first, ROOTS);
    const elsewhere = second === undefined ? client : client.at(second.url);

    expect(await callAndAnswer(client, 1)).toEqual([1, "asked"]);
    expect(await callAndAnswer(elsewhere, 2)).toEqual([1, "asked"]);
    const before = operations.length;
    expect(await callAndAnswer(client, 3)).toEqual([1, "asked"]);
    expect(await callAndAnswer(elsewhere, 4)).toEqual([1, "asked"]);

    expect(streamsOpened(backend)).toBe(1);
    expect(backend.count("response")).toBe(4);
    const made = operations.slice(before).filter((name) => name !== "sessions.takeExpired");
    expect(made).toEqual([]);
  });

  it("bring each of 6 questions to the client once, while 3 calls run at each of them", async () => {
    const { backend, gateways } = await startAsking({ gateways: 2 });
    let asked = 0;
    backend.on("tools/call", async (exchange) => {
      const id = asked++;
      await backend.announceTo(exchange.received.sessionId, {
        jsonrpc: "2.0",
        id,
        method: "roots/list",
      });
      await eventually(() =>
        expect(backend.of("response").some(({ message }) => message.id === id)).toBe(true),
      );
      exchange.result(textResult("asked"));
    });
    const [first, second] = gateways;
    const client = await open(first, ROOTS);
    const elsewhere = second === undefined ? client : client.at(second.url);
    const calls = [1, 2, 3, 4, 5, 6].map((id) =>
      callAndAnswer(id % 2 === 0 ? client : elsewhere, id),
    );
    const answers = await Promise.all(calls);
    expect(answers.map(([, text]) => text)).toEqual(Array.from({ length: 6 }, () => "asked"));
    expect(answers.reduce((sum, [questions]) => sum + questions, 0)).toBe(6);
    expect(streamsOpened(backend)).toBe(1);
  });

  it.skipIf(!hasRedis)(
    "hand the stream on: where the one that has it ends, the other opens it",
    async () => {
      const server = await RedisProcess.server();
      onTestFinished(() => server.stop());
      const sessionStorage = { provider: "redis", address: `127.0.0.1:${server.port}` } as const;
      const { backend, gateways } = await startAsking({ gateways: 2, sessionStorage });
      const [first, second] = gateways;
      const client = await open(first, ROOTS);
      const elsewhere = second === undefined ? client : client.at(second.url);
      await callAndAnswer(client, 1);
      await callAndAnswer(elsewhere, 2);
      expect(streamsOpened(backend)).toBe(1);

      await first?.server.close();

      await eventually(() => expect(streamsOpened(backend)).toBe(2));
      await eventually(() => expect(backend.clientStreams).toBe(1));
      expect(await callAndAnswer(elsewhere, 3)).toEqual([1, "asked"]);
    },
  );
});
