import { describe, expect, test } from "vitest";
import { configuredStack } from "../../policies/examples/configured.ts";
import { edited, type Json, withFacts } from "../../policies/examples/edit.ts";
import { manifest } from "../../policies/examples/manifest.ts";
import { openGateway } from "../../policies/exposure/open-gateway.ts";
import { httpIssuers } from "../../policies/identity/http-issuers.ts";
import { httpTokenEndpoints } from "../../policies/identity/http-token-endpoints.ts";
import { privateIssuers } from "../../policies/identity/private-issuers.ts";
import { tokenPassthrough } from "../../policies/identity/token-passthrough.ts";
import { wildcardPermits } from "../../policies/identity/wildcard-permits.ts";
import { judged, UNKNOWN } from "../../testkit/pulumi/judged-stack.ts";

const GATEWAY = "Deployment eng-gateway";

const permits = (text: string) =>
  judged(wildcardPermits, configuredStack({ incomingAuth: { authz: { policies: [text] } } }))
    .length;

describe("wildcard-permits", () => {
  test.each([
    "permit(principal, action, resource);",
    "permit (\n  principal,\n  action,\n  resource\n) ;",
    '@id("all") permit(principal, action, resource,);',
    "permit(principal, action, resource) when { true };",
    'permit(principal, action == Action::"call_tool", resource);',
    'permit(principal, action in [Action::"list_tools", MCP::Action::"call_tool"], resource);',
    'forbid(principal, action, resource == Tool::"x"); permit(principal, action, resource);',
    "permit( // everybody\n principal, action, resource);",
  ])("finds %s", (text) => {
    expect(permits(text)).toBe(1);
  });

  test.each([
    'permit(principal in THVGroup::"eng", action, resource);',
    'permit(principal, action == Action::"list_tools", resource);',
    'permit(principal, action, resource == Tool::"weather");',
    'permit(principal, action, resource) when { principal.claim_role == "admin" };',
    'permit(principal, action, resource) unless { context.arg_path like "/etc/*" };',
    "forbid(principal, action, resource);",
    "// permit(principal, action, resource);\nforbid(principal, action, resource);",
    'forbid(principal, action, resource) when { context.a == "permit(principal, action, resource);" };',
  ])("passes %s", (text) => {
    expect(permits(text)).toBe(0);
  });
});

const oidc = (...moreIssuers: Json[]): Json => ({
  incomingAuth: {
    type: "oidc",
    oidc: { issuer: "https://id.example.com", audience: "mcp", moreIssuers },
  },
});

test("http-issuers finds every address of every issuer, but for the machine itself", () => {
  const of = (...issuers: Json[]) =>
    judged(httpIssuers, configuredStack(oidc(...issuers) as { [name: string]: Json })).map(
      (message) => / (\S+) is an http/.exec(message)?.[1],
    );
  const path = "incomingAuth.oidc.moreIssuers[0]";
  expect(of({ issuer: "http://a.example.com" })).toEqual([`${path}.issuer`]);
  expect(
    of({ issuer: "https://a", jwksUrl: "http://a/keys", introspectionUrl: "http://a/i" }),
  ).toEqual([`${path}.jwksUrl`, `${path}.introspectionUrl`]);
  expect(of({ issuer: "http://localhost:8080" }, { issuer: "http://127.0.0.1" })).toEqual([]);
  const jwt = { incomingAuth: { jwt: { jwks: "http://id.example.com/keys" } } };
  expect(judged(httpIssuers, configuredStack(jwt))).toHaveLength(1);
});

test("http-token-endpoints finds them in the strategies of all, of one backend and of lists", () => {
  const strategy = { tokenExchange: { tokenUrl: "http://id.example.com/token" } };
  const found = judged(
    httpTokenEndpoints,
    configuredStack({
      outgoingAuth: { default: strategy, backends: { a: strategy } },
      backends: [{ name: "a", discoveryAuth: strategy }],
    }),
  ).map((message) => / (\S+) is an http/.exec(message)?.[1]);
  expect(found).toEqual([
    "outgoingAuth.default.tokenExchange.tokenUrl",
    "outgoingAuth.backends.a.tokenExchange.tokenUrl",
    "backends[0].discoveryAuth.tokenExchange.tokenUrl",
  ]);
});

test("token-passthrough finds tokens and cookies of clients, for all and for one backend", () => {
  const stack = configuredStack({
    passthroughHeaders: ["X-A", "cookie"],
    backends: [{ name: "a", passthroughHeaders: ["AUTHORIZATION"] }],
  });
  expect(judged(tokenPassthrough, stack)).toEqual([
    expect.stringContaining("passthroughHeaders names cookie"),
    expect.stringContaining("backends[0].passthroughHeaders names AUTHORIZATION"),
  ]);
});

const VIOLATIONS = [
  ["wildcardPermits", wildcardPermits],
  ["httpIssuers", httpIssuers],
  ["privateIssuers", privateIssuers],
  ["httpTokenEndpoints", httpTokenEndpoints],
  ["authorizationPassthrough", tokenPassthrough],
] as const;

describe.each(VIOLATIONS)("a gateway that takes the risk %s", (risk, policy) => {
  const { fails } = policy.examples;

  test("is left alone if there is a reason, and only of that risk", () => {
    const with_ = (risks: Json) => withFacts(fails, GATEWAY, { acceptRisks: risks });
    expect(judged(policy, with_({ [risk]: "a demonstration" }))).toEqual([]);
    expect(judged(policy, with_({ [risk]: " " }))).not.toEqual([]);
    expect(judged(policy, with_({ belowPlan: "a demonstration" }))).not.toEqual([]);
  });

  test("is judged by its variables, too, and not passed while its configuration is unknown or no YAML", () => {
    const map = fails.find(({ name }) => name === "eng");
    const text = JSON.parse(Object(map?.props).data["configuration.json"]);
    const env = Object.entries(flat(text)).map(([name, value]) => ({ name, value }));
    const byEnv = edited(configuredStack({}), GATEWAY, {
      "spec.template.spec.containers[0].env": env,
    });
    expect(judged(policy, byEnv)).not.toEqual([]);
    expect(judged(policy, configuredStack(UNKNOWN)).join()).toContain("is not known");
    expect(judged(policy, configuredStack("a: [")).join()).toContain("neither JSON nor YAML");
  });
});

/** A configuration as variables. */
function flat(section: object, prefix = "MCP_FLEET"): Record<string, string> {
  return Object.fromEntries(
    Object.entries(section).flatMap(([key, value]): [string, string][] => {
      const name = `${prefix}_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
      if (typeof value === "object" && !Array.isArray(value)) {
        return Object.entries(flat(value, name));
      }
      return [[name, Array.isArray(value) ? JSON.stringify(value) : String(value)]];
    }),
  );
}

test("open-gateway leaves a gateway alone that takes the risk for a reason", () => {
  const { fails } = openGateway.examples;
  const accepted = withFacts(fails, GATEWAY, { acceptRisks: { openGateway: "a public demo" } });
  expect(judged(openGateway, accepted)).toEqual([]);
});

describe("resources of ToolHive", () => {
  const of = (kind: string, spec: Json, annotations: Readonly<Record<string, Json>> = {}) => [
    manifest(`toolhive.stacklok.dev/v1beta1:${kind}`, "eng", { metadata: { annotations }, spec }),
  ];
  const inline = { policies: ["permit(principal, action, resource);"] };
  const authzConfig = { type: "inline", inline };

  test("are judged as ours: policies, issuers and token endpoints", () => {
    const wild = [
      of("VirtualMCPServer", { incomingAuth: { type: "oidc", authzConfig } }),
      of("MCPServer", { authzConfig }),
      of("MCPAuthzConfig", { config: inline }),
    ];
    for (const stack of wild) expect(judged(wildcardPermits, stack)).toHaveLength(1);
    const issuer = { inline: { issuer: "http://id", jwksAllowPrivateIP: true } };
    const config = of("MCPOIDCConfig", { type: "inline", ...issuer });
    expect(judged(httpIssuers, config)).toHaveLength(1);
    expect(judged(privateIssuers, config)).toHaveLength(1);
    expect(judged(httpIssuers, of("MCPServer", { oidcConfig: issuer }))).toHaveLength(1);
    const exchange = of("MCPExternalAuthConfig", { tokenExchange: { tokenUrl: "http://id/t" } });
    expect(judged(httpTokenEndpoints, exchange)).toHaveLength(1);
    const headers = of("VirtualMCPServer", { config: { passthroughHeaders: ["Authorization"] } });
    expect(judged(tokenPassthrough, headers)).toHaveLength(1);
  });

  test("are left alone where their annotation takes the risk", () => {
    const annotations = { "mcp-fleet.dev/accept-risks": '{"wildcardPermits":"one team"}' };
    expect(judged(wildcardPermits, of("MCPServer", { authzConfig }, annotations))).toEqual([]);
  });
});
