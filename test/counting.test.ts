import { describe, expect, it, onTestFinished } from "vitest";
import { MemoryStore } from "../runtime/store/memory/memory-store.ts";
import { ClientPool } from "../testkit/clients/client-pool.ts";
import type { RawClient } from "../testkit/clients/raw-client.ts";
import { countOperations } from "../testkit/processes/counted-store.ts";
import { startGateway } from "../testkit/processes/gateway.ts";
import { EchoBackend } from "../testkit/servers/echo-backend.ts";
import type { BackendCounts } from "../testkit/servers/scripted-backend.ts";
import type { Exchange } from "../testkit/servers/scripted-exchange.ts";

const CALLS = 200;
const MAX = 16;

/** Keeps calls with `together` waiting until 16 of them are there: that many connections are then open. */
function waitForAll(backend: EchoBackend): void {
  const waiting: Exchange[] = [];
  backend.on("tools/call", (exchange) => {
    const { together } = Object(exchange.received.params.arguments);
    if (!together) return backend.echo(exchange);
    waiting.push(exchange);
    if (waiting.length === MAX) for (const one of waiting.splice(0)) backend.echo(one);
  });
}

async function start() {
  const backend = await EchoBackend.start();
  waitForAll(backend);
  const { store, operations } = countOperations(new MemoryStore());
  const gateway = await startGateway(
    {
      // No ping in between.
      operational: { failureHandling: { healthCheckInterval: "1h" } },
      backends: [{ name: "b", url: backend.url }],
    },
    { store },
  );
  const pool = new ClientPool(gateway.url);
  onTestFinished(async () => {
    await pool.close();
    await gateway.close();
    await backend.stop();
  });
  // The gateway asks for the lists, opens a stream for their changes, and asks once more.
  await expect.poll(() => backend.counts.requests).toMatchObject({ GET: 1, "tools/list": 2 });
  return { backend, operations, pool };
}

/** Calls with this many at a time. Answers how many were answered right. */
async function callAll(sessions: readonly RawClient[], concurrency: number): Promise<number> {
  let next = 0;
  let right = 0;
  const caller = async () => {
    for (let call = next++; call < CALLS; call = next++) {
      const session = sessions[call % sessions.length];
      const answer = await session?.call("b_echo", { call });
      if (answer?.status === 200 && answer.text.includes(`{\\"call\\":${call}}`)) right += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return right;
}

/** What came on top. */
function since(before: BackendCounts, after: BackendCounts) {
  const added = Object.entries(after.requests).map(([what, count]) => {
    return [what, count - (before.requests[what] ?? 0)] as const;
  });
  return {
    requests: Object.fromEntries(added.filter(([, count]) => count !== 0)),
    connections: after.connections - before.connections,
    sessions: after.sessions - before.sessions,
  };
}

describe("a call of a warm session", () => {
  it.each([
    [1, 1],
    [1, 16],
    [16, 16],
  ])(
    "costs 1 backend request, 0 connections and 0 store operations: 200 calls of %i sessions, %i at a time",
    async (count, concurrency) => {
      const { backend, operations, pool } = await start();
      const sessions = await Promise.all(Array.from({ length: count }, () => pool.open()));
      await Promise.all(
        Array.from({ length: MAX }, (_, call) =>
          sessions[call % count]?.call("b_echo", { together: true }),
        ),
      );
      const before = backend.counts;
      operations.length = 0;

      expect(await callAll(sessions, concurrency)).toBe(CALLS);

      expect(since(before, backend.counts)).toEqual({
        requests: { "tools/call": CALLS },
        connections: 0,
        sessions: 0,
      });
      // The reaper looks each second, whoever calls.
      expect(operations.filter((operation) => operation !== "sessions.takeExpired")).toEqual([]);
    },
  );
});

describe("a session's first call", () => {
  it("costs 3 backend requests and 1 backend session, also when 16 come at once", async () => {
    const { backend, pool } = await start();
    const session = await pool.open();
    const before = backend.counts;
    const calls = Array.from({ length: 16 }, () => session.call("b_echo", {}));
    for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
    expect(since(before, backend.counts)).toMatchObject({
      requests: { initialize: 1, "notifications/initialized": 1, "tools/call": 16 },
      sessions: 1,
    });
  });
});

describe("5,000 idle sessions", () => {
  it("cost 0 backend requests, connections and sessions, and 1 store operation each", async () => {
    const { backend, operations, pool } = await start();
    const before = backend.counts;
    operations.length = 0;

    const opened: RawClient[] = [];
    const open = async () => {
      while (opened.length < 5000) opened.push(await pool.open());
    };
    await Promise.all(Array.from({ length: 16 }, open));

    expect(opened.length).toBeGreaterThanOrEqual(5000);
    expect(since(before, backend.counts)).toEqual({ requests: {}, connections: 0, sessions: 0 });
    expect(backend.counts.sockets).toBeLessThanOrEqual(before.sockets);
    const made = operations.filter((operation) => operation !== "sessions.takeExpired");
    expect(made).toEqual(Array.from(opened, () => "sessions.create"));
  });
});
