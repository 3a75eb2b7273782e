import { ConfigError } from "@mcp-fleet/contract";
import { validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";
import { passedHeaders } from "../../runtime/upstream/passed-headers.ts";
import type { RawClient } from "../../testkit/clients/raw-client.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import {
  callOf,
  configurationFor,
  messageOf,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const LIST_TOOLS = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

const namesOf = async (client: RawClient, headers: Record<string, string>) =>
  messageOf(await client.post(LIST_TOOLS, headers)).result?.tools?.map(({ name }) => name);

/** What every kind of request of a client got under a name. */
const valuesOf = (
  received: readonly { readonly headers: NodeJS.Dict<unknown> }[],
  name: string,
) => [...new Set(received.map(({ headers }) => headers[name]))];

const SENT = { "X-Tenant": "blue", Cookie: "a=1; b=2", "X-Other": "no" };

describe("passthroughHeaders", () => {
  it("are 2 of 3 headers of a client's request, on each of the 4 requests that a first call makes", async () => {
    const fleet = await startFleet({ passthroughHeaders: ["x-TENANT", "Cookie"] });
    expect(textOf(await fleet.client.post(callOf("write"), SENT))).toBe("write for raw");
    const ours = fleet.backend.received.filter(({ client }) => client === "raw");
    expect(ours.map(({ kind }) => kind)).toEqual([
      "initialize",
      "notifications/initialized",
      "tools/list",
      "tools/call",
    ]);
    expect(valuesOf(ours, "x-tenant")).toEqual(["blue"]);
    expect(valuesOf(ours, "cookie")).toEqual(["a=1; b=2"]);
    expect(valuesOf(ours, "x-other")).toEqual([undefined]);
  });

  it("are those of the request at hand, in each of 2 processes over one session", async () => {
    const fleet = await startFleet({ passthroughHeaders: ["X-Tenant"], gateways: 2 });
    await fleet.client.post(callOf("write"), { "X-Tenant": "blue" });
    const twin = fleet.client.at(fleet.others[0]?.url ?? "");
    await twin.post(callOf("write"), { "X-Tenant": "red" });
    await twin.post(callOf("write"));
    const calls = fleet.backend.of("tools/call").map(({ headers }) => headers["x-tenant"]);
    expect(calls).toEqual(["blue", "red", undefined]);
    expect(fleet.backend.count("initialize")).toBe(1);
  });

  it("never are on what the process asks by itself, so that 2 clients with 2 tenants see 2 lists and none of the other's", async () => {
    const fleet = await startFleet({
      passthroughHeaders: ["X-Tenant"],
      prepare: (backend) =>
        backend.on("tools/list", (exchange) => {
          const name = String(exchange.received.headers["x-tenant"] ?? "nobody");
          exchange.result({ tools: [{ name, inputSchema: { type: "object" } }] });
        }),
    });
    const red = fleet.client.at(fleet.gateway.url);
    await red.initialize({ protocolVersion: "2025-11-25" });
    expect(await namesOf(fleet.client, { "X-Tenant": "blue" })).toEqual(["blue"]);
    expect(await namesOf(red, { "X-Tenant": "red" })).toEqual(["red"]);
    expect(await namesOf(fleet.client, { "X-Tenant": "blue" })).toEqual(["blue"]);
    const own = fleet.backend.received.filter(({ client }) => client === "mcp-fleet");
    expect(own.length).toBeGreaterThan(3);
    expect(valuesOf(own, "x-tenant")).toEqual([undefined]);
  });

  it("reach a backend that refuses all others with 401: its tools are listed and called", async () => {
    const fleet = await startFleet({
      passthroughHeaders: ["X-Key"],
      prepare: (backend) => {
        backend.onHead = ({ headers }, response) => {
          if (headers["x-key"] === "sesame") return false;
          response.writeHead(401).end();
          return true;
        };
      },
    });
    const key = { "X-Key": "sesame" };
    expect(await namesOf(fleet.client, key)).toEqual(["write", "read", "repeat"]);
    expect(textOf(await fleet.client.post(callOf("write"), key))).toBe("write for raw");
    const refused = messageOf(await fleet.client.post(callOf("write")));
    expect(refused.error?.data).toMatchObject({ error: "BACKEND_REFUSED", httpStatus: 401 });
  });

  it("go where a backend names its own: x-tenant to one, none to the other, of 2", async () => {
    const fleet = await startFleet({
      passthroughHeaders: ["X-Tenant"],
      backend: { passthroughHeaders: [] },
    });
    await fleet.client.post(callOf("write"), SENT);
    expect(valuesOf(fleet.backend.received, "x-tenant")).toEqual([undefined]);
    const settings = validate({
      passthroughHeaders: ["X-Tenant"],
      backends: [
        { name: "a", url: "http://a/mcp" },
        { name: "b", url: "http://b/mcp", passthroughHeaders: [], catalog: "shared" },
        { name: "c", url: "http://c/mcp", catalog: "shared" },
      ],
    });
    expect(settings.backends).toMatchObject([
      { catalog: "perSession", passthroughHeaders: ["x-tenant"] },
      { catalog: "shared" },
      { catalog: "shared", passthroughHeaders: ["x-tenant"] },
    ]);
    expect(settings.backends[1]).not.toHaveProperty("passthroughHeaders");
  });

  it("go through a proxy with notifications and answers too", async () => {
    const fleet = await startFleet();
    const [proxy] = await startRoles(
      { ...configurationFor(fleet.backend.url), passthroughHeaders: ["x-tenant"] },
      { role: "proxy" },
    );
    const client = fleet.client.at(proxy.url);
    const header = { "X-Tenant": "blue" };
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "through", version: "1" },
    };
    const opened = await client.post(
      JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }),
      header,
    );
    client.sessionId = String(opened.headers["mcp-session-id"]);
    await client.post(callOf("write"), header);
    await client.post('{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}', header);
    const through = () => fleet.backend.received.filter(({ client: name }) => name === "through");
    await eventually(() =>
      expect(through().map(({ kind }) => kind)).toContain("notifications/roots/list_changed"),
    );
    expect(
      valuesOf(
        through().filter(({ kind }) => kind !== "GET"),
        "x-tenant",
      ),
    ).toEqual(["blue"]);
  });

  it("may be sent by pages of allowed origins: the preflight names them", async () => {
    const fleet = await startFleet({
      passthroughHeaders: ["X-Tenant"],
      allowedOrigins: ["https://a.example"],
    });
    const answer = await fleet.client.send({
      method: "OPTIONS",
      headers: { origin: "https://a.example", "access-control-request-method": "POST" },
    });
    expect(answer.headers["access-control-allow-headers"]).toContain("x-tenant");
  });
});

it("passthroughHeaders are 1 of 2 where Connection names the other one", () => {
  const incoming = { connection: "keep-alive, X-Hop", "x-hop": "1", "x-tenant": "blue" };
  expect(passedHeaders(incoming, ["x-hop", "x-tenant"])).toEqual({ "x-tenant": "blue" });
});

const faultsOf = (more: object): string[] => {
  try {
    validate({ backends: [{ name: "a", url: "http://a/mcp" }], ...more });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ path }) => path);
    throw error;
  }
  return [];
};

it.each([
  "Host",
  "Connection",
  "Keep-Alive",
  "Transfer-Encoding",
  "TE",
  "Upgrade",
  "Proxy-Authorization",
  "Content-Type",
  "Content-Length",
  "Mcp-Session-Id",
  "Mcp-Protocol-Version",
  "X-Forwarded-For",
  "Accept",
  "not a name",
])("passthroughHeaders: [%s] is refused", (name) => {
  expect(faultsOf({ passthroughHeaders: [name] })).toEqual(["passthroughHeaders[0]"]);
});

it("passthroughHeaders: [Authorization] is refused, for all and for one backend, until the risk is taken by its name", async () => {
  const own = { name: "a", url: "http://a/mcp", passthroughHeaders: ["X-A", "authorization"] };
  expect(faultsOf({ passthroughHeaders: ["Authorization"] })).toEqual(["passthroughHeaders[0]"]);
  expect(faultsOf({ backends: [own] })).toEqual(["backends[0].passthroughHeaders[1]"]);
  const acceptRisks = { authorizationPassthrough: "one team" };
  expect(faultsOf({ backends: [own], passthroughHeaders: ["Authorization"], acceptRisks })).toEqual(
    [],
  );
  expect(faultsOf({ acceptRisks: { everything: "a" } })).toEqual(["acceptRisks.everything"]);
  const fleet = await startFleet({
    passthroughHeaders: ["Authorization"],
    acceptRisks: { authorizationPassthrough: "one team" },
  });
  await fleet.client.post(callOf("write"), { Authorization: "Bearer of-the-client" });
  const [call] = fleet.backend.of("tools/call");
  expect(call?.headers.authorization).toBe("Bearer of-the-client");
});
