import { describe, expect, it } from "vitest";
import {
  type FleetOptions,
  messageOf,
  type ScriptedFleet,
  startFleet,
} from "../../testkit/processes/scripted-fleet.ts";
import type { Exchange } from "../../testkit/servers/scripted-exchange.ts";

const tool = (name: string) => ({ name, inputSchema: { type: "object" } });
const tools = (count: number) => Array.from({ length: count }, (_, at) => tool(`tool${at}`));

const start = (script: (exchange: Exchange) => void, more: FleetOptions = {}) =>
  startFleet({ ...more, prepare: (backend) => backend.on("tools/list", script) });

async function namesOf({ client }: ScriptedFleet): Promise<string[] | undefined> {
  const answer = messageOf(await client.post('{"jsonrpc":"2.0","id":1,"method":"tools/list"}'));
  return answer.result?.tools?.map(({ name }) => name);
}

const rowOf = async ({ gateway }: ScriptedFleet) => (await gateway.server.status()).backends[0];

const CURSORS: readonly [string, unknown, number, string | undefined][] = [
  ["the same each time", "c2FtZQ==", 2, "leads nowhere new"],
  ["empty", "", 1, "leads nowhere new"],
  ["a number", 7, 1, "is not a string"],
  ["null", null, 1, undefined],
];

describe("a list of 2 tools whose nextCursor is", () => {
  it.each(CURSORS)(
    "%s is 2 tools, after as many requests as it takes, and /status warns",
    async (_what, nextCursor, requests, warning) => {
      const fleet = await start((exchange) => exchange.result({ tools: tools(2), nextCursor }));
      expect(await namesOf(fleet)).toEqual(["tool0", "tool1"]);
      const asked = fleet.backend.received.filter(({ kind }) => kind === "tools/list");
      const first = asked.findIndex(({ params }) => params.cursor === undefined);
      const next = asked.findIndex(({ params }, at) => at > first && params.cursor === undefined);
      expect((next === -1 ? asked.length : next) - first).toBe(requests);
      const said = warning === undefined ? undefined : expect.stringContaining(warning);
      expect(await rowOf(fleet)).toMatchObject({ state: "up", tools: 2, warning: said });
    },
  );
});

const LIMITS: readonly [string, FleetOptions["limits"], number, string][] = [
  ["items", { catalogItems: 30 }, 30, "limits.catalogItems, 30 items"],
  ["pages", { catalogPages: 4 }, 40, "limits.catalogPages, 4 pages"],
  ["bytes", { catalogBytes: 1_000 }, 20, "limits.catalogBytes, 1000"],
];

describe.each(["shared", "perSession"] as const)(
  "endless pages of 10 tools, catalog %s",
  (catalog) => {
    it.each(LIMITS)(
      "end at the limit of %s, and what was read is offered",
      async (_what, limits, count, warning) => {
        const script = (exchange: Exchange) => {
          const page = Number(exchange.received.params.cursor ?? 0);
          const ten = Array.from({ length: 10 }, (_, at) => tool(`tool${page}${at}`));
          exchange.result({ tools: ten, nextCursor: String(page + 1) });
        };
        const fleet = await start(script, { limits, backend: { catalog } });
        expect(await namesOf(fleet)).toHaveLength(count);
        expect((await rowOf(fleet))?.warning).toContain(`tools: the list`);
        expect((await rowOf(fleet))?.warning).toContain(warning);
      },
    );
  },
);

it("600 templates are 500, and a name that is listed twice is there 1 time", async () => {
  const many = Array.from({ length: 600 }, (_, at) => ({
    uriTemplate: `t${at}://{id}`,
    name: "t",
  }));
  const fleet = await startFleet({
    prepare: (backend) => {
      backend.resourceTemplates = many;
      backend.tools = [tool("a"), tool("b"), tool("a")];
    },
  });
  expect(await namesOf(fleet)).toEqual(["a", "b"]);
  expect(await rowOf(fleet)).toMatchObject({
    tools: 2,
    resourceTemplates: 500,
    warning:
      "tools: the backend lists a name twice: the first one stands; resourceTemplates: the list has more than limits.catalogTemplates, 500 items: the rest is left out",
  });
});

describe("all lists together, with a limits.catalogBytesPerView of 1 KiB, 1 view and 1 backend", () => {
  const limits = {
    catalogBytesPerView: "1Ki",
    views: 1,
    catalogRefresh: "50ms",
    catalogRecheck: "50ms",
  } as const;

  it("are 1 KiB: a list of 100 tools ends there, and is whole again once it fits", async () => {
    let offered = tools(100);
    const fleet = await start((exchange) => exchange.result({ tools: offered }), { limits });
    const names = (await namesOf(fleet)) ?? [];
    const bytes = names.map((name) => JSON.stringify(tool(name)).length);
    const held = bytes.reduce((sum, one) => sum + one, 0);
    expect(held).toBeLessThanOrEqual(1024);
    expect(held).toBeGreaterThan(900);
    expect((await rowOf(fleet))?.warning).toContain("limits.catalogBytesPerView");
    const metrics = await (await fetch(`${fleet.gateway.adminUrl}/metrics`)).text();
    expect(metrics).toContain(`mcp_fleet_list_bytes ${held}`);

    offered = tools(15).map(({ name, ...rest }) => ({ name: `other-${name}`, ...rest }));
    await expect.poll(() => namesOf(fleet)).toEqual(offered.map(({ name }) => name));
    expect((await rowOf(fleet))?.warning).toBeUndefined();
  });
});

it("with a limits.catalogReads of 2, 2 of 4 lists are read at a time, and all of them in the end", async () => {
  const waiting: Exchange[] = [];
  let most = 0;
  const hold = (exchange: Exchange) => {
    waiting.push(exchange);
    most = Math.max(most, waiting.length);
    setImmediate(() => {
      const [next] = waiting.splice(0, 1);
      next?.result({ tools: [], prompts: [], resources: [], resourceTemplates: [] });
    });
  };
  const fleet = await startFleet({
    limits: { catalogReads: 2 },
    prepare: (backend) => {
      backend.tools = [tool("a")];
      for (const kind of ["prompts/list", "resources/list", "resources/templates/list"] as const) {
        backend.on(kind, hold);
      }
      backend.on("tools/list", hold);
    },
  });
  expect(await namesOf(fleet)).toEqual([]);
  expect(await rowOf(fleet)).toMatchObject({ state: "up" });
  expect(most).toBeLessThanOrEqual(2);
});

it("a backend with a session id of 4,097 bytes offers nothing, and its row says why; one with 4,096 is up", async () => {
  const withId = (bytes: number) =>
    startFleet({
      prepare: (backend) => {
        backend.on("initialize", (exchange) => {
          const capabilities = { tools: {} };
          const serverInfo = { name: "long", version: "1" };
          const result = { protocolVersion: "2025-11-25", capabilities, serverInfo };
          const id = "s".repeat(bytes);
          backend.sessions.add(id);
          exchange.result(result, { "mcp-session-id": id });
        });
      },
    });
  const refused = await withId(4_097);
  await expect
    .poll(() => rowOf(refused))
    .toMatchObject({
      state: "down",
      error: "its session id has 4097 bytes, and at most 4096 are kept",
    });
  const taken = await withId(4_096);
  await expect.poll(() => rowOf(taken)).toMatchObject({ state: "up" });
});
