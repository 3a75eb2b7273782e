import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../testkit/clients/raw-client.ts";
import { startGateway } from "../testkit/processes/gateway.ts";
import { hasRedis, RedisProcess } from "../testkit/processes/redis.ts";
import { EchoBackend } from "../testkit/servers/echo-backend.ts";

const list = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
const call = JSON.stringify({
  jsonrpc: "2.0",
  id: 2,
  method: "tools/call",
  params: { name: "counting_echo", arguments: {} },
});

describe.skipIf(!hasRedis)("2 gateways over one Redis", () => {
  let server: RedisProcess;
  let backend: EchoBackend;

  beforeAll(async () => {
    [server, backend] = await Promise.all([RedisProcess.server(), EchoBackend.start()]);
    return () => Promise.all([server.stop(), backend.stop()]);
  });

  const start = async () => {
    const gateway = await startGateway({
      backends: [{ name: "counting", url: backend.url }],
      sessionStorage: { provider: "redis", address: `127.0.0.1:${server.port}` },
    });
    onTestFinished(() => gateway.close());
    return gateway;
  };

  it("go on with each other's sessions, with 1 backend session, and end them for each other", async () => {
    const [one, other] = [await start(), await start()];
    const here = await RawClient.open(one.url);
    const there = here.at(other.url);
    const before = backend.counts.sessions;
    for (const client of [here, there, here, there]) {
      expect(await client.post(call)).toMatchObject({ status: 200 });
    }
    expect(backend.counts.sessions).toBe(before + 1);
    expect(await here.send({ method: "DELETE" })).toMatchObject({ status: 204 });
    await expect.poll(async () => (await there.post(list)).status).toBe(404);
  });

  it("serve what they hold while Redis hangs, refuse the rest with 503 meanwhile, and recover", async () => {
    const [one, other] = [await start(), await start()];
    const here = await RawClient.open(one.url);
    expect(await here.post(call)).toMatchObject({ status: 200 });
    server.freeze();
    onTestFinished(() => server.thaw());
    const refused = await Promise.all([
      here.at(other.url).post(list),
      new RawClient(other.url).initialize({ protocolVersion: "2025-11-25" }),
    ]);
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
      expect(answer.text).toContain("STORE_UNAVAILABLE");
    }
    expect(await here.post(call)).toMatchObject({ status: 200 });
    const metrics = await fetch(`${other.adminUrl}/metrics`);
    expect(metrics.status).toBe(200);
    server.thaw();
    await expect.poll(async () => (await here.at(other.url).post(call)).status).toBe(200);
  });

  it("answer a call that would open a backend session with HTTP 200 and an error while Redis hangs, in a session that they hold", async () => {
    const one = await start();
    const here = await RawClient.open(one.url);
    expect(await here.post(list)).toMatchObject({ status: 200 });
    server.freeze();
    onTestFinished(() => server.thaw());
    const answer = await here.post(call);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text).error.data).toEqual({
      error: "STORE_UNAVAILABLE",
      retryAfterSeconds: 2,
    });
    server.thaw();
    const retried = async () => JSON.parse((await here.post(call)).text).error;
    await expect.poll(retried).toBeUndefined();
  });
});
