import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  GATEWAY_COMMANDS,
  nodeSecret,
  type RedisPasswords,
  RedisUser,
  sentinelSecret,
} from "../../infra/redis/acl.ts";
import { Engine } from "../../infra/redis/engine.ts";
import { Persistence } from "../../infra/redis/redis-conf.ts";
import { RedisConnection } from "../../runtime/store/redis/redis-connection.ts";
import { RedisStore } from "../../runtime/store/redis/redis-store.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import { useEveryOperation } from "../../testkit/processes/every-operation.ts";
import { openStore } from "../../testkit/processes/redis-store.ts";
import { log } from "../../testkit/processes/test-log.ts";
import { testedEngines } from "../../testkit/redis-sentinel/engines.ts";
import type { Pod } from "../../testkit/redis-sentinel/pod.ts";
import { SentinelPods } from "../../testkit/redis-sentinel/sentinel-pods.ts";
import { describeStore } from "../store/store-suite.ts";

const PATIENCE = { interval: 50 };
const LUA = join(import.meta.dirname, "../../runtime/store/redis/lua");

describe("the ACL files", () => {
  const passwords: RedisPasswords = {
    gateway: "password-of-gateway",
    replica: "password-of-replica",
    sentinel: "password-of-sentinel",
    peer: "password-of-peer",
    operator: "password-of-operator",
    exporter: "password-of-exporter",
  };
  const files = [
    nodeSecret({ passwords, keyPrefix: "mcp-fleet:", engine: Engine.Redis }),
    sentinelSecret(passwords, Engine.Redis),
  ];

  it("hold 0 passwords in plain, and the Secrets that of the gateway nowhere", () => {
    for (const secret of files) {
      expect(secret["users.acl"]).not.toContain("password-of");
      expect(Object.values(secret).join()).not.toContain(passwords.gateway);
    }
  });

  it("allow every command that the Lua scripts call", () => {
    const scripts = readdirSync(LUA).map((file) => readFileSync(join(LUA, file), "utf8"));
    const calls = [...scripts.join("\n").matchAll(/redis\.call\(([^,)]*)/g)];
    const names = calls.flatMap(([, first = ""]) => first.match(/"[A-Z]+"/g) ?? []);
    const called = new Set(names.map((name) => name.slice(1, -1).toLowerCase()));
    expect(called.size).toBeGreaterThan(20);
    expect(GATEWAY_COMMANDS).toEqual(expect.arrayContaining([...called]));
  });

  it("have a user for the exporter only where it has a password", () => {
    const { exporter: _, ...others } = passwords;
    const parts = { passwords: others, keyPrefix: "mcp-fleet:", engine: Engine.Redis };
    expect(files[0]?.["users.acl"]).toContain("user exporter");
    expect(nodeSecret(parts)["users.acl"]).not.toContain("exporter");
  });
});

describe.each(testedEngines())("the gateway's user, %s", (engine) => {
  let group: SentinelPods;
  let master: Pod;

  beforeAll(async () => {
    group = await SentinelPods.start({ engine, persistence: Persistence.None });
    master = await group.healthy();
  });

  afterAll(() => group.stop());

  /** Settings with keys of their own, of a store that has been there for long. */
  async function settings(): Promise<RedisSettings> {
    const keyPrefix = `${group.settings.keyPrefix}${randomUUID()}:`;
    await group.ask(master, "HSET", `${keyPrefix}generation`, "id", "first", "since", "0");
    return { ...group.settings, keyPrefix };
  }

  describe("with what it may do", () => {
    describeStore("as a gateway opens it", async (now) => openStore(await settings(), now));

    it("has been refused nothing, like everybody else", async () => {
      const store = openUnwatched(await settings());
      await useEveryOperation(store);
      await store.close();
      expect(await group.refusals()).toEqual([]);
    });
  });

  it("reaches no key of others, no channel and no command of operators", async () => {
    const connection = new RedisConnection({ settings: group.settings, log });
    const attempts = [["SET", "others:key", "1"], ["PUBLISH", "mcp-fleet:x", "1"], ["FLUSHALL"]];
    for (const [command = "", ...args] of attempts) {
      const answer = connection.run((client) => client.call(command, ...args));
      await expect(answer).rejects.toMatchObject({
        cause: { message: expect.stringContaining("NOPERM") },
      });
    }
    connection.close();
  });

  describe("without one of the commands", () => {
    beforeEach(async () => {
      await group.ask(master, "ACL", "LOG", "RESET");
    });

    it.each(GATEWAY_COMMANDS)("is refused %s", async (command) => {
      await group.ask(master, "ACL", "SETUSER", RedisUser.Gateway, `-${command}`);
      const own = await settings();
      // The signing key is read where another gateway has written one.
      await group.ask(master, "SET", `${own.keyPrefix}signing-key`, "key");
      const store = openUnwatched(own);
      const working = useEveryOperation(store);
      const refused = async () => (await group.refusals()).map(({ object }) => object);
      await expect.poll(refused, PATIENCE).toContain(command);
      await group.ask(master, "ACL", "SETUSER", RedisUser.Gateway, `+${command}`);
      await working;
      await store.close();
    });
  });
});

/** A store that may never hear of changes. */
function openUnwatched(settings: RedisSettings): RedisStore {
  return new RedisStore({ settings, metrics: new Metrics(), log });
}
