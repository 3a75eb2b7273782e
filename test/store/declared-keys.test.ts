import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { useEveryOperation } from "../../testkit/processes/every-operation.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";

/** Commands without a key. */
const KEYLESS = new Set(["time"]);

interface ScriptCall {
  readonly declared: ReadonlySet<string>;
  readonly command: string;
  readonly key: string;
}

/** Every command that scripts call on this server, with the keys that the call of the script declared. */
async function followScripts(server: RedisProcess): Promise<ScriptCall[]> {
  const client = new Redis({ port: server.port });
  const monitor = await client.monitor();
  onTestFinished(() => {
    monitor.disconnect();
    client.disconnect();
  });
  const calls: ScriptCall[] = [];
  let declared: ReadonlySet<string> = new Set();
  monitor.on("monitor", (_time: string, args: string[], source: string) => {
    const [command = "", second = "", third = ""] = args;
    if (/^eval(sha)?$/i.test(command)) declared = new Set(args.slice(3, 3 + Number(third)));
    else if (source === "lua" && !KEYLESS.has(command.toLowerCase())) {
      calls.push({ declared, command: command.toLowerCase(), key: second });
    }
  });
  return calls;
}

describe.skipIf(!hasRedis)("the scripts of the store", () => {
  it("touch 0 keys that they did not declare, in every operation, also for pods and owners that the process did not know", async () => {
    const server = await RedisProcess.server();
    onTestFinished(() => server.stop());
    const settings = redisAt(server);
    await makeOld(server, settings);
    const [here, there] = [await openStore(settings), await openStore(settings)];
    onTestFinished(() => Promise.all([here.close(), there.close()]).then(() => {}));
    const calls = await followScripts(server);

    for (const outcome of await useEveryOperation(here)) expect(outcome).toBeUndefined();
    // What another process did since is missing in the record that this one has.
    const seen = sessionRecord("b", { owner: "bob", expiresAtMs: Date.now() + 600_000 });
    await here.sessions.create(seen, { maxSessions: 10, maxPerOwner: 10 });
    await there.pods.pin(seen, "one", ["pod-0"]);
    await there.pods.pin(seen, "two", ["pod-1"]);
    await here.sessions.touch(seen, Date.now() + 700_000);
    await here.sessions.end({ ...seen, owner: "unknown" });

    await expect.poll(() => new Set(calls.map(({ command }) => command)).size).toBeGreaterThan(15);
    expect(calls.filter(({ declared, key }) => !declared.has(key))).toEqual([]);
  });
});
