import { beforeAll, describe } from "vitest";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { describeSessionStore } from "./session-store-suite.ts";

describe.skipIf(!hasRedis)("with one server", () => {
  let server: RedisProcess;

  beforeAll(async () => {
    server = await RedisProcess.server();
    return () => server.stop();
  });

  describeSessionStore("in Redis", async (now) => {
    const settings = redisAt(server);
    await makeOld(server, settings);
    return openStore(settings, now);
  });
});
