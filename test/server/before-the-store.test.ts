import { validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { compose } from "../../runtime/server/compose.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { freePorts } from "../../testkit/processes/free-ports.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { log } from "../../testkit/processes/test-log.ts";

const REASON = "the session store has not answered yet";

describe.skipIf(!hasRedis)("a gateway whose store has not answered yet", () => {
  /** A gateway that is starting, and the Redis that it waits for. */
  const start = async (ring?: KeyRing) => {
    const redis = await RedisProcess.server();
    onTestFinished(() => redis.stop());
    await redis.kill();
    const [port = 0, adminPort = 0] = await freePorts(2);
    const settings = validate({
      port,
      adminPort,
      sessionStorage: { provider: "redis", address: `127.0.0.1:${redis.port}` },
      backends: [{ name: "nobody", url: "http://127.0.0.1:9/mcp" }],
    });
    const server = await compose({ settings, log, ...(ring && { ring }) });
    const listening = server.listen();
    listening.catch(() => {});
    onTestFinished(() => server.destroy(new Error("the test is over")));
    const ask = async (path: string, at = adminPort) => {
      const response = await fetch(`http://127.0.0.1:${at}${path}`);
      return { status: response.status, body: await response.json() };
    };
    await expect.poll(() => ask("/livez").catch(() => undefined)).toBeDefined();
    return { redis, listening, ask, port };
  };

  it("answers /livez and /status, is not ready and says why, and listens for clients once the store gave the key", async () => {
    const { redis, listening, ask, port } = await start();
    expect(await ask("/livez")).toEqual({ status: 200, body: { status: "ok" } });
    expect(await ask("/readyz")).toEqual({
      status: 503,
      body: { status: "not ready", reason: REASON },
    });
    expect(await ask("/status")).toMatchObject({
      status: 200,
      body: { ready: false, notReady: REASON, sessions: { stored: null } },
    });
    await expect(ask("/livez", port)).rejects.toThrow("fetch failed");

    await redis.restart();
    await listening;
    await expect.poll(async () => (await ask("/readyz", port)).status).toBe(200);
    expect((await ask("/status")).body).toMatchObject({ ready: true, sessions: { stored: 0 } });
  });

  it("that has its signing key from elsewhere listens for clients, and is not ready before the store answers", async () => {
    const { redis, listening, ask, port } = await start(KeyRing.generate());
    await listening;
    expect(await ask("/readyz", port)).toMatchObject({ status: 503, body: { reason: REASON } });
    await redis.restart();
    await expect.poll(async () => (await ask("/readyz", port)).status).toBe(200);
  });
});

describe("a proxy whose store has answered, but not yet with the signing key", () => {
  it("is not ready before clients can connect: a Service sends nobody to a closed port", async () => {
    const [port = 0, adminPort = 0] = await freePorts(2);
    const backends = [{ name: "nobody", url: "http://127.0.0.1:9/mcp" }];
    const settings = validate({ port, adminPort, backends }, [], "proxy");
    const key = Promise.withResolvers<Buffer>();
    const store = new MemoryStore();
    vi.spyOn(store.secrets, "signingKey").mockReturnValue(key.promise);
    const server = await compose({ settings, log, store });
    onTestFinished(() => server.destroy(new Error("the test is over")));
    const listening = server.listen();
    const readyz = async () => {
      const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
      return { status: response.status, body: await response.json() };
    };

    await expect.poll(() => readyz().catch(() => undefined)).toBeDefined();
    const reason = "the endpoint for clients is not open yet";
    expect(await readyz()).toEqual({ status: 503, body: { status: "not ready", reason } });
    key.resolve(Buffer.alloc(32));
    await listening;
    expect((await readyz()).status).toBe(200);
  });
});
