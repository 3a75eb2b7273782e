import { expect, it } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { callOf, messageOf, startFleet } from "../../testkit/processes/scripted-fleet.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const KIB = 2 ** 10;
const LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';

/** A gateway before a backend whose lists are each session's own, with one tool of 10 KiB, and so many clients. */
async function start(sessionCatalogBytes: string, clients: number) {
  const fleet = await startFleet({
    backend: { catalog: "perSession" },
    limits: { sessionCatalogBytes },
    prepare: (backend) => {
      const description = "x".repeat(10 * KIB);
      backend.tools = [{ name: "long", description, inputSchema: { type: "object" } }];
      backend.on("tools/call", (exchange) => exchange.result({ content: [] }));
    },
  });
  const { gateway, backend } = fleet;
  const held = async () => {
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    return Number(/^mcp_fleet_session_list_bytes (\d+)$/m.exec(text)?.[1]);
  };
  return {
    held,
    clients: await Promise.all(Array.from({ length: clients }, () => RawClient.open(gateway.url))),
    lists: () => backend.of("tools/list").length,
  };
}

it("of 10 sessions with 20 KiB each, a limits.sessionCatalogBytes of 128 KiB keeps 5: the others read theirs again", async () => {
  const { clients, held, lists } = await start("128Ki", 10);
  for (const client of clients) {
    expect(messageOf(await client.post(LIST)).result?.tools).toHaveLength(1);
  }
  expect(await held()).toBeGreaterThan(100 * KIB);
  expect(await held()).toBeLessThanOrEqual(128 * KIB);

  const before = lists();
  for (const client of clients.slice(-5)) {
    expect(messageOf(await client.post(callOf("long")))).toHaveProperty("result");
  }
  expect(lists() - before).toBe(0);
  for (const client of clients.slice(0, 2)) {
    expect(messageOf(await client.post(callOf("long")))).toHaveProperty("result");
  }
  expect(lists() - before).toBe(2);
  expect(await held()).toBeLessThanOrEqual(128 * KIB);

  for (const client of clients) await client.end();
  await eventually(async () => expect(await held()).toBe(0));
});

it("a session whose lists are longer than all may have is served, and none of them is kept", async () => {
  const { clients, held } = await start("8Ki", 1);
  for (const client of clients) {
    expect(messageOf(await client.post(LIST)).result?.tools).toHaveLength(1);
    expect(messageOf(await client.post(callOf("long")))).toHaveProperty("result");
  }
  expect(await held()).toBe(0);
});
