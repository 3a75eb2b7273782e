import type { Role } from "@mcp-fleet/contract/settings";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RawStream } from "../../testkit/clients/raw-client.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { callOf, messageOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import {
  openAt,
  type SseFleetOptions,
  startBefore,
  startSseServer,
} from "../../testkit/processes/sse-fleet.ts";
import type { SdkServer } from "../../testkit/servers/sdk-server.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

describe.skipIf(!hasRedis)("a session of HTTP+SSE at 2 processes over one Redis", () => {
  let redis: RedisProcess;
  let server: SdkServer;

  beforeAll(async () => {
    redis = await RedisProcess.server();
    return () => redis.stop();
  });

  beforeEach(async () => {
    server = await startSseServer();
    return () => server.close();
  });

  /** The process that gets the event stream, another one, and a client's session at both. */
  const start = async (backend: SseFleetOptions["backend"] = {}, role: Role = "proxy") => {
    const options = { backend, role, redisPort: redis.port };
    const owner = await startBefore(server, options);
    const other = await startBefore(server, options);
    const client = await openAt(owner, { elicitation: {} });
    return { owner, other, client, twin: client.at(other.url) };
  };

  it.each(["proxy", "gateway"] as const)(
    "counts 1 to 6 through 2 of role %s in turn",
    async (role) => {
      const { client, twin } = await start({}, role);
      const answers = [];
      for (let turn = 0; turn < 3; turn += 1) {
        for (const way of [client, twin]) answers.push(textOf(await way.post(callOf("count"))));
      }
      expect(answers).toEqual(["1", "2", "3", "4", "5", "6"]);
    },
  );

  it("gives 20 parallel calls each its own answer, 10 of them through each process", async () => {
    const { client, twin } = await start();
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const answers = await Promise.all(
      texts.map((text, index) =>
        (index % 2 === 0 ? client : twin).post(callOf("echo", index, { input: { text } })),
      ),
    );
    expect(answers.map(textOf)).toEqual(texts);
  });

  it("carries 2 MiB through both", async () => {
    const { twin } = await start();
    const text = "x".repeat(2 * 1024 * 1024);
    expect(textOf(await twin.post(callOf("echo", 1, { input: { text } })))).toBe(text);
  });

  it("asks within a call at one process, and is answered at the other, both with id 0", async () => {
    const { client, twin } = await start();
    const stream = await client.stream(callOf("ask", 0));
    const question = await questionOn(stream);
    expect((await twin.post(declined(question))).status).toBe(202);
    expect(await outcome(stream)).toBe("decline");
  });

  it("lets the other process's call end before the one with the event stream ends", async () => {
    const { owner, twin } = await start();
    const stream = await twin.stream(callOf("ask"));
    const question = await questionOn(stream);
    const closed = owner.server.close();
    expect((await twin.post(declined(question))).status).toBe(202);
    expect(await outcome(stream)).toBe("decline");
    await closed;
    expect(server.streams).toBe(0);
  });

  it("loses its memory with the process that has the event stream, told 1 time", async () => {
    const { owner, client, twin } = await start({ stateful: true });
    expect(textOf(await client.post(callOf("count")))).toBe("1");
    expect(textOf(await twin.post(callOf("count")))).toBe("2");
    await owner.close();
    const seen: unknown[] = [];
    await eventually(async () => {
      seen.push(errorOf(await twin.post(callOf("count"))));
      expect(seen.at(-1)).toBe("BACKEND_SESSION_LOST");
    });
    expect(new Set(seen.slice(0, -1))).toEqual(new Set(["BACKEND_UNREACHABLE"]));
    const { result } = messageOf(await twin.post(callOf("count")));
    expect(result).toMatchObject({ content: [{ text: "1" }], _meta: RENEWED });
  });

  it("goes on anew without that process where it has no memory, and says so", async () => {
    const { owner, client, twin } = await start({ stateful: false });
    expect(textOf(await client.post(callOf("count")))).toBe("1");
    await owner.close();
    await eventually(async () => {
      const { result } = messageOf(await twin.post(callOf("count")));
      expect(result).toMatchObject({ content: [{ text: "1" }], _meta: RENEWED });
    });
    expect(server.streams).toBe(1);
  });

  it("did not run 2 calls that cannot be posted, 1 through each process", async () => {
    const { client, twin } = await start({ stateful: true });
    server.refuse();
    for (const way of [client, twin]) {
      expect(errorOf(await way.post(callOf("count")))).toBe("BACKEND_UNREACHABLE");
    }
  });

  it("leaves 1 call of the other process unknown when the event stream breaks", async () => {
    const { twin } = await start();
    const stream = await twin.stream(callOf("ask"));
    await stream.next();
    await server.endSessions();
    const { error } = JSON.parse((await stream.next()) ?? "");
    expect(error.data).toMatchObject({ error: "OUTCOME_UNKNOWN" });
  });

  it("ends with 0 event streams when it is deleted at the other process", async () => {
    const { client, twin } = await start();
    expect(server.streams).toBe(1);
    expect((await twin.send({ method: "DELETE" })).status).toBe(204);
    await eventually(() => expect(server.streams).toBe(0));
    await eventually(async () => expect((await client.post(callOf("count"))).status).toBe(404));
  });
});

const RENEWED = { "mcp-fleet/backendSessionRenewed": { backend: "older" } };

async function questionOn(stream: RawStream): Promise<unknown> {
  const { method, id } = JSON.parse((await stream.next()) ?? "");
  expect(method).toBe("elicitation/create");
  return id;
}

async function outcome(stream: RawStream): Promise<unknown> {
  return JSON.parse((await stream.next()) ?? "").result.content[0].text;
}

function declined(id: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result: { action: "decline" } });
}

function errorOf(answer: Parameters<typeof messageOf>[0]): unknown {
  return Object(messageOf(answer).error?.data).error;
}
