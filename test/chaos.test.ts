import { describe, expect, it, onTestFinished } from "vitest";
import { chaos } from "../testkit/chaos/chaos.ts";
import { hasRedis, RedisProcess } from "../testkit/processes/redis.ts";
import { seed } from "../testkit/seed.ts";

/** The first round loads and compiles what the second runs again. */
const PLAN = { seed, sessions: 100, deeds: 300, rounds: 2 };

describe.concurrent(`in 2 rounds of 300 deeds of 100 sessions amid outages (SEED=${seed})`, () => {
  it.each(["gateway", "proxy"] as const)(
    "a %s lives, fails nobody by itself, and holds as little as before, the heap within 15 %",
    async (role) => {
      const [first = 0, second = Number.NaN] = await chaos({ ...PLAN, role });
      expect(second).toBeLessThan(first * 1.15);
    },
  );

  it.skipIf(!hasRedis).each(["gateway", "proxy"] as const)(
    "a %s over Redis lives, fails nobody by itself, and holds as little as before, the heap within 15 %",
    async (role) => {
      const redis = await RedisProcess.server();
      onTestFinished(() => redis.stop());
      const [first = 0, second = Number.NaN] = await chaos({ ...PLAN, role, redis });
      expect(second).toBeLessThan(first * 1.15);
    },
  );
});
