import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";
import { Decider, type Item } from "../../runtime/authz/decider.ts";
import { classOf, classRuleOf } from "../../runtime/authz/principal-class.ts";

const backends = [{ name: "github", url: "http://127.0.0.1:9/mcp" }];

/** What policies make of a principal with these claims. */
function decider(policies: readonly string[], more: object = {}) {
  const authz = { type: "cedar", policies, ...more };
  const { authorization } = validate({ backends, incomingAuth: { authz } });
  if (authorization === undefined) throw new Error("authz is not on");
  const decides = new Decider(cedar, authorization, "vmcp");
  const mentions = decides.policies.policies.map((policy) => policy.mentions);
  const groups = decides.policies.entities.map(({ uid }) => ("id" in uid ? uid.id : ""));
  const rule = classRuleOf(mentions, authorization.groupEntityType, groups);
  const classIn = (claims: object, subject = "alice") =>
    classOf({ subject, claims: { ...claims }, owner: subject }, rule, authorization);
  return {
    classIn,
    decide: (claims: object, item: Item, args?: Record<string, unknown>) =>
      decides.decide(classIn(claims), item, args),
    permits: (claims: object, item: Item, args?: Record<string, unknown>) =>
      decides.decide(classIn(claims), item, args).permitted,
  };
}

const tool = (name: string, hints: Item["hints"] = {}): Item => ({
  list: "tools",
  name,
  backend: "github",
  hints,
});

describe("a decision", () => {
  it("is no where no policy permits", () => {
    const { decide } = decider(['permit(principal, action == Action::"get_prompt", resource);']);
    expect(decide({}, tool("a"))).toEqual({ permitted: false, policies: [], errors: [] });
  });

  it("follows the groups of a token, in 4 places where issuers have them", () => {
    const policy = 'permit(principal in THVGroup::"eng", action, resource);';
    const { permits } = decider([policy], { groupClaimName: "realm_access.roles" });
    expect(permits({ groups: ["eng"] }, tool("a"))).toBe(true);
    expect(permits({ "cognito:groups": ["eng"] }, tool("a"))).toBe(true);
    expect(permits({ realm_access: { roles: ["eng"] } }, tool("a"))).toBe(true);
    // The first claim that is there counts, also where it is empty.
    expect(permits({ realm_access: { roles: [] }, groups: ["eng"] }, tool("a"))).toBe(false);
    expect(permits({ groups: "eng" }, tool("a"))).toBe(false);
  });

  it("follows groups of groups that the configuration has", () => {
    const entities = [
      { uid: { type: "THVGroup", id: "all" }, attrs: {}, parents: [] },
      {
        uid: { type: "THVGroup", id: "eng" },
        attrs: {},
        parents: [{ type: "THVGroup", id: "all" }],
      },
    ];
    const { permits } = decider(['permit(principal in THVGroup::"all", action, resource);'], {
      entitiesJson: JSON.stringify(entities),
    });
    expect(permits({ groups: ["eng"] }, tool("a"))).toBe(true);
    expect(permits({ groups: ["ops"] }, tool("a"))).toBe(false);
  });

  it("knows the backend, the gateway, the hints and the name", () => {
    const { permits } = decider([
      'permit(principal, action, resource in Backend::"github") when { resource has readOnlyHint && resource.readOnlyHint && resource in MCP::"vmcp" };',
      'forbid(principal, action, resource == Tool::"github_secret");',
    ]);
    expect(permits({}, tool("github_read", { readOnlyHint: true }))).toBe(true);
    expect(permits({}, tool("github_write", { readOnlyHint: false }))).toBe(false);
    expect(permits({}, { ...tool("a", { readOnlyHint: true }), backend: "git" })).toBe(false);
    expect(permits({}, tool("github_secret", { readOnlyHint: true }))).toBe(false);
  });

  it("knows a URI under the id that ToolHive gives it", () => {
    const { permits } = decider([
      'permit(principal, action == Action::"read_resource", resource == Resource::"file____etc_motd");',
    ]);
    expect(permits({}, { list: "resources", name: "file:///etc/motd", backend: "a" })).toBe(true);
    expect(permits({}, { list: "resources", name: "file:///etc/shadow", backend: "a" })).toBe(
      false,
    );
  });

  it("depends on arguments: text, numbers, flags, and that there are others", () => {
    const { permits } = decider([
      'permit(principal, action, resource == Tool::"pay") when { context.arg_amount <= 100 && context.arg_currency == "EUR" };',
      'permit(principal, action, resource == Tool::"send") when { context has arg_to_present };',
    ]);
    expect(permits({}, tool("pay"), { amount: 100, currency: "EUR" })).toBe(true);
    expect(permits({}, tool("pay"), { amount: 101, currency: "EUR" })).toBe(false);
    expect(permits({}, tool("pay"), { amount: "100", currency: "EUR" })).toBe(false);
    expect(permits({}, tool("pay"))).toBe(false);
    expect(permits({}, tool("send"), { to: ["bob"] })).toBe(true);
  });

  it("is no, with the policy, where one cannot be evaluated", () => {
    const { decide } = decider([
      "permit(principal, action, resource);",
      'forbid(principal, action, resource) when { principal.claim_role == "guest" };',
    ]);
    expect(decide({ role: "admin" }, tool("a")).permitted).toBe(true);
    const refused = decide({}, tool("a"));
    expect(refused.permitted).toBe(false);
    expect(refused.errors).toEqual([expect.stringMatching(/^policies\[1\]: .*claim_role/)]);
  });

  it.each([
    ["a claim", { role: { __entity: { type: "Role", id: "admin" } } }],
    ["a claim in a list", { role: [{ __entity: { type: "Role", id: "admin" } }] }],
    ["a claim that calls a function", { role: { __extn: { fn: "ip", arg: "10.0.0.1" } } }],
  ])("takes no entity or function from %s", (_, claims) => {
    const entities = [{ uid: { type: "Role", id: "admin" }, attrs: {}, parents: [] }];
    const { permits } = decider(
      [
        'permit(principal, action, resource) when { principal.claim_role == Role::"admin" || [Role::"admin"].contains(principal.claim_role) };',
      ],
      { entitiesJson: JSON.stringify(entities) },
    );
    expect(permits(claims, tool("a"))).toBe(false);
  });

  it("takes no entity from an argument, and no attribute that is ours", () => {
    const { permits } = decider([
      'permit(principal, action, resource) when { resource.name == "b" || context has claim_role };',
    ]);
    expect(permits({}, tool("a"), { name: "b", __entity: { type: "Client", id: "x" } })).toBe(
      false,
    );
  });
});

describe("classes of principals", () => {
  const people = Array.from({ length: 10_000 }, (_, index) => ({
    groups: [`team-${index % 5}`, `hobby-${index}`],
    email: `p${index}@example.com`,
  }));

  it("10,000 principals of 5 groups that policies name are 5 classes", () => {
    const policies = [0, 1, 2, 3].map(
      (team) =>
        `permit(principal, action, resource) when { principal in THVGroup::"team-${team}" };`,
    );
    const { classIn } = decider([
      ...policies,
      'permit(principal in THVGroup::"team-4", action, resource);',
    ]);
    const keys = people.map((claims, index) => classIn(claims, `p${index}`).key);
    expect(new Set(keys).size).toBe(5);
  });

  it.each([
    ['permit(principal == Client::"p7", action, resource);'],
    ['permit(principal, action, resource) when { principal == Client::"p7" };'],
    ['permit(principal, action, resource) when { principal in [Client::"p7"] };'],
    ['permit(principal, action, resource) when { context.claim_email == "p7@example.com" };'],
    ["permit(principal, action, resource) unless { context == {} };"],
  ])("%s tells each of 20 principals apart", (policy) => {
    const { classIn } = decider([policy]);
    const keys = people.slice(0, 20).map((claims, index) => classIn(claims, `p${index}`).key);
    expect(new Set(keys).size).toBe(20);
  });
});
