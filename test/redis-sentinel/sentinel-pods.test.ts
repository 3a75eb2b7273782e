import { setTimeout as delay } from "node:timers/promises";

import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import { Persistence } from "../../infra/redis/redis-conf.ts";
import { testedEngines } from "../../testkit/redis-sentinel/engines.ts";
import { SentinelPods } from "../../testkit/redis-sentinel/sentinel-pods.ts";
import { Writers } from "../../testkit/redis-sentinel/writers.ts";

/** How long a pod is away that starts anew on another node. */
const RESCHEDULED_MS = 1_500;

const PATIENCE = { interval: 50 };

const cases = testedEngines().flatMap((engine) =>
  Object.values(Persistence).map((persistence) => ({ engine, persistence })),
);

describe.each(cases)("3 servers and 3 Sentinels, $engine, persistence $persistence", (parts) => {
  let group: SentinelPods;
  let writers: Writers;

  beforeAll(async () => {
    group = await SentinelPods.start(parts);
    return () => group.stop();
  });

  beforeEach(async () => {
    onTestFailed(() => console.log(group.output));
    await group.healthy();
    writers = await Writers.start(group.settings);
    await written(200);
  });

  afterEach(async () => {
    await writers.close();
    expect(await group.refusals()).toEqual([]);
  });

  /** Resolves when so many more writes have been acknowledged. */
  async function written(more: number): Promise<void> {
    const enough = writers.acknowledged + more;
    await expect.poll(() => writers.acknowledged, PATIENCE).toBeGreaterThan(enough);
  }

  it("become one group when all 6 start at once", async () => {
    expect((await group.healthy()).name).toBe("nodes-0");
  });

  it("lose 0 confirmed writes when the master is killed and its container is back in 0.5 s", async () => {
    const old = await group.master();
    await old.crash();
    await written(500);
    const master = await group.healthy();
    await writers.stop();
    expect(writers.errors).toEqual([]);
    expect(await writers.lost()).toMatchObject({ sessions: 0 });
    expect(master).not.toBe(old);
  });

  it("lose 0 acknowledged writes when all 3 servers are replaced one after the other", async () => {
    for (const node of group.nodes.toReversed()) {
      await node.delete();
      expect(await group.master()).not.toBe(node);
      node.start();
      await written(200);
      await group.healthy();
    }
    await writers.stop();
    expect(writers.errors).toEqual([]);
    expect(await writers.lost()).toEqual({ sessions: 0, plain: 0 });
  });

  it("find the master again when all 3 Sentinels have lost what they knew, and replace it", async () => {
    const old = await group.master();
    await Promise.all(group.sentinels.map((sentinel) => sentinel.lose()));
    for (const sentinel of group.sentinels) sentinel.start();
    expect(await group.healthy()).toBe(old);
    await old.crash();
    await written(500);
    expect(await group.healthy()).not.toBe(old);
    await writers.stop();
    expect(writers.errors).toEqual([]);
    expect(await writers.lost()).toMatchObject({ sessions: 0 });
  });

  it("lose 0 confirmed writes when the master's pod and volume are lost", async () => {
    const old = await group.master();
    await old.lose();
    await delay(RESCHEDULED_MS);
    old.start();
    await written(500);
    expect(await group.healthy()).not.toBe(old);
    await writers.stop();
    expect(writers.errors).toEqual([]);
    expect(await writers.lost()).toMatchObject({ sessions: 0 });
  });

  it("keep every write, or none of all that there were, when all 3 servers are killed at once", async () => {
    await writers.stop();
    await Promise.all(group.nodes.map((node) => node.crash()));
    const master = await group.healthy();
    const written = `${group.settings.keyPrefix}plain:*`;
    if (parts.persistence === Persistence.None) {
      expect(await group.ask(master, "KEYS", written)).toEqual([]);
    } else {
      expect(await writers.lost()).toEqual({ sessions: 0, plain: 0 });
    }
  });
});
