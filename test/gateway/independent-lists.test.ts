import { describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startProxy } from "../../testkit/processes/gateway.ts";
import {
  callOf,
  type FleetOptions,
  messageOf,
  type ScriptedFleet,
  startFleet,
  textOf,
} from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const NAMES = ["write", "read", "repeat"];
const LATE_TOOL = { name: "late", inputSchema: { type: "object" } };
const CAPABILITIES = { tools: {}, prompts: {}, resources: {} };

const listOf = async (client: RawClient, method: string) =>
  messageOf(await client.post(JSON.stringify({ jsonrpc: "2.0", id: 1, method })));

const toolsOf = async ({ client }: ScriptedFleet) =>
  (await listOf(client, "tools/list")).result?.tools?.map(({ name }) => name);

const rowOf = async ({ gateway }: ScriptedFleet) => (await gateway.server.status()).backends[0];

/** A backend that has prompts, and lists that are asked for again at once. */
function start(mode: "best_effort" | "fail", more: FleetOptions = {}): Promise<ScriptedFleet> {
  const { prepare, ...rest } = more;
  return startFleet({
    limits: { catalogRefresh: "200ms" },
    operational: { failureHandling: { partialFailureMode: mode } },
    ...rest,
    prepare: (backend) => {
      backend.capabilities = CAPABILITIES;
      backend.prompts = [{ name: "greet" }];
      prepare?.(backend);
    },
  });
}

const MODES = ["best_effort", "fail"] as const;

/** What servers answer to a list that they announce and do not have. */
const FAULTS: readonly [string, string, Parameters<ScriptedBackend["on"]>[1]][] = [
  ["prompts/list", "-32603", (exchange) => exchange.error(-32603, "no prompts today")],
  ["resources/templates/list", "-32602", (exchange) => exchange.error(-32602, "no templates")],
  ["resources/list", "code 0", (exchange) => exchange.error(0, "Method not found")],
  ["prompts/list", "HTTP 500", (exchange) => exchange.status(500)],
  ["prompts/list", "a broken connection", (exchange) => exchange.reset()],
];

describe.each(MODES)("under partialFailureMode %s", (mode) => {
  it.each(FAULTS)(
    "%s that fails with %s takes 0 of 3 tools away, and /status names it",
    async (method, _how, script) => {
      const fleet = await start(mode, { prepare: (backend) => backend.on(method, script) });

      expect(await toolsOf(fleet)).toEqual(NAMES);
      expect(textOf(await fleet.client.post(callOf("write")))).toBe("write for raw");

      const list = { "prompts/list": "prompts", "resources/list": "resources" }[method];
      const error = expect.stringMatching(new RegExp(`^${list ?? "resourceTemplates"}: `));
      expect(await rowOf(fleet)).toMatchObject({ state: "degraded", error, tools: 3 });
      expect(fleet.backend.discovered("initialize")).toBe(1);
      const failing = await listOf(fleet.client, method);
      const data = { missingBackends: ["scripted"] };
      if (mode === "fail") expect(failing.error?.data).toMatchObject(data);
      else expect(failing.result?._meta).toEqual({ "mcp-fleet/missingBackends": ["scripted"] });
    },
  );

  it("prompts/list that fails at a refresh keeps its 1 prompt, and a tool more is there", async () => {
    const fleet = await start(mode);
    const prompts = async () => (await listOf(fleet.client, "prompts/list")).result;
    expect(await prompts()).toEqual({ prompts: [{ name: "greet" }] });

    fleet.backend.on("prompts/list", (exchange) => exchange.error(-32603, "gone"));
    await eventually(async () => expect((await rowOf(fleet))?.state).toBe("degraded"));
    fleet.backend.tools = [...fleet.backend.tools, LATE_TOOL];

    await eventually(async () => expect(await toolsOf(fleet)).toEqual([...NAMES, "late"]));
    expect(await prompts()).toEqual({ prompts: [{ name: "greet" }] });
    expect(await rowOf(fleet)).toMatchObject({ state: "degraded", prompts: 1, tools: 4 });

    fleet.backend.on("prompts/list", (exchange) => exchange.result({ prompts: [] }));
    await eventually(async () => expect((await rowOf(fleet))?.state).toBe("up"));
    expect(await prompts()).toEqual({ prompts: [] });
    expect(fleet.backend.discovered("initialize")).toBe(1);
  });
});

it("a list of a session's own that fails is missing in that list alone: 3 tools under partialFailureMode fail", async () => {
  const fleet = await start("fail", {
    backend: { catalog: "perSession" },
    prepare: (backend) => backend.on("prompts/list", (exchange) => exchange.error(-32603, "no")),
  });
  expect((await listOf(fleet.client, "prompts/list")).error).toMatchObject({
    data: { missingBackends: ["scripted"] },
  });
  expect(await toolsOf(fleet)).toEqual(NAMES);
  expect(textOf(await fleet.client.post(callOf("write")))).toBe("write for raw");
});

it("a list of a session's own is asked for alone: 1 tools/list of a client is 1 request at the backend", async () => {
  const fleet = await start("best_effort", { backend: { catalog: "perSession" } });
  await toolsOf(fleet);
  const lists = fleet.backend.received.filter(
    ({ kind, client }) => kind.endsWith("/list") && client !== "mcp-fleet",
  );
  expect(lists.map(({ kind }) => kind)).toEqual(["tools/list"]);
});

it("a proxy keeps no lists: prompts/list fails as its server says it, and 3 tools are listed", async () => {
  const backend = await ScriptedBackend.start();
  onTestFinished(() => backend.stop());
  backend.on("prompts/list", (exchange) => exchange.error(-32603, "no prompts today"));
  const proxy = await startProxy({ backends: [{ name: "scripted", url: backend.url }] });
  onTestFinished(() => proxy.close());
  const client = await RawClient.open(proxy.url);
  expect((await listOf(client, "prompts/list")).error?.message).toBe("no prompts today");
  expect((await listOf(client, "tools/list")).result?.tools).toHaveLength(3);
});
