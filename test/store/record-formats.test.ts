import type { RedisSettings } from "@mcp-fleet/contract/settings";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startGateway } from "../../testkit/processes/gateway.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { callOf, configurationFor, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

const IN_2100_MS = 4_102_444_800_000;

/** A session's hash as the build wrote it that was the first to share a store. */
const WRITTEN_BY_THE_FIRST_BUILD = [
  ['subscription:["files","file:///a"]', "1"],
  ["expiresAtMs", String(IN_2100_MS)],
  [
    "core",
    '{"version":1,"protocol":"2025-11-25","clientInfo":"{\\"name\\":\\"client\\",\\"version\\":\\"1\\"}","capabilities":"{\\"roots\\":{}}","view":"view","createdAtMs":1800000000000}',
  ],
  ["upstream:lost", '{"sessionId":"v","protocol":"2025-06-18","epoch":1,"lost":true}'],
  ["owner", "alice"],
  ["lifetimeEndsAtMs", String(IN_2100_MS)],
  ["upstream:files", '{"sessionId":"u","protocol":"2025-11-25","epoch":3,"pod":"files-0"}'],
  ["pins", '{"upstream:files":"[\\"files\\",\\"files-0\\"]"}'],
  ["subscribed", "2"],
  ["logLevel", "info"],
  ['subscription:["files","file:///b"]', "2"],
] as const;

const FIRST_BUILDS_RECORD = sessionRecord("a", {
  owner: "alice",
  logLevel: "info",
  expiresAtMs: IN_2100_MS,
  lifetimeEndsAtMs: IN_2100_MS,
  subscriptions: [
    { backend: "files", uri: "file:///a" },
    { backend: "files", uri: "file:///b" },
  ],
  upstreams: {
    files: { sessionId: "u", protocol: "2025-11-25", epoch: 3, pod: "files-0" },
    lost: { sessionId: "v", protocol: "2025-06-18", epoch: 1, lost: true },
  },
});

describe.skipIf(!hasRedis)("records of 2 builds in one store", () => {
  let server: RedisProcess;
  let settings: RedisSettings;

  beforeAll(async () => {
    server = await RedisProcess.server();
    return () => server.stop();
  });

  beforeEach(async () => {
    settings = redisAt(server);
    await makeOld(server, settings);
  });

  /** A store as a build opens it that writes this format. */
  const build = async (recordFormat: 1 | 2) => {
    const store = await openStore({ ...settings, recordFormat });
    onTestFinished(() => store.close());
    return store;
  };

  const write = (fields: readonly (readonly [string, string])[]) =>
    server.ask("HSET", `${settings.keyPrefix}session:a`, ...fields.flat());

  it("are 1 in each of 2 formats: every build reads both, and writes its own", async () => {
    const [now, next] = [await build(1), await build(2)];
    for (const [store, key] of [
      [now, "now"],
      [next, "next"],
    ] as const) {
      await store.sessions.create({ ...FIRST_BUILDS_RECORD, key }, { maxSessions: 10 });
    }
    for (const store of [now, next]) {
      for (const key of ["now", "next"]) {
        expect(await store.sessions.load(key)).toEqual({ ...FIRST_BUILDS_RECORD, key });
      }
    }
    const format = (key: string) =>
      server.ask("HGET", `${settings.keyPrefix}session:${key}`, "format");
    expect([await format("now"), await format("next")]).toEqual([null, "2"]);
  });

  it("of the first build are read field by field, by this build and the next", async () => {
    await write(WRITTEN_BY_THE_FIRST_BUILD);
    for (const format of [1, 2] as const) {
      expect(await (await build(format)).sessions.load("a")).toEqual(FIRST_BUILDS_RECORD);
    }
  });

  it("keep their format when the other build changes them, so that the way back loses nothing", async () => {
    const [now, next] = [await build(1), await build(2)];
    await now.sessions.create(FIRST_BUILDS_RECORD, { maxSessions: 10 });
    await next.sessions.setLogLevel("a", "error");
    await next.sessions.touch(FIRST_BUILDS_RECORD, IN_2100_MS - 1);
    await next.sessions.setUpstream(FIRST_BUILDS_RECORD, "new", {
      protocol: "2025-11-25",
      epoch: 1,
    });
    await next.sessions.unsubscribe("a", { backend: "files", uri: "file:///a" });
    expect(await server.ask("HEXISTS", `${settings.keyPrefix}session:a`, "format")).toBe(0);
    expect(await now.sessions.load("a")).toMatchObject({
      logLevel: "error",
      subscriptions: [{ backend: "files", uri: "file:///b" }],
      upstreams: { new: { epoch: 1 }, files: { epoch: 3 } },
    });
  });

  it("of a build after the next are 503 and no 404: they are there, and others can read them", async () => {
    await write([...WRITTEN_BY_THE_FIRST_BUILD, ["format", "3"]]);
    await expect((await build(1)).sessions.load("a")).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      statusCode: 503,
      message: "the session was written by a later release",
    });
  });

  it("serve 2 gateways through an update and the way back: 4 sessions, 0 lost, 1 backend session each", async () => {
    const backend = await ScriptedBackend.start();
    onTestFinished(() => backend.stop());
    backend.on("tools/call", (exchange) =>
      exchange.result({ content: [{ type: "text", text: "ran" }] }),
    );
    const ring = KeyRing.generate();
    const gateway = async (recordFormat: 1 | 2) => {
      const store = await openStore({ ...settings, recordFormat });
      const running = await startGateway(configurationFor(backend.url), { store, ring });
      onTestFinished(() => running.close());
      return running;
    };
    const clients: RawClient[] = [];
    for (const format of [1, 2, 1, 2] as const) {
      const running = await gateway(format);
      clients.push(await RawClient.open(running.url));
      for (const client of clients) {
        const answer = await client.at(running.url).post(callOf("write"));
        expect([answer.status, textOf(answer)]).toEqual([200, "ran"]);
      }
    }
    expect(backend.count("initialize")).toBe(4);
  });
});
