import { beforeAll, describe } from "vitest";
import { hasRedis, RedisProcess } from "../support/redis.ts";
import { makeOld, openStore, redisAt } from "../support/redis-store.ts";
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
