import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";

import { Persistence } from "../../infra/redis/redis-conf.ts";
import { RedisConnection } from "../../runtime/store/redis/redis-connection.ts";
import { log } from "../../testkit/processes/test-log.ts";
import { testedEngines } from "../../testkit/redis-sentinel/engines.ts";
import { SentinelPods } from "../../testkit/redis-sentinel/sentinel-pods.ts";
import { Writers } from "../../testkit/redis-sentinel/writers.ts";

const PATIENCE = { interval: 50 };

const FILES = { name: "files", keyPrefix: "mcp-fleet:files:" };

describe.each(testedEngines())("3 servers and 3 Sentinels that run, %s", (engine) => {
  let group: SentinelPods;
  let writers: Writers;

  beforeAll(async () => {
    group = await SentinelPods.start({ engine, persistence: Persistence.None });
    await group.healthy();
    writers = await Writers.start(group.settings);
  });

  afterAll(async () => {
    await writers.close();
    await group.stop();
  });

  /** Nothing that was acknowledged is lost, nobody failed, and nothing was started again. */
  async function untouched(): Promise<void> {
    const enough = writers.acknowledged + 200;
    await expect.poll(() => writers.acknowledged, PATIENCE).toBeGreaterThan(enough);
    expect(writers.errors).toEqual([]);
    expect(await writers.lost()).toEqual({ sessions: 0, plain: 0 });
    expect(group.output.match(/starting as|watching/g)).toHaveLength(6);
  }

  /** What the server answers to this user, or why it does not. */
  async function reply(command: string, ...args: string[]): Promise<string> {
    const connection = new RedisConnection({ settings: group.settingsOf(FILES), log });
    try {
      return String(await connection.run((client) => client.call(command, ...args)));
    } catch (error) {
      return String(Object(error).cause?.message ?? error);
    } finally {
      connection.close();
    }
  }

  it("take a user with keys of its own, and let it go again, with 0 restarts and 0 writes lost", async () => {
    onTestFailed(() => console.log(group.output));
    expect(await reply("SET", "mcp-fleet:files:a", "1")).not.toBe("OK");
    group.admit([FILES]);
    await expect.poll(() => reply("SET", "mcp-fleet:files:a", "1"), PATIENCE).toBe("OK");
    expect(await reply("GET", "mcp-fleet:other:a")).toContain("NOPERM");
    await untouched();
    group.admit([]);
    await expect.poll(() => reply("GET", "mcp-fleet:files:a"), PATIENCE).not.toBe("1");
    await untouched();
  });

  it("take another number of clients, with 0 restarts", async () => {
    onTestFailed(() => console.log(group.output));
    group.limit({ maxClients: 1_234 });
    for (const node of group.nodes) {
      const maxClients = () => group.ask(node, "CONFIG", "GET", "maxclients").then(String);
      await expect.poll(maxClients, PATIENCE).toContain("1234");
    }
    await untouched();
  });
});
