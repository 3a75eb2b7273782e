import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { FleetProcess } from "../../testkit/processes/fleet-process.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { callOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

const LEASE_MS = 5_000;
const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

describe.skipIf(!hasRedis)("2 gateways over 1 Redis", () => {
  it("hold a call up for the 5 s of its lease at most when 1 is killed while it opens the backend session", async () => {
    const [server, backend] = await Promise.all([RedisProcess.server(), ScriptedBackend.start()]);
    onTestFinished(async () => {
      await Promise.all([server.stop(), backend.stop()]);
    });
    const start = async () => {
      const gateway = await FleetProcess.start({
        backends: [{ name: "scripted", url: backend.url }],
        sessionStorage: { provider: "redis", address: `127.0.0.1:${server.port}` },
      });
      onTestFinished(() => gateway.stop());
      return gateway;
    };
    const [one, other] = await Promise.all([start(), start()]);
    const here = await RawClient.open(one.url);
    const there = here.at(other.url);
    for (const client of [here, there]) expect((await client.post(LIST)).text).toContain("write");

    backend.once("initialize", () => {});
    const broken = here.post(callOf("scripted_write")).catch(() => "broken");
    await expect.poll(() => backend.count("initialize")).toBe(1);
    // What the other one waits for, and nothing else: it ends by itself.
    const lease = String(await server.ask("KEYS", "*leases:*"));
    expect(await server.ask("PTTL", lease)).toBeLessThanOrEqual(LEASE_MS);
    one.signal("SIGKILL");
    expect(await broken).toBe("broken");
    const answer = await there.post(callOf("scripted_write"));

    expect(textOf(answer)).toBe("write for raw");
    expect(backend.count("tools/call")).toBe(1);
  });
});
