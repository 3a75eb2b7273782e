import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { ConfigError } from "@mcp-fleet/contract";
import { type AuthorizationSettings, validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";
import { readPolicies } from "../../runtime/authz/cedar-policies.ts";

const backends = [{ name: "a", url: "http://127.0.0.1:9/mcp" }];

function settingsOf(authz: object): AuthorizationSettings {
  const { authorization } = validate({ backends, incomingAuth: { authz } });
  if (authorization === undefined) throw new Error("authz is not on");
  return authorization;
}

/** What is said of policies, each fault as `PATH: RULE → FIX`. */
function faultsOf(policies: readonly string[], more: object = {}): string[] {
  try {
    readPolicies(cedar, settingsOf({ type: "cedar", policies, ...more }));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, rule, fix }) => `${path}: ${rule} → ${fix}`);
  }
}

const at = (index: number) => `incomingAuth.authz.policies[${index}]`;

describe("policies at the start", () => {
  it("2 that speak of what there is have 0 faults", () => {
    expect(
      faultsOf([
        'permit(principal in THVGroup::"eng", action == Action::"call_tool", resource in Backend::"github");',
        'forbid(principal, action, resource) when { resource.destructiveHint && context.arg_force == true } unless { principal has claim_role && principal.claim_role == "admin" };',
      ]),
    ).toEqual([]);
  });

  it.each([
    [
      "a syntax error",
      "permit(principal, action,\n  resource) when { principal. };",
      /^incomingAuth\.authz\.policies\[0\]: line 2: .*unexpected token/,
    ],
    [
      "MCP's own name of an action",
      'permit(principal,\n action == Action::"tools/call", resource);',
      `${at(0)}: line 2: there is no Action::"tools/call" → use call_tool`,
    ],
    [
      "a claim without claim_",
      'permit(principal, action, resource)\nwhen { principal.role == "developer" };',
      `${at(0)}: line 2: principal has no attribute role → use claim_role: principal has a claim under each of its attributes`,
    ],
    [
      "a mistyped hint",
      "permit(principal, action, resource) when { resource.readonlyHint };",
      `${at(0)}: line 1: resource has no attribute readonlyHint → use readOnlyHint`,
    ],
    [
      "an entity type that there is not",
      'permit(principal in Team::"a", action, resource);',
      /no entities of the type Team → use one of Client/,
    ],
    ["a template", "permit(principal == ?principal, action, resource);", /must not be a template/],
  ])("%s is named with its line and a fix", (_, policy, said) => {
    const [fault, ...others] = faultsOf([policy]);
    expect(others).toEqual([]);
    expect(fault).toEqual(typeof said === "string" ? said : expect.stringMatching(said));
  });

  it("the faults of 3 policies and the entities are all there at once", () => {
    const faults = faultsOf(["permit(", "permit(principal, action, resource);", "forbid("], {
      entitiesJson: "{",
    });
    expect(faults.map((fault) => fault.split(":")[0])).toEqual([
      "incomingAuth.authz.entitiesJson",
      at(0),
      at(2),
    ]);
  });

  it("entities of the configuration bring types of their own", () => {
    const policy = 'permit(principal in Team::"a", action, resource);';
    const entities = [{ uid: { type: "Team", id: "a" }, attrs: {}, parents: [] }];
    expect(faultsOf([policy], { entitiesJson: JSON.stringify(entities) })).toEqual([]);
  });

  it.each([
    [{ type: "cedar" }, "policies", /must have a policy/],
    [{ policies: ["permit(principal, action, resource);"] }, "policies", /must be absent unless/],
    [{ type: "cedarv1" }, "type", /none or cedar/],
    [{ primaryUpstreamProvider: "okta" }, "primaryUpstreamProvider", /not supported/],
  ])("%o is refused at %s", (authz, key, rule) => {
    expect(() => validate({ backends, incomingAuth: { authz } })).toThrow(
      new RegExp(`incomingAuth\\.authz\\.${key}[^]*${rule.source}`),
    );
  });

  it("a proxy may have one, as a gateway", () => {
    const authz = { type: "cedar", policies: ["permit(principal, action, resource);"] };
    const { authorization } = validate({ backends, incomingAuth: { authz } }, [], "proxy");
    expect(authorization?.policies).toEqual(authz.policies);
  });
});
