import { beforeEach, describe, expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import {
  callOf,
  messageOf,
  messagesOf,
  statusOf,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import { openAt, startBefore, startSseServer } from "../../testkit/processes/sse-fleet.ts";
import {
  type SdkServer,
  SILENT_PATH,
  type StreamScript,
} from "../../testkit/servers/sdk-server.ts";
import { FLOOD_MESSAGES } from "../../testkit/servers/sdk-tools.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

describe("a server that speaks HTTP+SSE", () => {
  let server: SdkServer;

  beforeEach(async () => {
    server = await startSseServer();
    return () => server.close();
  });

  it("counts 1, 2, 3 in a session of streamable HTTP, and from 1 in another one", async () => {
    const proxy = await startBefore(server);
    const [first, second] = [await openAt(proxy), await openAt(proxy)];
    for (const count of ["1", "2", "3"]) {
      expect(textOf(await first.post(callOf("count")))).toBe(count);
    }
    expect(textOf(await second.post(callOf("count")))).toBe("1");
    expect(server.streams).toBe(2);
  });

  it("is one of the servers of a gateway", async () => {
    const client = await openAt(await startBefore(server, { role: "gateway" }));
    const list = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    await eventually(async () => {
      const { result } = messageOf(await client.post(list));
      expect(result?.tools?.map(({ name }) => name)).toContain("count");
    });
    expect(textOf(await client.post(callOf("count")))).toBe("1");
    expect(textOf(await client.post(callOf("count")))).toBe("2");
  });

  it("is one of the pods of a backend, asked after without an event stream", async () => {
    const backend = { url: undefined, urls: [server.url], stateful: true };
    const proxy = await startBefore(server, { backend });
    const client = await openAt(proxy);
    expect(textOf(await client.post(callOf("count")))).toBe("1");
    await eventually(() => expect(server.probes).toBeGreaterThan(0));
    expect(server.opened).toBe(1);
    expect(textOf(await client.post(callOf("count")))).toBe("2");
  });

  it("gives 20 parallel calls each its own answer", async () => {
    const client = await openAt(await startBefore(server));
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(
      texts.map((text, index) => client.post(callOf("echo", index, { input: { text } }))),
    );
    expect(answers.map(textOf)).toEqual(texts);
  });

  it("gets 38 event streams under a limit of 400 open files, and the next session is refused with 503 until one has ended", async () => {
    const proxy = await startBefore(server, { openFiles: 400 });
    const initialize = () =>
      new RawClient(proxy.url).initialize({ protocolVersion: "2025-06-18", capabilities: {} });
    const first = await openAt(proxy);
    let answer = await initialize();
    while (answer.status === 200) answer = await initialize();
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("no room for another event stream of the backend older");
    const { nofile } = JSON.parse(await (await fetch(`${proxy.adminUrl}/status`)).text());
    expect(nofile.used).toBe(nofile.allowed);
    expect(server.streams).toBe(38);

    await first.send({ method: "DELETE" });
    await eventually(async () => expect((await initialize()).status).toBe(200));
    expect((await initialize()).status).toBe(503);
  });

  it("sends the 2 progress messages of a call on the stream of that call", async () => {
    const client = await openAt(await startBefore(server), { elicitation: {} });
    const older = await client.stream(callOf("ask", 1));
    expect(JSON.parse((await older.next()) ?? "").method).toBe("elicitation/create");
    const worked = await client.post(callOf("progress", 2, { meta: { progressToken: "mine" } }));
    expect(
      messagesOf(worked).map(({ params, result }) => params?.progress ?? result?.content),
    ).toEqual([1, 2, [{ type: "text", text: "done" }]]);
    older.leave();
  });

  it("says 1 thing outside of calls on the client's stream, and 1 from before that was open", async () => {
    const client = await openAt(await startBefore(server));
    server.write(logged("early"));
    const stream = await client.stream();
    expect(JSON.parse((await stream.next()) ?? "").params.data).toBe("early");
    server.write(logged("late"));
    expect(JSON.parse((await stream.next()) ?? "").params.data).toBe("late");
    stream.leave();
  });

  it("is not given up for 5 events that answer nothing", async () => {
    const proxy = await startBefore(server);
    const client = await openAt(proxy);
    expect(textOf(await client.post(callOf("count")))).toBe("1");
    const answer = client.post(callOf("never"));
    await eventually(async () => expect((await statusOf(proxy)).sessions.busy).toBe(1));
    server.write("data: {nonsense\n\n: comment\n\nevent: odd\ndata: 1\n\ndata: []\n\n");
    server.write('data: {"jsonrpc":"2.0","id":"nobody","result":{}}\n\n');
    server.write('data: {"jsonrpc":"2.0","id":1,"result":{"content":[]}}\n\n');
    expect(messageOf(await answer).result).toEqual({ content: [] });
    expect(textOf(await client.post(callOf("count")))).toBe("2");
  });

  it(`holds ${FLOOD_MESSAGES} messages of 64 KiB back while 1 client does not read them`, async () => {
    const client = await openAt(await startBefore(server));
    const stream = await client.stream(callOf("flood"));
    const readings: number[] = [];
    const isStalled = () => {
      readings.push(server.unsentBytes);
      const last = readings.slice(-5);
      return last.length === 5 && new Set(last).size === 1 && !last.includes(0);
    };
    await expect.poll(isStalled, { interval: 200 }).toBe(true);
    let messages = 0;
    while ((await stream.next()) !== undefined) messages += 1;
    expect(messages).toBe(FLOOD_MESSAGES + 1);
    expect(server.unsentBytes).toBe(0);
  });

  it("leaves 1 call unknown whose event stream breaks, and begins a new session for the next one", async () => {
    const proxy = await startBefore(server);
    const client = await openAt(proxy);
    await client.post(callOf("count"));
    const waiting = client.post(callOf("never"));
    await eventually(async () => expect((await statusOf(proxy)).sessions.busy).toBe(1));
    await server.endSessions();
    expect(messageOf(await waiting).error?.data).toMatchObject({ error: "OUTCOME_UNKNOWN" });
    expect(textOf(await client.post(callOf("count")))).toBe("1");
  });

  it("sees its 1 event stream close when the client ends its session", async () => {
    const client = await openAt(await startBefore(server));
    expect(server.streams).toBe(1);
    await client.send({ method: "DELETE" });
    await eventually(() => expect(server.streams).toBe(0));
  });

  it.each<[string, string, StreamScript]>([
    [
      "never names its endpoint",
      "TIMEOUT",
      (response) => response.writeHead(200, SSE).flushHeaders(),
    ],
    [
      "names an endpoint elsewhere",
      "UNREACHABLE",
      says("event: endpoint\ndata: http://127.0.0.2:1/messages\n\n"),
    ],
    [
      "says something else first",
      "UNREACHABLE",
      says('event: message\ndata: {"jsonrpc":"2.0"}\n\n'),
    ],
    ["ends at once", "UNREACHABLE", (response) => response.writeHead(200, SSE).end()],
    ["answers 500", "UNREACHABLE", (response) => response.writeHead(500).end()],
    [
      "does not know the session",
      "REFUSED",
      says("event: endpoint\ndata: /messages?sessionId=no\n\n"),
    ],
    ["never answers initialize", "TIMEOUT", says(`event: endpoint\ndata: ${SILENT_PATH}\n\n`)],
  ])(
    "that %s gets no session, and the client an error after the initializeTimeout of 2 s",
    async (_what, code, script) => {
      const proxy = await startBefore(server, { initializeTimeout: "2s" });
      server.script = script;
      await expect(openAt(proxy)).rejects.toThrow(`BACKEND_${code}`);
      await eventually(() => expect(server.streams).toBe(0));
      server.script = undefined;
      expect(textOf(await (await openAt(proxy)).post(callOf("count")))).toBe("1");
    },
  );

  it("answers nobody but the processes over one store with other processes' sessions", async () => {
    const proxy = await startBefore(server);
    await openAt(proxy);
    for (const authorization of ["", "Bearer 00.00", `Bearer 00.${"00".repeat(16)}`]) {
      const response = await fetch(`${proxy.adminUrl}/peer/older/any`, {
        method: "POST",
        headers: { "mcp-session-id": "sse.x.y", authorization },
        body: callOf("count"),
      });
      expect(response.status).toBe(401);
    }
  });
});

const SSE = { "content-type": "text/event-stream" };

function says(text: string): StreamScript {
  return (response) => void response.writeHead(200, SSE).write(text);
}

function logged(data: string): string {
  const params = { level: "info", data };
  const message = { jsonrpc: "2.0", method: "notifications/message", params };
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}
