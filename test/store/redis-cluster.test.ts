import { beforeAll, describe } from "vitest";
import { hasRedis } from "../../testkit/processes/redis.ts";
import { RedisCluster } from "../../testkit/processes/redis-cluster.ts";
import { makeOld, openStore, redisIn } from "../../testkit/processes/redis-store.ts";
import { describeStore } from "./store-suite.ts";

describe.skipIf(!hasRedis)("with 3 shards", () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    return () => cluster.stop();
  });

  describeStore("in a Redis Cluster", async (now) => {
    // Any shard, so that all are used in the end.
    const settings = redisIn(cluster);
    await makeOld(cluster.masterOf(settings.keyPrefix), settings);
    return openStore(settings, now);
  });
});
