import { describe, expect, it, onTestFinished } from "vitest";

import { untilAborted } from "../../runtime/async/until-aborted.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { callOf, messageOf, startFleet } from "../../testkit/processes/scripted-fleet.ts";

/** What Node would end the process for. */
function unhandled(): unknown[] {
  const reasons: unknown[] = [];
  const note = (reason: unknown) => reasons.push(reason);
  process.on("unhandledRejection", note);
  onTestFinished(() => {
    process.off("unhandledRejection", note);
  });
  return reasons;
}

/** Node says what nobody handled once all microtasks have run. */
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("a promise that is waited for until a signal is aborted", () => {
  it("gives the signal's reason at once where it is aborted before, and its own failure afterwards is handled", async () => {
    const reasons = unhandled();
    const work = Promise.withResolvers<never>();

    await expect(untilAborted(work.promise, AbortSignal.abort("left"))).rejects.toBe("left");
    work.reject(new Error("nobody waits for this"));

    await nextTurn();
    expect(reasons).toEqual([]);
  });

  it("gives the reason of a later abort, and its own value or failure without one", async () => {
    const stop = new AbortController();
    const late = untilAborted(new Promise(() => {}), stop.signal);
    stop.abort("left");
    await expect(late).rejects.toBe("left");
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(untilAborted(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  });
});

describe.skipIf(!hasRedis)("a gateway whose Redis pauses for 800 ms", () => {
  it("outlives a call that is cancelled while its lost session is written, and 1 initialize that then fails", async () => {
    const reasons = unhandled();
    const server = await RedisProcess.server();
    onTestFinished(() => server.stop());
    const settings = redisAt(server);
    const { backend, client } = await startFleet({ openStore: () => openStore(settings) });
    await client.post(callOf("write"));
    const forgotten = Promise.withResolvers<void>();
    backend.once("tools/call", (exchange) => {
      exchange.status(404);
      forgotten.resolve();
    });
    const asked = Promise.withResolvers<void>();
    backend.on("initialize", async (exchange) => {
      exchange.status(500);
      await exchange.closed();
      asked.resolve();
    });
    await server.ask("CLIENT", "PAUSE", "800", "ALL");

    const answered = client.post(callOf("write", 7));
    await forgotten.promise;
    const params = { requestId: 7 };
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params };
    await client.post(JSON.stringify(cancel));
    await answered;
    await asked.promise;

    const { error } = messageOf(await client.post(callOf("write", 8)));
    expect(error?.data).toMatchObject({ error: "BACKEND_REFUSED", httpStatus: 500 });
    await nextTurn();
    expect(reasons).toEqual([]);
  });
});
