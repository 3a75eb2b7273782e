import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { Persistence } from "../../infra/redis/redis-conf.ts";
import { testedEngines } from "../../testkit/redis-sentinel/engines.ts";
import { SentinelPods } from "../../testkit/redis-sentinel/sentinel-pods.ts";
import { Writers } from "../../testkit/redis-sentinel/writers.ts";

const PATIENCE = { interval: 50 };

describe.each(testedEngines())("3 servers and 3 Sentinels, %s, with TLS", (engine) => {
  let group: SentinelPods;

  beforeAll(async () => {
    group = await SentinelPods.start({ engine, persistence: Persistence.None, tls: true });
  });

  afterAll(() => group.stop());

  it("hand over with 0 acknowledged writes lost", async () => {
    onTestFailed(() => console.log(group.output));
    const old = await group.healthy();
    const writers = await Writers.start(group.settings);
    try {
      await expect.poll(() => writers.acknowledged, PATIENCE).toBeGreaterThan(200);
      await old.delete();
      old.start();
      const before = writers.acknowledged;
      await expect.poll(() => writers.acknowledged, PATIENCE).toBeGreaterThan(before + 200);
      expect(await group.healthy()).not.toBe(old);
      await writers.stop();
      expect(writers.errors).toEqual([]);
      expect(await writers.lost()).toEqual({ sessions: 0, plain: 0 });
      expect(await group.refusals()).toEqual([]);
    } finally {
      await writers.close();
    }
  });
});
