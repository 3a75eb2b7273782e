import type { Configuration } from "@mcp-fleet/contract/settings";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Member } from "../../testkit/clients/member.ts";
import { type RunningRole, startGateway } from "../../testkit/processes/gateway.ts";
import { configurationFor } from "../../testkit/processes/scripted-fleet.ts";
import { Issuer } from "../../testkit/servers/issuer.ts";
import { ScriptedBackend } from "../../testkit/servers/scripted-backend.ts";

const POLICIES = [
  // Whoever is in eng may do everything, but pay more than 100.
  'permit(principal in THVGroup::"eng", action, resource);',
  'forbid(principal, action, resource == Tool::"pay") when { context has arg_amount && context.arg_amount > 100 };',
  // Support reads.
  'permit(principal in THVGroup::"support", action, resource) when { resource has readOnlyHint && resource.readOnlyHint };',
  'permit(principal in THVGroup::"support", action == Action::"get_prompt", resource == Prompt::"greet");',
  'permit(principal in THVGroup::"support", action == Action::"read_resource", resource) when { resource.uri like "file:///open/*" };',
];

const tool = (name: string, annotations: object = {}) => ({
  name,
  annotations,
  inputSchema: { type: "object" },
});

let backend: ScriptedBackend;
let issuer: Issuer;
let gateway: RunningRole;

async function start(policies: readonly string[] = POLICIES, rest: Partial<Configuration> = {}) {
  const jwt = { issuer: issuer.url, audience: Issuer.AUDIENCE, jwks: issuer.url };
  const authz = { type: "cedar" as const, policies: [...policies] };
  const incomingAuth = { type: "jwt" as const, jwt, authz };
  return await startGateway(configurationFor(backend.url, { incomingAuth, ...rest }));
}

const memberOf = async (group: string, sub = group) =>
  await Member.open(gateway.url, await issuer.token({ sub, more: { groups: [group] } }));

async function startAll() {
  [backend, issuer] = await Promise.all([ScriptedBackend.start(), Issuer.start()]);
  backend.capabilities = {
    tools: { listChanged: true },
    prompts: {},
    resources: { subscribe: true },
    completions: {},
  };
  backend.tools = [tool("pay"), tool("look", { readOnlyHint: true })];
  backend.prompts = [{ name: "greet" }, { name: "fire" }];
  backend.resources = [
    { uri: "file:///open/a", name: "a" },
    { uri: "file:///closed/b", name: "b" },
  ];
  backend.resourceTemplates = [
    { uriTemplate: "file:///open/{x}", name: "open" },
    { uriTemplate: "file:///closed/{x}", name: "closed" },
  ];
  gateway = await start();
  return async () => {
    await gateway.close();
    await Promise.all([backend.stop(), issuer.close()]);
  };
}

describe("a client with a group", () => {
  beforeAll(startAll);
  beforeEach(() => {
    backend.received.length = 0;
  });

  it("gets 4 lists without what it may not use, and a client without one gets 4 empty lists", async () => {
    const [eng, support, nobody] = await Promise.all(
      ["eng", "support", "none"].map((group) => memberOf(group)),
    );
    const lists = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];
    const all = (member: Member | undefined) =>
      Promise.all(lists.map((list) => member?.names(list)));
    expect(await all(eng)).toEqual([
      ["pay", "look"],
      ["greet", "fire"],
      ["file:///open/a", "file:///closed/b"],
      ["file:///open/{x}", "file:///closed/{x}"],
    ]);
    expect(await all(support)).toEqual([
      ["look"],
      ["greet"],
      ["file:///open/a"],
      ["file:///open/{x}"],
    ]);
    expect(await all(nobody)).toEqual([[], [], [], []]);
  });

  it.each([
    ["tools/call", { name: "pay" }, { name: "nothing" }, "Unknown tool"],
    ["prompts/get", { name: "fire" }, { name: "nothing" }, "Unknown prompt"],
    ["resources/read", { uri: "file:///closed/b" }, undefined, "Resource not found"],
    // Not listed, and made from a template that is.
    ["resources/read", { uri: "file:///closed/c" }, undefined, "Resource not found"],
    ["resources/subscribe", { uri: "file:///closed/b" }, undefined, "Resource not found"],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "fire" }, argument: { name: "a", value: "" } },
      undefined,
      "Unknown prompt",
    ],
    [
      "completion/complete",
      {
        ref: { type: "ref/resource", uri: "file:///closed/{x}" },
        argument: { name: "x", value: "" },
      },
      undefined,
      "Resource not found",
    ],
  ])(
    "%s of %o is answered as if it were not there, with 0 requests at the backend",
    async (method, params, absent, says) => {
      const support = await memberOf("support");
      const refused = await support.ask(method, params);
      expect(refused.error?.message).toContain(says);
      expect(backend.count(method)).toBe(0);
      if (absent === undefined) return;
      const unknown = await support.ask(method, absent);
      expect({ ...refused.error, message: "" }).toEqual({ ...unknown.error, message: "" });
    },
  );

  it("reads what it may, listed or made from a template", async () => {
    const support = await memberOf("support");
    await support.ask("resources/read", { uri: "file:///open/a" });
    await support.ask("resources/read", { uri: "file:///open/other" });
    await support.ask("tools/call", { name: "look" });
    expect([backend.count("resources/read"), backend.count("tools/call")]).toEqual([2, 1]);
  });

  it("pays 100, and 101 is unknown: policies on arguments are asked at each call", async () => {
    const eng = await memberOf("eng");
    const pay = (amount: number) => eng.ask("tools/call", { name: "pay", arguments: { amount } });
    expect((await pay(100)).error).toBeUndefined();
    expect((await pay(101)).error?.message).toBe("Unknown tool: pay");
    expect(backend.count("tools/call")).toBe(1);
  });
});

describe("decisions", () => {
  beforeAll(startAll);

  /** Decisions that were made since the start. */
  const made = async () => {
    const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    const counts = [...text.matchAll(/authorization_decisions_total\{[^}]*\} (\d+)/g)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };

  it("of 2 tools are made once for 3 clients of a class, and calls of a kept one make 0 more", async () => {
    const members = await Promise.all(["a", "b", "c"].map((sub) => memberOf("support", sub)));
    const [first, ...others] = members;
    await first?.names("tools/list");
    expect(await made()).toBe(2);
    for (const member of others) await member.names("tools/list");
    for (const member of members) await member.ask("tools/call", { name: "look" });
    expect(await made()).toBe(2);
  });
});

describe("a change of the lists", () => {
  beforeAll(startAll);

  it("is told to the 1 of 2 clients that sees it, and not to the other", async () => {
    const [eng, support] = await Promise.all([memberOf("eng"), memberOf("support")]);
    const streams = await Promise.all([eng.listen(), support.listen()]);
    onTestFinished(() => {
      for (const stream of streams) stream.leave();
    });
    await Promise.all([eng.names("tools/list"), support.names("tools/list")]);
    const [ofEng, ofSupport] = streams.map((stream) => stream.next());

    backend.tools = [...backend.tools, tool("write")];
    await backend.announce({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
    expect(await ofEng).toContain("notifications/tools/list_changed");
    expect(await eng.names("tools/list")).toEqual(["pay", "look", "write"]);

    // The first that the other one hears is of a tool that it sees.
    backend.tools = [...backend.tools, tool("read", { readOnlyHint: true })];
    await backend.announce({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
    expect(await ofSupport).toContain("notifications/tools/list_changed");
    expect(await support.names("tools/list")).toEqual(["look", "read"]);
  });
});

describe("a configuration with a faulty policy", () => {
  beforeAll(startAll);

  it("does not start, and says which line", async () => {
    await expect(
      start(["permit(principal, action, resource) when { principal.role };"]),
    ).rejects.toThrow("line 1: principal has no attribute role");
  });
});
