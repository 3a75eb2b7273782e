import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Configuration } from "@mcp-fleet/contract/settings";
import { Agent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import type { Store } from "../../runtime/store/store.ts";
import { type RawAnswer, RawClient } from "../../testkit/clients/raw-client.ts";
import { type RunningRole, startGateway, startProxy } from "../../testkit/processes/gateway.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { callOf } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** So many sessions are all, and from 16 of them on room is short. */
const MAX_SESSIONS = 20;

const GREEDY = "127.0.0.1";
const HONEST = "127.0.0.2";

/** Connections of a client with this address. */
function from(localAddress: string): Agent {
  const agent = new Agent({ localAddress });
  onTestFinished(() => agent.destroy());
  return agent;
}

const initialize = (client: RawClient) => client.initialize({ protocolVersion: "2025-11-25" });

async function open(url: string, agent: Agent): Promise<RawClient> {
  const client = new RawClient(url, agent);
  expect((await initialize(client)).status).toBe(200);
  await client.post(INITIALIZED);
  return client;
}

async function openAll(url: string, agent: Agent, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) clients.push(await open(url, agent));
  return clients;
}

const errorOf = ({ text }: RawAnswer): string => JSON.parse(text).error.data.error;

/** The states of sessions, which are used by that. */
async function statesOf(clients: readonly RawClient[]): Promise<number[]> {
  const states: number[] = [];
  for (const client of clients) states.push((await client.post(PING)).status);
  return states;
}

type Start = (configuration: Configuration, store?: Store) => Promise<RunningRole>;

const ring = KeyRing.generate();

const ROLES: readonly (readonly [role: string, start: Start])[] = [
  [
    "gateway",
    (configuration, store = new MemoryStore()) => startGateway(configuration, { ring, store }),
  ],
  [
    "proxy",
    (configuration, store = new MemoryStore()) => startProxy(configuration, { ring, store }),
  ],
];

async function startFull(start: Start, more: Partial<Configuration> = {}) {
  const backend = await ScriptedBackend.start();
  onTestFinished(() => backend.stop());
  const configuration: Configuration = {
    session: { maxSessions: MAX_SESSIONS, firstUseTimeout: "1ms" },
    aggregation: { conflictResolutionConfig: { prefixFormat: "" } },
    backends: [{ name: "scripted", url: backend.url }],
    ...more,
  };
  const started = async (store?: Store) => {
    const role = await start(configuration, store);
    onTestFinished(() => role.close());
    return role;
  };
  return { backend, started };
}

const metricOf = async ({ adminUrl }: RunningRole, line: string): Promise<boolean> =>
  (await (await fetch(`${adminUrl}/metrics`)).text()).includes(line);

describe.each(ROLES)("a %s whose 20 sessions one address has opened", (_role, start) => {
  it("takes the session of another address in the place of the oldest, which is then unknown", async () => {
    const { started } = await startFull(start);
    const role = await started();
    const greedy = await openAll(role.url, from(GREEDY), MAX_SESSIONS);
    const honest = await open(role.url, from(HONEST));

    expect(await statesOf([honest])).toEqual([200]);
    const [oldest, ...others] = greedy;
    expect(errorOf((await oldest?.post(PING)) as RawAnswer)).toBe("SESSION_NOT_FOUND");
    expect(await statesOf(others)).toEqual(others.map(() => 200));
    expect(await metricOf(role, 'mcp_fleet_sessions_ended_total{reason="displaced"} 1')).toBe(true);
  });

  it("lets its client in again when there is room, and refuses it with 429 until then, which names the limit", async () => {
    const { started } = await startFull(start);
    const role = await started();
    const greedy = await openAll(role.url, from(GREEDY), MAX_SESSIONS);
    await open(role.url, from(HONEST));

    const again = new RawClient(role.url, from(GREEDY));
    const refused = await initialize(again);
    expect([refused.status, errorOf(refused)]).toEqual([429, "ADDRESS_AT_CAPACITY"]);
    expect(refused.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
    expect(refused.text).toContain("limits.crowdedPercent");
    expect(await metricOf(role, 'mcp_fleet_address_refused_total{what="session"} 1')).toBe(true);
    for (const client of greedy.slice(1, 6)) await client.end();
    expect((await initialize(again)).status).toBe(200);
  });

  it("ends none that has a stream, a call in flight, or was used: the 14th of another address is refused", async () => {
    const { started, backend } = await startFull(start);
    const role = await started();
    const running = Promise.withResolvers<Exchange>();
    backend.on("tools/call", running.resolve);
    const greedy = await openAll(role.url, from(GREEDY), MAX_SESSIONS);
    const [streaming, calling, used, ...unused] = greedy;
    const stream = await streaming?.stream();
    onTestFinished(() => stream?.leave());
    const call = calling?.post(callOf("write"));
    const exchange = await running.promise;
    await used?.post(PING);

    const honest: RawClient[] = [];
    const agent = from(HONEST);
    for (let count = 0; count < 13; count += 1) {
      honest.push(await open(role.url, agent));
      await honest.at(-1)?.post(PING);
    }
    const refused = await initialize(new RawClient(role.url, agent));
    expect([refused.status, errorOf(refused)]).toEqual([429, "ADDRESS_AT_CAPACITY"]);

    exchange.result({ content: [] });
    expect((await call)?.status).toBe(200);
    const kept = [streaming, calling, used].filter((client) => client !== undefined);
    expect(await statesOf([...kept, ...honest])).toEqual(new Array(16).fill(200));
    expect(await statesOf(unused)).toEqual([...new Array(13).fill(404), ...new Array(4).fill(200)]);
  });

  it("takes 20 from one address that is alone, and 503 is all that is left when all are used", async () => {
    const { started } = await startFull(start);
    const role = await started();
    await statesOf(await openAll(role.url, from(GREEDY), MAX_SESSIONS));
    const refused = await initialize(new RawClient(role.url, from(HONEST)));
    expect([refused.status, errorOf(refused)]).toEqual([503, "AT_CAPACITY"]);
  });

  it("goes by the addresses that a trusted proxy reports, and has no limit for one that reports none", async () => {
    const { started } = await startFull(start, { trustedProxies: ["127.0.0.0/8"] });
    const role = await started();
    const init = (client: RawClient, address?: string) => {
      const params = {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "raw", version: "1" },
      };
      const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params });
      return client.post(body, { "x-forwarded-for": address });
    };
    const own = await openAll(role.url, from(HONEST), 10);
    const agent = from(GREEDY);
    for (let count = 0; count < 10; count += 1) {
      expect((await init(new RawClient(role.url, agent), "203.0.113.5")).status).toBe(200);
    }
    expect((await init(new RawClient(role.url, agent), "203.0.113.6")).status).toBe(200);
    expect(errorOf(await init(new RawClient(role.url, agent), "203.0.113.5"))).toBe(
      "ADDRESS_AT_CAPACITY",
    );
    for (let count = 0; count < 9; count += 1) {
      expect((await init(new RawClient(role.url, agent))).status).toBe(200);
    }
    expect(await statesOf(own)).toEqual(own.map(() => 200));
  });

  it.skipIf(!hasRedis)(
    "takes that of another address at another process over the same Redis",
    async () => {
      const server = await RedisProcess.server();
      onTestFinished(() => server.stop());
      const settings = redisAt(server);
      await makeOld(server, settings);
      const { started } = await startFull(start);
      const [here, there] = [
        await started(await openStore(settings)),
        await started(await openStore(settings)),
      ];
      const greedy = await openAll(here.url, from(GREEDY), MAX_SESSIONS);
      // What another process serves is used, too.
      const [first] = greedy;
      const twin = new RawClient(there.url);
      twin.sessionId = first?.sessionId;
      expect(await statesOf([twin])).toEqual([200]);

      const honest = await open(there.url, from(HONEST));
      await expect.poll(() => greedy[1]?.post(PING).then(({ status }) => status)).toBe(404);
      expect(await statesOf([honest, twin])).toEqual([200, 200]);
    },
  );
});

describe("a gateway with 1,024 open files", () => {
  async function silent(url: string, count: number, localAddress: string): Promise<Socket[]> {
    const sockets: Socket[] = [];
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    const port = Number(new URL(url).port);
    while (sockets.length < count) {
      const socket = connect({ port, host: "127.0.0.1", localAddress }).on("error", () => {});
      sockets.push(socket);
      if (sockets.length % 50 === 0) await once(socket, "connect");
    }
    return sockets;
  }

  async function start() {
    const backend = await ScriptedBackend.start();
    onTestFinished(() => backend.stop());
    const backends = [{ name: "scripted", url: backend.url }];
    const aggregation = { conflictResolutionConfig: { prefixFormat: "" } };
    const gateway = await startGateway({ backends, aggregation }, { openFiles: 1024 });
    onTestFinished(() => gateway.close());
    return { backend, gateway };
  }

  const newcomer = (gateway: RunningRole) => {
    const client = new RawClient(gateway.url, from(HONEST));
    return initialize(client).then(({ status }) => status, String);
  };

  it("closes silent connections of an address that has 760 for another one's session, and no connection of a session", async () => {
    const { gateway, backend } = await start();
    const running = Promise.withResolvers<Exchange>();
    backend.on("tools/call", running.resolve);
    const session = await open(gateway.url, from(GREEDY));
    const call = session.post(callOf("write"));
    const exchange = await running.promise;
    await silent(gateway.url, 760, GREEDY);

    await expect.poll(() => newcomer(gateway), { timeout: 10_000 }).toBe(200);
    expect(await metricOf(gateway, "mcp_fleet_connections_displaced_total 0\n")).toBe(false);
    exchange.result({ content: [] });
    expect((await call).status).toBe(200);
    expect(await statesOf([session])).toEqual([200]);
  });

  it("closes connections whose requests never end, too", async () => {
    const { gateway } = await start();
    const sockets = await silent(gateway.url, 700, GREEDY);
    const head =
      "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\ncontent-type: application/json\r\n\r\n{";
    for (const socket of sockets) if (!socket.destroyed) socket.write(head);
    await expect.poll(() => newcomer(gateway), { timeout: 10_000 }).toBe(200);
  });
});
