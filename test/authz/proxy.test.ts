import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Member } from "../../testkit/clients/member.ts";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { type RunningRole, startProxy } from "../../testkit/processes/gateway.ts";
import { INITIALIZE } from "../../testkit/processes/oidc-fleet.ts";
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
let proxy: RunningRole;

const memberOf = async (group: string) =>
  await Member.open(proxy.url, await issuer.token({ sub: group, more: { groups: [group] } }));

beforeAll(async () => {
  [backend, issuer] = await Promise.all([ScriptedBackend.start(), Issuer.start()]);
  backend.capabilities = {
    tools: {},
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
  const jwt = { issuer: issuer.url, audience: Issuer.AUDIENCE, jwks: issuer.url };
  const authz = { type: "cedar" as const, policies: POLICIES };
  const incomingAuth = { type: "jwt" as const, jwt, authz };
  const { aggregation: _, ...configuration } = configurationFor(backend.url, { incomingAuth });
  proxy = await startProxy(configuration);
  return async () => {
    await proxy.close();
    await Promise.all([backend.stop(), issuer.close()]);
  };
});

beforeEach(() => {
  backend.received.length = 0;
});

describe("a proxy without a gateway, with a login and policies", () => {
  it("answers 401 to who has no token, and sends 0 requests to its server", async () => {
    const { status } = await new RawClient(proxy.url).post(INITIALIZE);
    expect([status, backend.received.length]).toEqual([401, 0]);
  });

  it("gives a client 4 lists without what it may not use, and who may nothing 4 empty ones", async () => {
    const [support, nobody] = await Promise.all([memberOf("support"), memberOf("none")]);
    const lists = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];
    // Their server answers each of these requests with all four lists.
    const all = async (member: Member) => {
      const answers = [];
      for (const list of lists) answers.push(JSON.stringify((await member.ask(list)).result));
      expect(new Set(answers).size).toBe(1);
      const result: Record<string, Record<string, unknown>[]> = JSON.parse(answers[0] ?? "{}");
      return Object.values(result).map((items) =>
        items.map((item) => item.uri ?? item.uriTemplate ?? item.name),
      );
    };
    expect(await all(support)).toEqual([
      ["look"],
      ["greet"],
      ["file:///open/a"],
      ["file:///open/{x}"],
    ]);
    expect(await all(nobody)).toEqual([[], [], [], []]);
  });

  it("passes on what a client may use, and asks for hints once for 3 calls of one that has listed nothing", async () => {
    const support = await memberOf("support");
    for (let call = 0; call < 3; call += 1) await support.ask("tools/call", { name: "look" });
    await support.ask("resources/read", { uri: "file:///open/other" });
    expect(["tools/call", "resources/read"].map((kind) => backend.count(kind))).toEqual([3, 1]);
    expect(backend.count("tools/list")).toBeLessThanOrEqual(1);
  });

  it.each([
    ["tools/call", { name: "pay" }, "Unknown tool: pay"],
    ["tools/call", { name: "hidden" }, "Unknown tool: hidden"],
    ["prompts/get", { name: "fire" }, "Unknown prompt: fire"],
    ["resources/read", { uri: "file:///closed/b" }, "Resource not found: file:///closed/b"],
    ["resources/subscribe", { uri: "file:///closed/b" }, "Resource not found: file:///closed/b"],
    ["resources/unsubscribe", { uri: "file:///closed/b" }, "Resource not found: file:///closed/b"],
    ["completion/complete", { ref: { name: "fire" } }, "Unknown prompt: fire"],
    ["completion/complete", { ref: { uri: "file:///closed/{x}" } }, "Resource not found"],
    ["completion/complete", { ref: { name: "greet", uri: "file:///closed/{x}" } }, "either"],
    ["shop/buy", { name: "look" }, "Method not found: shop/buy"],
  ])(
    "answers %s of %o as if it were not there, with 0 requests at the server",
    async (method, params, says) => {
      const support = await memberOf("support");
      const { error } = await support.ask(method, params);
      expect(error?.message).toContain(says);
      expect(backend.count(method)).toBe(0);
    },
  );

  it.each([
    ["tools/call", '{"name":"look","Name":"pay"}'],
    ["prompts/get", '{"name":"greet","NAME":"fire"}'],
    ["resources/read", '{"uri":"file:///open/a","Uri":"file:///closed/b"}'],
    ["completion/complete", '{"ref":{"name":"greet","Name":"fire"}}'],
  ])("refuses %s of %s, which servers that ignore case read otherwise", async (method, params) => {
    const support = await memberOf("support");
    const { error } = await support.askText(method, params);
    expect(error?.message).toContain("must be written");
    expect(backend.count(method)).toBe(0);
  });

  it("pays 100 and not 101", async () => {
    const eng = await memberOf("eng");
    const pay = (amount: number) => eng.ask("tools/call", { name: "pay", arguments: { amount } });
    expect((await pay(100)).error).toBeUndefined();
    expect((await pay(101)).error?.message).toBe("Unknown tool: pay");
    expect(backend.count("tools/call")).toBe(1);
  });

  it("leaves a list of which everything is permitted as it came, byte for byte", async () => {
    const token = await issuer.token({ sub: "e", more: { groups: ["eng"] } });
    const headers = { authorization: `Bearer ${token}` };
    const open = async (url: string) => {
      const client = new RawClient(url);
      const answer = await client.post(INITIALIZE, headers);
      client.sessionId = String(answer.headers["mcp-session-id"]);
      return client;
    };
    const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
    const [through, direct] = await Promise.all([open(proxy.url), open(backend.url)]);
    const { text } = await through.post(list, headers);
    expect(text).toBe((await direct.post(list)).text);
  });
});
