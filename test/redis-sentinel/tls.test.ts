import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { Persistence } from "../../infra/redis/redis-conf.ts";
import { testedTlsEngines } from "../../testkit/redis-sentinel/engines.ts";
import { SentinelPods } from "../../testkit/redis-sentinel/sentinel-pods.ts";
import { Writers } from "../../testkit/redis-sentinel/writers.ts";

const PATIENCE = { interval: 50 };

/** `make proof PART=certificates` renews often, and waits until what was renewed has expired. */
const { RENEWALS = "1", CERTIFICATE_SECONDS } = process.env;
const SHORT =
  CERTIFICATE_SECONDS === undefined ? {} : { certificateSeconds: Number(CERTIFICATE_SECONDS) };
const EACH_RENEWAL = Array.from({ length: Number(RENEWALS) }, (_, index) => index + 1);

describe.each(testedTlsEngines())("3 servers and 3 Sentinels, %s, with TLS", (engine) => {
  let group: SentinelPods;

  beforeAll(async () => {
    group = await SentinelPods.start({
      engine,
      persistence: Persistence.None,
      tls: true,
      ...SHORT,
    });
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

  it.each(EACH_RENEWAL)(
    "take certificate %i of another authority within a minute, Sentinels one by one, with 0 sessions lost",
    async (renewal) => {
      onTestFailed(() => console.log(group.output));
      const master = await group.healthy();
      const [old] = await group.certificates();
      const before = await Writers.start(group.settings);
      try {
        await expect.poll(() => before.acknowledged, PATIENCE).toBeGreaterThan(200);
        const oldExpiresAtMs = group.expiresAtMs;
        group.renew();
        const stillOld = async () => {
          const shown = await group.certificates();
          return shown.filter((one) => one === undefined || one === old).length;
        };
        await expect.poll(stillOld, PATIENCE).toBe(0);
        expect(new Set(await group.certificates()).size).toBe(1);
        expect(await group.healthy()).toBe(master);
        const restarts = group.sentinels.map(({ output }) =>
          [...output.matchAll(/^(\S+) \S+ restarting with a changed certificate$/gm)].map(
            ([, at]) => at,
          ),
        );
        expect(restarts.map(({ length }) => length)).toEqual([renewal, renewal, renewal]);
        expect(new Set(restarts.map((times) => times.at(-1))).size).toBe(3);
        // Who connects now trusts the new authority alone.
        const after = await Writers.start(group.settings);
        await expect.poll(() => after.acknowledged, PATIENCE).toBeGreaterThan(200);
        await after.close();
        expect(after.errors).toEqual([]);
        if (CERTIFICATE_SECONDS !== undefined) {
          const expired = { ...PATIENCE, timeout: 1_000 * Number(CERTIFICATE_SECONDS) };
          await expect.poll(() => Date.now(), expired).toBeGreaterThan(oldExpiresAtMs);
          const then = before.acknowledged;
          await expect.poll(() => before.acknowledged, PATIENCE).toBeGreaterThan(then + 200);
        }
        await before.stop();
        expect(before.errors).toEqual([]);
        expect(await before.lost()).toEqual({ sessions: 0, plain: 0 });
        expect(await group.refusals()).toEqual([]);
      } finally {
        await before.close();
      }
    },
  );
});
