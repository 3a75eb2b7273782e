import type { Configuration } from "@mcp-fleet/contract/settings";
import { beforeEach, describe, expect, it } from "vitest";
import { SYSTEM_CLOCK, useClock } from "../../runtime/platform/clock.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { countOperations } from "../../testkit/processes/counted-store.ts";
import { type RoleOptions, startRoles } from "../../testkit/processes/gateway.ts";
import { writtenLog } from "../../testkit/processes/written-log.ts";
import { GuardedBackend } from "../../testkit/servers/guarded-backend.ts";
import { type TokenScript, TokenServer } from "../../testkit/servers/token-server.ts";

const SECRET = "client-secret-of-the-gateway";

let provider: TokenServer;
let backend: GuardedBackend;
let aheadMs: number;

beforeEach(async () => {
  provider = await TokenServer.start();
  backend = await GuardedBackend.guard(({ authorization }) => provider.accepts(authorization));
  aheadMs = 0;
  useClock({ ...SYSTEM_CLOCK, monotonicMs: () => performance.now() + aheadMs });
  return async () => {
    useClock(SYSTEM_CLOCK);
    await Promise.all([backend.stop(), provider.close()]);
  };
});

async function start(limits: Configuration["limits"] = {}, options: RoleOptions = {}) {
  const clientCredentials = {
    tokenUrl: provider.url,
    clientId: "us",
    clientSecret: SECRET,
    audience: "the-backend",
    scopes: ["read", "write"],
  };
  const [gateway] = await startRoles(
    {
      backends: [{ name: "b", url: backend.url }],
      outgoingAuth: { default: { type: "client_credentials", clientCredentials } },
      operational: { failureHandling: { healthCheckInterval: "1h" } },
      limits,
    },
    options,
  );
  return gateway;
}

const errorOf = ({ text }: { text: string }) => JSON.parse(text).error;

describe("client credentials", () => {
  it("cost 1 token for 5 sessions whose first calls come at once, and 0 requests and store operations for 100 more", async () => {
    const { store, operations } = countOperations(new MemoryStore());
    const gateway = await start({}, { store });
    const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(gateway.url)));
    for (const { text } of await Promise.all(clients.map((client) => client.call("b_echo", {})))) {
      expect(text).not.toContain("error");
    }
    expect(provider.requests).toHaveLength(1);
    operations.length = 0;
    for (const client of clients) {
      const calls = Array.from({ length: 20 }, (_, call) => client.call("b_echo", { call }));
      for (const { status, text } of await Promise.all(calls)) {
        expect(text).not.toContain("error");
        expect(status).toBe(200);
      }
    }
    expect(provider.requests).toHaveLength(1);
    expect(operations.filter((operation) => operation !== "sessions.takeExpired")).toEqual([]);
    expect(backend.refused).toBe(0);
  });

  it("are asked for by client_secret_basic, with audience and scopes", async () => {
    await start();
    await expect.poll(() => provider.requests.length).toBe(1);
    expect(provider.requests).toEqual([
      {
        authorization: `Basic ${Buffer.from(`us:${SECRET.replaceAll("-", "%2D")}`).toString("base64")}`,
        parameters: {
          grant_type: "client_credentials",
          audience: "the-backend",
          scope: "read write",
        },
      },
    ]);
  });

  it("are renewed by 1 request before they expire, while calls go on with the token that is still good", async () => {
    provider.lifetimeSeconds = 600;
    const client = await RawClient.open((await start()).url);
    await client.call("b_echo", {});
    aheadMs = 300_000;
    await client.call("b_echo", {});
    expect(provider.requests).toHaveLength(1);
    aheadMs = 545_000;
    let release = () => {};
    provider.script = (response, request) => {
      release = () => provider.grant(response, request);
    };
    const calls = Array.from({ length: 10 }, () => client.call("b_echo", {}));
    for (const { text } of await Promise.all(calls)) expect(text).not.toContain("error");
    await expect.poll(() => provider.requests.length).toBe(2);
    const tokens = () =>
      new Set(backend.of("tools/call").map(({ headers }) => headers.authorization));
    expect(tokens().size).toBe(1);
    release();
    const another = async () => {
      await client.call("b_echo", {});
      return tokens().size;
    };
    await expect.poll(another).toBe(2);
    expect(provider.requests).toHaveLength(2);
    expect(backend.refused).toBe(0);
  });

  it("are got again by 1 request for 10 calls that are refused with 401, and each call is sent again once", async () => {
    const client = await RawClient.open((await start()).url);
    await client.call("b_echo", {});
    provider.revokeAll();
    const calls = Array.from({ length: 10 }, (_, call) => client.call("b_echo", { call }));
    for (const { text } of await Promise.all(calls)) expect(text).not.toContain("error");
    expect(provider.requests).toHaveLength(2);
    expect(backend.count("tools/call")).toBe(11);
    expect(backend.count("initialize")).toBe(1);
  });

  it("are got again once in 10 s for a backend that refuses every token, and the call fails with its 401", async () => {
    const client = await RawClient.open((await start()).url);
    await client.call("b_echo", {});
    provider.script = (response) => {
      const body = { access_token: `bad-${provider.requests.length}`, token_type: "Bearer" };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    provider.revokeAll();
    for (let call = 0; call < 5; call += 1) {
      const answer = await client.call("b_echo", {});
      expect(errorOf(answer)).toMatchObject({
        data: { error: "BACKEND_REFUSED", httpStatus: 401 },
      });
    }
    expect(provider.requests).toHaveLength(2);
    aheadMs = 11_000;
    await client.call("b_echo", {});
    expect(provider.requests).toHaveLength(3);
  });

  it.each<[string, TokenScript]>([
    ["is away", (response) => response.destroy()],
    ["answers 503", (response) => response.writeHead(503).end()],
    ["does not answer", () => {}],
    [
      "answers without end",
      (response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(`{"access_token":"${"a".repeat(100_000)}","token_type":"Bearer"}`);
      },
    ],
    [
      "refuses this gateway",
      (response) => provider.refuse(response, "invalid_client", `no ${SECRET} here`),
    ],
  ])(
    "say when to try again, and name no secret, where the token endpoint %s",
    async (_, script) => {
      const { log, lines } = writtenLog();
      const gateway = await start({ credentialTimeout: "2s" }, { log });
      const client = await RawClient.open(gateway.url);
      await client.call("b_echo", {});
      provider.script = script;
      aheadMs = 3_600_000;
      const answer = await client.call("b_echo", {});
      expect(errorOf(answer)).toMatchObject({
        code: -32000,
        data: { error: "BACKEND_AUTH_UNAVAILABLE", backend: "b", retryAfterSeconds: 2 },
      });
      expect(JSON.stringify(lines)).toContain("the token endpoint of");
      for (const text of [answer.text, JSON.stringify(lines)]) {
        for (const secret of [SECRET, "token-1", "aaaa"]) expect(text).not.toContain(secret);
      }
      const asked = provider.requests.length;
      await Promise.all(Array.from({ length: 5 }, () => client.call("b_echo", {})));
      expect(provider.requests).toHaveLength(asked);
      provider.script = undefined;
      aheadMs += 2_000;
      expect((await client.call("b_echo", { text: "back" })).text).toContain("back");
    },
  );
});
