import { ConfigError } from "@mcp-fleet/contract";
import { type Configuration, validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";

type IncomingAuth = NonNullable<Configuration["incomingAuth"]>;

const BACKENDS = [{ name: "a", url: "http://a/mcp" }];
const OIDC = { issuer: "https://login.example.com", audience: "https://gateway.example.com/mcp" };

const settingsOf = (incomingAuth: IncomingAuth, more: Partial<Configuration> = {}) =>
  validate({ backends: BACKENDS, incomingAuth, ...more });

const faultsOf = (incomingAuth: object, more: Partial<Configuration> = {}) => {
  try {
    validate({ backends: BACKENDS, incomingAuth, ...more });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ path }) => path);
    throw error;
  }
  return [];
};

describe("incomingAuth.oidc", () => {
  it("needs an issuer and an audience, which is the resource too if it is a URL", () => {
    const { oidc } = settingsOf({ type: "oidc", oidc: OIDC });
    expect(oidc).toMatchObject({
      issuers: [{ ...OIDC, jwksAllowPrivateIp: false, insecureAllowHttp: false }],
      resource: OIDC.audience,
      requiredScopes: [],
      dpopRequired: false,
      tokenType: "any",
      clockToleranceSeconds: 30,
      cacheBytes: 16 * 2 ** 20,
    });
    const named = settingsOf({ type: "oidc", oidc: { ...OIDC, audience: "gateway" } });
    expect(named.oidc).not.toHaveProperty("resource");
  });

  it("takes every field of ToolHive's vmcp as it is there", () => {
    const oidc = {
      ...OIDC,
      clientId: "vmcp",
      clientSecretEnv: "OIDC_CLIENT_SECRET",
      resource: "https://gateway.example.com/mcp",
      scopes: ["openid", "profile", "email"],
      jwksUrl: "https://login.example.com/keys",
      introspectionUrl: "https://login.example.com/introspect",
      caBundlePath: "/etc/ca.crt",
      protectedResourceAllowPrivateIp: false,
      jwksAllowPrivateIp: true,
      insecureAllowHttp: false,
    };
    const authz = { type: "none" } as const;
    expect(settingsOf({ type: "oidc", oidc, authz }).oidc?.issuers[0]).toMatchObject({
      clientId: "vmcp",
      clientSecretEnv: "OIDC_CLIENT_SECRET",
      jwksAllowPrivateIp: true,
    });
  });

  it("requires the scopes that are not about the user", () => {
    const scopes = [
      "openid",
      "profile",
      "email",
      "address",
      "phone",
      "offline_access",
      "mcp:tools",
    ];
    const { oidc } = settingsOf({ type: "oidc", oidc: { ...OIDC, scopes } });
    expect(oidc).toMatchObject({ scopes, requiredScopes: ["mcp:tools"] });
  });

  it("gives further issuers the audience of the first, unless they have their own", () => {
    const moreIssuers = [
      { issuer: "https://b.example.com" },
      { issuer: "https://c.example.com", audience: "c" },
    ];
    const { oidc } = settingsOf({ type: "oidc", oidc: { ...OIDC, moreIssuers } });
    expect(oidc?.issuers.map(({ audience }) => audience)).toEqual([
      OIDC.audience,
      OIDC.audience,
      "c",
    ]);
  });

  const oidc = (more: object) => ({ type: "oidc", oidc: { ...OIDC, ...more } });
  const at = "incomingAuth.oidc";

  it.each<[string, object, readonly string[]]>([
    ["no section", { type: "oidc" }, [at]],
    ["a section and no type", { oidc: OIDC }, [at]],
    ["another type", { type: "anonymous", oidc: OIDC }, [at]],
    ["an issuer that is http", oidc({ issuer: "http://login.example.com" }), [`${at}.issuer`]],
    ["keys that are http", oidc({ jwksUrl: "http://a/keys" }), [`${at}.jwksUrl`]],
    ["no audience", { type: "oidc", oidc: { issuer: OIDC.issuer } }, [`${at}.audience`]],
    ["2 scopes in 1 entry", oidc({ scopes: ["openid email"] }), [`${at}.scopes[0]`]],
    ["a quote in a scope", oidc({ scopes: ['a", error="b'] }), [`${at}.scopes[0]`]],
    ["an unknown field", oidc({ audiences: [] }), [`${at}.audiences`]],
    [
      "2 secrets",
      oidc({ clientId: "a", clientSecretEnv: "A", clientSecretFile: "/a" }),
      [`${at}.clientSecretFile`],
    ],
    ["introspection by nobody", oidc({ introspectionUrl: "https://a" }), [`${at}.clientId`]],
    ["logout of nobody", oidc({ backchannelLogout: true }), [`${at}.clientId`]],
    [
      "an issuer twice",
      oidc({ moreIssuers: [{ issuer: OIDC.issuer }] }),
      [`${at}.moreIssuers[0].issuer`],
    ],
    [
      "2 issuers that introspect",
      oidc({
        clientId: "a",
        clientSecretEnv: "A",
        moreIssuers: [{ issuer: "https://b", clientId: "b", clientSecretFile: "/b" }],
      }),
      [`${at}.moreIssuers[0].clientSecretFile`],
    ],
    [
      "http at a further issuer",
      oidc({ insecureAllowHttp: true, moreIssuers: [{ issuer: "http://b" }] }),
      [`${at}.moreIssuers[0].issuer`],
    ],
  ])("with %s has 1 fault", (_, incomingAuth, paths) => {
    expect(faultsOf(incomingAuth)).toEqual(paths);
  });

  it("may be http where that is said by name", () => {
    const issuer = "http://localhost:8080/realms/dev";
    expect(faultsOf(oidc({ issuer, insecureAllowHttp: true }))).toEqual([]);
  });

  it("has principals to count", () => {
    expect(faultsOf(oidc({}), { session: { maxPerPrincipal: 5 } })).toEqual([]);
  });
});

describe("incomingAuth.type local", () => {
  it("is for loopback addresses: at any other, everybody would be the user of the machine", () => {
    expect(settingsOf({ type: "local" })).toMatchObject({ local: true });
    expect(faultsOf({ type: "local" }, { host: "::1" })).toEqual([]);
    expect(faultsOf({ type: "local" }, { host: "0.0.0.0" })).toEqual(["host"]);
  });
});
