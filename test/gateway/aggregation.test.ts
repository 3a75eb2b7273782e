import type { Configuration } from "@mcp-fleet/contract/settings";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { FleetProcess } from "../../testkit/processes/fleet-process.ts";
import { type RunningRole, startGateway } from "../../testkit/processes/gateway.ts";
import { callOf, messageOf, textOf } from "../../testkit/processes/scripted-fleet.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const tool = (name: string) => ({ name, inputSchema: { type: "object" } });

const request = (method: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });

async function backendWith(...tools: string[]): Promise<ScriptedBackend> {
  const backend = await ScriptedBackend.start();
  backend.tools = tools.map(tool);
  // Its lists are asked for again and again, since it announces no changes.
  backend.capabilities = { tools: {}, resources: {} };
  return backend;
}

const backendsOf = (servers: Record<string, ScriptedBackend>) =>
  Object.entries(servers).map(([name, { url }]) => ({ name, url }));

const toolsOf = async (client: RawClient) =>
  messageOf(await client.post(request("tools/list"))).result?.tools?.map(({ name }) => name);

describe("a gateway before 2 backends, with rules for what clients see", () => {
  let notes: ScriptedBackend;
  let files: ScriptedBackend;
  let gateway: RunningRole;
  let client: RawClient;

  const RULES: Configuration["aggregation"] = {
    tools: [
      { workload: "notes", filter: ["find", "add"], overrides: { search: { name: "find" } } },
      { workload: "files", excludeAll: true },
    ],
    prompts: [{ workload: "notes", filter: ["greet"] }],
    resources: [{ workload: "files", filter: ["file:///open", "file:///{+path}"] }],
  };

  beforeAll(async () => {
    notes = await backendWith("search", "add", "wipe");
    files = await backendWith("list");
    const capabilities = {
      tools: {},
      prompts: {},
      resources: { subscribe: true },
      completions: {},
    };
    notes.capabilities = capabilities;
    notes.prompts = [{ name: "greet" }, { name: "secret" }];
    files.capabilities = capabilities;
    files.resources = ["file:///open", "file:///secret"].map((uri) => ({ uri, name: uri }));
    files.resourceTemplates = [{ uriTemplate: "file:///{+path}", name: "any" }];
    gateway = await startGateway({ aggregation: RULES, backends: backendsOf({ notes, files }) });
    client = await RawClient.open(gateway.url);
    return async () => {
      await gateway.close();
      await notes.stop();
      await files.stop();
    };
  });

  it("calls a tool of a new name at its backend by the old one", async () => {
    expect(await toolsOf(client)).toEqual(["notes_find", "notes_add"]);
    expect(textOf(await client.post(callOf("notes_find")))).toBe("search for raw");
  });

  it.each(["notes_wipe", "notes_search", "files_list"])(
    "knows no tool %s, and sends 0 requests for it",
    async (name) => {
      const before = notes.count("tools/call") + files.count("tools/call");
      expect(messageOf(await client.post(callOf(name))).error).toEqual({
        code: -32602,
        message: `Unknown tool: ${name}`,
        data: expect.anything(),
      });
      expect(notes.count("tools/call") + files.count("tools/call")).toBe(before);
    },
  );

  it.each([
    ["prompts/get", { name: "notes_secret" }],
    ["completion/complete", { ref: { type: "ref/prompt", name: "notes_secret" }, argument: {} }],
    ["resources/read", { uri: "file:///secret" }],
    ["resources/read", { uri: "file:///%73ecret" }],
    ["resources/subscribe", { uri: "file:///secret" }],
    ["completion/complete", { ref: { type: "ref/resource", uri: "file:///secret" }, argument: {} }],
  ])("refuses %s of %o, and sends 0 requests for it", async (method, params) => {
    const message = messageOf(await client.post(request(method, params)));
    expect(message.error?.message).toMatch(/^(Unknown prompt|Resource not found): /);
    expect(notes.count(method) + files.count(method)).toBe(0);
  });

  it("reads what is seen, and what a template makes that is seen", async () => {
    for (const uri of ["file:///open", "file:///other"]) {
      expect(
        messageOf(await client.post(request("resources/read", { uri }))).error,
      ).toBeUndefined();
    }
    expect(files.count("resources/read")).toBe(2);
  });

  it("explains 2 tools, 1 prompt, 1 resource and 1 template in /status, and 4 items that are hidden", async () => {
    const { aggregation } = await gateway.server.status();
    expect(aggregation).toMatchObject({
      conflictResolution: "prefix",
      unresolved: [],
      warnings: [],
      more: { warnings: 0, names: 0, hidden: 0 },
    });
    expect(aggregation?.names).toHaveLength(5);
    expect(aggregation?.names[0]).toEqual({
      list: "tools",
      name: "notes_find",
      backend: "notes",
      own: "search",
      because: "override, prefix",
    });
    expect(aggregation?.hidden.map(({ own, because }) => [own, because])).toEqual([
      ["wipe", "filter"],
      ["list", "excludeAll"],
      ["secret", "filter"],
      ["file:///secret", "filter"],
    ]);
  });
});

it("a gateway of 1 backend asks it for a URI that nobody lists, unless a filter has others", async () => {
  const only = await backendWith("t");
  onTestFinished(() => only.stop());
  only.resources = [{ uri: "file:///open", name: "open" }];
  const read = async (aggregation: Configuration["aggregation"]) => {
    const gateway = await startGateway({ aggregation, backends: backendsOf({ only }) });
    onTestFinished(() => gateway.close());
    const client = await RawClient.open(gateway.url);
    await client.post(request("resources/read", { uri: "file:///unlisted" }));
    return only.count("resources/read");
  };
  expect(await read({ resources: [{ workload: "only", filter: ["file:///open"] }] })).toBe(0);
  expect(await read({ resources: [{ workload: "only", excludeAll: true }] })).toBe(0);
  expect(await read({})).toBe(1);
});

describe("conflictResolution manual", () => {
  const manual = { conflictResolution: "manual" } as const;

  async function start(...tools: readonly (readonly string[])[]) {
    const [a, b] = await Promise.all(tools.map((names) => backendWith(...names)));
    if (a === undefined || b === undefined) throw new Error("2 lists of tools are needed");
    onTestFinished(async () => {
      await a.stop();
      await b.stop();
    });
    const configuration = {
      limits: { catalogRefresh: "200ms" },
      aggregation: manual,
      backends: backendsOf({ a, b }),
    };
    return { a, b, configuration };
  }

  it("ends a process with code 2 while 2 backends offer one name, and names both", async () => {
    const { configuration } = await start(["t"], ["t", "u"]);
    const fleet = await FleetProcess.start(configuration);
    onTestFinished(() => fleet.stop());
    expect(await fleet.exited).toBe(2);
    const output = fleet.lines.join("\n");
    expect(output).toContain("must be left to one backend");
    expect(output).toContain("a and b");
  });

  it("keeps the lists of before when a conflict comes later, and takes the new ones when it is over", async () => {
    const { a, b, configuration } = await start(["t"], ["u"]);
    const gateway = await startGateway(configuration);
    onTestFinished(() => gateway.close());
    const client = await RawClient.open(gateway.url);
    expect(await toolsOf(client)).toEqual(["t", "u"]);

    b.tools = ["u", "t", "v"].map(tool);
    await eventually(async () => {
      const { aggregation } = await gateway.server.status();
      expect(aggregation?.unresolved).toEqual([{ list: "tools", name: "t", backends: ["a", "b"] }]);
    });
    expect(await toolsOf(client)).toEqual(["t", "u"]);
    expect(textOf(await client.post(callOf("t")))).toBe("t for raw");
    expect(a.count("tools/call")).toBe(1);

    a.tools = [tool("w")];
    await eventually(async () => expect(await toolsOf(client)).toEqual(["w", "u", "t", "v"]));
    expect((await gateway.server.status()).aggregation?.unresolved).toEqual([]);
  });
});
