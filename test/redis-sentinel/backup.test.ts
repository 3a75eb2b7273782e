import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { Persistence } from "../../infra/redis/redis-conf.ts";
import { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";
import { log } from "../../testkit/processes/test-log.ts";
import { testedEngines } from "../../testkit/redis-sentinel/engines.ts";
import { SentinelPods } from "../../testkit/redis-sentinel/sentinel-pods.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/backup.md"), "utf8");

/** What the page has a pod run, with the address that pods have here. */
function command(mark: RegExp): string {
  const [, script = ""] = mark.exec(PAGE) ?? [];
  if (script === "") throw new Error(`docs/backup.md has nothing like ${mark}`);
  return script.replace("valkey-cli ", 'valkey-cli -h "$LISTEN" -p "$PORT" ');
}

const BACK_UP = command(/-- sh -c '\n(\s*P=.*?)' >sessions\.rdb/s);
const RESTORE = command(/-- sh -c '\n(.*?)' <sessions\.rdb/s);

describe.each(testedEngines())("3 servers and 3 Sentinels, %s", (engine) => {
  let group: SentinelPods;

  beforeAll(async () => {
    group = await SentinelPods.start({ engine, persistence: Persistence.Aof });
    return () => group.stop();
  });

  it("have 20 sessions again that were in a backup, and not the one after it, when all volumes are lost", async () => {
    onTestFailed(() => console.log(group.output));
    await group.healthy();
    const store = new RedisStore({ settings: group.settings, metrics: new Metrics(), log });
    const { sessions } = store;
    const keys = Array.from({ length: 20 }, (_, index) => `session-${index}`);
    for (const key of keys) await sessions.create(sessionRecord(key), { maxSessions: 100 });
    const [, replica] = group.nodes;
    if (replica === undefined) throw new Error("there is no second server");
    const backup = replica.run(BACK_UP);
    await sessions.create(sessionRecord("later"), { maxSessions: 100 });
    expect(await sessions.count()).toBe(21);

    await Promise.all(group.nodes.map((node) => node.lose()));
    for (const node of group.nodes) node.run(RESTORE, backup);
    for (const node of group.nodes) node.start();
    await group.healthy();

    await expect.poll(() => sessions.count().catch(String)).toBe(20);
    const loaded = await Promise.all(keys.map((key) => sessions.load(key)));
    expect(loaded.map((record) => record?.key)).toEqual(keys);
    await store.close();
  });
});
