import { type Configuration, validate } from "@mcp-fleet/contract/settings";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { type RawAnswer, RawClient } from "../../testkit/clients/raw-client.ts";
import { countOperations } from "../../testkit/processes/counted-store.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { Issuer } from "../../testkit/servers/issuer.ts";

type RateLimiting = NonNullable<Configuration["rateLimiting"]>;

let backend: EchoBackend;

beforeAll(async () => {
  backend = await EchoBackend.start();
  return () => backend.stop();
});

const configured = (rateLimiting: RateLimiting, more: Configuration | object = {}) => ({
  backends: [{ name: "b", url: backend.url }],
  rateLimiting,
  ...more,
});

const bucket = (maxTokens: number, refillPeriod = "1m") => ({ maxTokens, refillPeriod });

const errorOf = ({ text }: RawAnswer) => JSON.parse(text).error;
const wasRefused = (answer: RawAnswer) => answer.text.includes("RATE_LIMIT_EXCEEDED");

/** The names of the limits that refused calls, in the order of the calls; "" for those that ran. */
async function limitsThat(client: RawClient, calls: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for (const tool of calls) {
    const answer = await client.call(tool, {});
    names.push(wasRefused(answer) ? errorOf(answer).data.limit : "");
  }
  return names;
}

describe("a call beyond a limit", () => {
  it("is a JSON-RPC error under 200, with ToolHive's code and data, and the session goes on", async () => {
    const [gateway] = await startRoles(configured({ shared: bucket(2) }));
    const client = await RawClient.open(gateway.url);
    await client.call("b_echo", {});
    await client.call("b_echo", {});
    const before = backend.counts.requests["tools/call"];
    const refused = await client.call("b_echo", {});
    expect(refused.status).toBe(200);
    expect(errorOf(refused)).toMatchObject({
      code: -32029,
      message: "Rate limit exceeded: shared",
      data: { error: "RATE_LIMIT_EXCEEDED", limit: "shared" },
    });
    expect(errorOf(refused).data.retryAfterSeconds).toBeGreaterThan(50);
    expect(backend.counts.requests["tools/call"]).toBe(before);
    const list = JSON.stringify({ jsonrpc: "2.0", id: 9, method: "tools/list" });
    expect((await client.post(list)).text).toContain("b_echo");
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    expect(metrics).toContain('mcp_fleet_rate_limit_refused_total{limit="shared"} 1');
  });

  it("is refused by the limit of its tool, its backend or its session, which is named", async () => {
    const rateLimiting = {
      tools: [{ name: "b_echo", global: bucket(4) }],
      backends: [{ name: "b", shared: bucket(3) }],
      perSession: bucket(5),
    };
    const [gateway] = await startRoles(configured(rateLimiting));
    const client = await RawClient.open(gateway.url);
    const calls = [...Array.from({ length: 5 }, () => "b_echo"), "nobody", "nobody"];
    expect(await limitsThat(client, calls)).toEqual([
      ...["", "", ""],
      "backends.b.shared",
      "tools.b_echo.shared",
      "",
      "perSession",
    ]);
  });

  it("counts each principal by itself with perUser, and a class by a claim", async () => {
    const issuer = await Issuer.start();
    onTestFinished(() => issuer.close());
    const jwt = { issuer: issuer.url, audience: Issuer.AUDIENCE, jwks: issuer.url };
    const rateLimiting = {
      perUser: bucket(2),
      classes: [{ name: "guests", claim: "roles", values: ["guest"], shared: bucket(1) }],
    };
    const [gateway] = await startRoles(
      configured(rateLimiting, { incomingAuth: { type: "jwt", jwt } }),
    );
    const calls = async (token: string) => {
      const authorization = `Bearer ${token}`;
      const params = {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "a", version: "1" },
      };
      const client = new RawClient(gateway.url);
      const opened = await client.post(
        JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }),
        { authorization },
      );
      const session = { authorization, "mcp-session-id": String(opened.headers["mcp-session-id"]) };
      const names: string[] = [];
      for (const id of [1, 2, 3]) {
        const body = { jsonrpc: "2.0", id, method: "tools/call", params: { name: "b_echo" } };
        const answer = await client.post(JSON.stringify(body), session);
        names.push(wasRefused(answer) ? errorOf(answer).data.limit : "");
      }
      return names;
    };
    expect(await calls(await issuer.token({ sub: "alice" }))).toEqual(["", "", "perUser"]);
    expect(await calls(await issuer.token({ sub: "bob" }))).toEqual(["", "", "perUser"]);
    expect(await calls(await issuer.token({ sub: "eve", more: { roles: ["guest"] } }))).toEqual([
      "",
      "classes.guests.shared",
      "classes.guests.shared",
    ]);
  });

  it("is 429 with Retry-After for initialize, and bytes are counted as they come", async () => {
    const rateLimiting = {
      initialize: { perAddress: bucket(2) },
      bytes: { shared: { maxBytes: "1Ki", refillPeriod: "1m" } },
    };
    const [gateway] = await startRoles(configured(rateLimiting));
    const client = await RawClient.open(gateway.url);
    await RawClient.open(gateway.url);
    const refused = await new RawClient(gateway.url).initialize({ protocolVersion: "2025-11-25" });
    expect(refused).toMatchObject({ status: 429 });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(50);
    expect(errorOf(refused).data.limit).toBe("initialize.perAddress");
    expect((await client.call("b_echo", { text: "a".repeat(600) })).text).toContain("result");
    const second = await client.call("b_echo", { text: "a".repeat(600) });
    expect(errorOf(second).data.limit).toBe("bytes.shared");
  });
});

describe("limits of a file", () => {
  it.each<[string, RateLimiting]>([
    ["rateLimiting.perUser", { perUser: bucket(1) }],
    ["rateLimiting.shared", { shared: bucket(1), global: bucket(1) }],
    ["rateLimiting.tools[1].name", { tools: [{ name: "a" }, { name: "a" }] }],
    ["rateLimiting.shared.maxTokens", { shared: bucket(0) }],
    ["rateLimiting.shared.refillPeriod", { shared: bucket(1, "10ms") }],
  ])("have 1 fault, %s, and not more", (path, rateLimiting) => {
    let paths: string[] = [];
    try {
      validate(configured(rateLimiting));
    } catch (error) {
      paths = Object(error).faults.map((one: { path: string }) => one.path);
    }
    expect(paths).toEqual([path]);
  });
});

describe.skipIf(!hasRedis)("3 processes over one Redis", () => {
  let server: RedisProcess;

  beforeAll(async () => {
    server = await RedisProcess.server();
    return () => server.stop();
  });

  it("let at most 500 of 1,500 calls through a shared limit of 500 per minute", async () => {
    const settings = redisAt(server);
    const gateways = await startRoles(configured({ shared: bucket(500) }), {
      count: 3,
      openStore: () => openStore(settings),
    });
    const before = backend.counts.requests["tools/call"] ?? 0;
    let refused = 0;
    const caller = async (client: RawClient) => {
      for (let call = 0; call < 125; call += 1) {
        if (wasRefused(await client.call("b_echo", {}))) refused += 1;
      }
    };
    const urls = gateways.flatMap(({ url }) => [url, url, url, url]);
    const clients = await Promise.all(urls.map((url) => RawClient.open(url)));
    await Promise.all(clients.map(caller));
    const ran = (backend.counts.requests["tools/call"] ?? 0) - before;
    expect(ran + refused).toBe(1_500);
    expect(ran).toBeLessThanOrEqual(500);
    expect(ran).toBeGreaterThan(450);
  });

  it("ask the store less than 0.02 times per call where the limit is high", async () => {
    const { store, operations } = countOperations(await openStore(redisAt(server)));
    const [gateway] = await startRoles(
      configured({ shared: bucket(100_000), perSession: bucket(50_000) }),
      {
        openStore: async () => store,
      },
    );
    const client = await RawClient.open(gateway.url);
    await client.call("b_echo", {});
    operations.length = 0;
    for (let call = 0; call < 300; call += 1) {
      expect((await client.call("b_echo", {})).text).toContain("result");
    }
    expect(operations.length / 300).toBeLessThan(0.02);
  });

  it("let calls through, or refuse them, as onStoreFailure says, while the store hangs", async () => {
    const start = async (onStoreFailure: "allow" | "refuse") => {
      const [gateway] = await startRoles(
        configured({ tools: [{ name: "b_echo", shared: bucket(50) }], onStoreFailure }),
        { openStore: () => openStore(redisAt(server)) },
      );
      const client = await RawClient.open(gateway.url);
      await client.call("b_echo", {});
      return client;
    };
    const [allowed, refused] = [await start("allow"), await start("refuse")];
    server.freeze();
    onTestFinished(() => server.thaw());
    expect((await allowed.call("b_echo", {})).text).toContain("result");
    expect((await refused.call("b_echo", {})).text).toContain("STORE_UNAVAILABLE");
  });
});

it("a gateway without limits asks for no tokens", async () => {
  const { store, operations } = countOperations(new MemoryStore());
  const [gateway] = await startRoles({ backends: [{ name: "b", url: backend.url }] }, { store });
  const client = await RawClient.open(gateway.url);
  await client.call("b_echo", {});
  expect(operations.filter((one) => one.startsWith("limits."))).toEqual([]);
});
