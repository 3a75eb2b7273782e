import { beforeAll, describe } from "vitest";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { describeStore } from "./store-suite.ts";

describe.skipIf(!hasRedis)("with one server", () => {
  let server: RedisProcess;

  beforeAll(async () => {
    server = await RedisProcess.server();
    return () => server.stop();
  });

  describeStore("in Redis", async (now) => {
    const settings = redisAt(server);
    await makeOld(server, settings);
    return openStore(settings, now);
  });
});
