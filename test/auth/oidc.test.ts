import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { RawClient } from "../../testkit/clients/raw-client.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import {
  bearer,
  ECHO,
  initializeWith,
  ON_THIS_MACHINE,
  openWith,
  refusalOf,
  startOidcFleet,
} from "../../testkit/processes/oidc-fleet.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { type Claims, Issuer } from "../../testkit/servers/issuer.ts";

let issuer: Issuer;
let other: Issuer;

beforeAll(async () => {
  [issuer, other] = await Promise.all([Issuer.start(), Issuer.start("RS256")]);
});
afterAll(() => Promise.all([issuer.close(), other.close()]));

beforeEach(() => {
  for (const one of [issuer, other]) {
    one.isDown = false;
    one.redirect = undefined;
    one.metadata = {};
    one.opaque.clear();
    one.introspected.length = 0;
    one.fetches = 0;
    one.discoveries = 0;
  }
});

const settings = (more: object = {}) => ({
  issuer: issuer.url,
  audience: Issuer.AUDIENCE,
  ...ON_THIS_MACHINE,
  ...more,
});

const start = (more: object = {}) => startOidcFleet({ oidc: settings(more) });

const SECRET = {
  clientId: "gateway",
  clientSecretEnv: "MCP_FLEET_TEST_CLIENT_SECRET",
};

function setSecret(): void {
  vi.stubEnv(SECRET.clientSecretEnv, "secret");
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** Has time go on, as tokens and caches see it. */
function laterBy(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + milliseconds });
  onTestFinished(() => void vi.useRealTimers());
}

describe("an issuer", () => {
  it("is asked once for its metadata and once for its keys, for 20 tokens", async () => {
    const { gateway } = await start();
    for (let count = 0; count < 20; count += 1) {
      const token = await issuer.token({ sub: `user ${count}` });
      expect((await initializeWith(gateway, bearer(token))).status).toBe(200);
    }
    expect([issuer.discoveries, issuer.fetches]).toEqual([1, 1]);
  });

  it("is asked for its keys once in 10 s, however many tokens name keys that it does not have", async () => {
    const { gateway } = await start();
    for (let count = 0; count < 20; count += 1) {
      const token = await issuer.token({ header: { kid: `unknown ${count}` } });
      const { status, why } = refusalOf(await initializeWith(gateway, bearer(token)));
      expect([status, why]).toEqual([401, "the issuer has no such key"]);
    }
    expect(issuer.fetches).toBe(1);
  });

  it("that is away is 503 with Retry-After, is asked once in 2 s, and serves when it is back", async () => {
    issuer.isDown = true;
    const { gateway, lines } = await start();
    const token = await issuer.token();
    for (let count = 0; count < 5; count += 1) {
      const answer = await initializeWith(gateway, bearer(token));
      expect(refusalOf(answer)).toMatchObject({ status: 503, code: "JWKS_UNAVAILABLE" });
      expect(answer.headers["retry-after"]).toBe("2");
    }
    expect(issuer.discoveries).toBe(1);
    expect(lines.filter(({ msg }) => msg.includes("metadata cannot be read"))).toHaveLength(1);
    issuer.isDown = false;
    laterBy(2_000);
    expect((await initializeWith(gateway, bearer(token))).status).toBe(200);
  });

  it("that calls itself another in its metadata is not believed", async () => {
    issuer.metadata = { issuer: other.url };
    const { gateway } = await start();
    const answer = await initializeWith(gateway, bearer(await issuer.token()));
    expect(refusalOf(answer)).toMatchObject({ status: 503, code: "JWKS_UNAVAILABLE" });
  });

  it("is one of 2, each with its keys and its audience: neither can speak for the other", async () => {
    const audience = "https://other.example.com";
    const { gateway } = await start({
      moreIssuers: [{ issuer: other.url, audience, ...ON_THIS_MACHINE }],
    });
    const outcome = async (from: Issuer, claims: Claims) =>
      refusalOf(await initializeWith(gateway, bearer(await from.token(claims)))).why;
    expect(await outcome(issuer, {})).toBeUndefined();
    expect(await outcome(other, { aud: audience })).toBeUndefined();
    expect(await outcome(other, {})).toBe("the token's aud is not accepted");
    expect(await outcome(issuer, { aud: audience })).toBe("the token's aud is not accepted");
    // Signed by one in the name of the other.
    expect(await outcome(other, { iss: issuer.url })).toBe("the issuer has no such key");
    expect(await outcome(issuer, { iss: "https://nobody.example.com" })).toBe(
      "the token's iss is not accepted",
    );
  });

  it("has sessions of its own: the same sub of another one is another principal, and gets 404", async () => {
    const { gateway } = await start({
      moreIssuers: [{ issuer: other.url, ...ON_THIS_MACHINE }],
    });
    const client = await openWith(gateway, bearer(await issuer.token({ sub: "alice" })));
    const stranger = await client.post(ECHO, bearer(await other.token({ sub: "alice" })));
    expect(stranger.status).toBe(404);
    expect((await client.post(ECHO, bearer(await issuer.token({ sub: "alice" })))).status).toBe(
      200,
    );
  });
});

describe("addresses of issuers", () => {
  it("that are private are refused unless a setting allows them, and nobody is asked there", async () => {
    const { gateway, lines } = await start({ protectedResourceAllowPrivateIp: false });
    const answer = await initializeWith(gateway, bearer(await issuer.token()));
    expect(refusalOf(answer)).toMatchObject({ status: 503, code: "JWKS_UNAVAILABLE" });
    expect(issuer.discoveries).toBe(0);
    const line = lines.find(({ msg }) => msg.includes("metadata cannot be read"));
    expect(JSON.stringify(line)).toContain("jwksAllowPrivateIp");
  });

  it("are judged after their names are resolved", async () => {
    const { port } = new URL(issuer.url);
    const { gateway, lines } = await start({
      issuer: `http://localhost:${port}`,
      protectedResourceAllowPrivateIp: false,
    });
    const iss = `http://localhost:${port}`;
    expect((await initializeWith(gateway, bearer(await issuer.token({ iss })))).status).toBe(503);
    expect(issuer.discoveries).toBe(0);
    const line = lines.find(({ msg }) => msg.includes("metadata cannot be read"));
    expect(JSON.stringify(line)).toContain("is a private address");
  });

  it("that hold the credentials of a machine are refused in any case, also where metadata points there", async () => {
    issuer.metadata = { jwks_uri: "http://169.254.169.254/latest/meta-data" };
    const { gateway, lines } = await start();
    expect((await initializeWith(gateway, bearer(await issuer.token()))).status).toBe(503);
    const line = lines.find(({ msg }) => msg.includes("keys cannot be read"));
    expect(JSON.stringify(line)).toContain("169.254.169.254 is a private address");
  });

  it("are not followed where an issuer redirects", async () => {
    other.metadata = { issuer: issuer.url };
    const { gateway } = await start({ jwksUrl: `${issuer.url}/redirect` });
    issuer.redirect = `${other.url}/jwks`;
    const token = await other.token({ iss: issuer.url });
    expect((await initializeWith(gateway, bearer(token))).status).toBe(503);
    expect(other.fetches).toBe(0);
  });
});

describe("a JWT", () => {
  const refused = async (claims: Claims, more: object = {}) => {
    const { gateway } = await start(more);
    return refusalOf(await initializeWith(gateway, bearer(await issuer.token(claims))));
  };

  it.each<[string, Claims, string]>([
    ["for another audience", { aud: "https://elsewhere" }, "the token's aud is not accepted"],
    [
      "that is an ID token, by its at_hash",
      { more: { at_hash: "x" } },
      "the token is not an access token",
    ],
    [
      "that is an ID token, by its nonce",
      { more: { nonce: "x" } },
      "the token is not an access token",
    ],
    [
      "that is an ID token, in the words of Keycloak",
      { more: { typ: "ID" } },
      "the token is not an access token",
    ],
    [
      "that is a refresh token, in the words of Keycloak",
      { more: { typ: "Refresh" } },
      "the token is not an access token",
    ],
    [
      "that is a logout token",
      { header: { typ: "logout+jwt" } },
      "the token's typ is not that of an access token",
    ],
    [
      "that is bound to a certificate",
      { more: { cnf: { "x5t#S256": "x" } } },
      "the token is bound to what cannot be proven here",
    ],
    ["without an end", { expiresIn: undefined }, "the token's exp is not accepted"],
    [
      "whose key is a path",
      { header: { kid: "../../../../dev/null" } },
      "the issuer has no such key",
    ],
    [
      "whose key is a member of every object",
      { header: { kid: "__proto__" } },
      "the issuer has no such key",
    ],
  ])("%s is refused", async (_, claims, why) => {
    expect(await refused(claims)).toMatchObject({ status: 401, error: "invalid_token", why });
  });

  it("with the typ of an access token, or in the words of Keycloak, may have a nonce", async () => {
    const { gateway } = await start();
    for (const claims of [
      { header: { typ: "at+jwt" }, more: { nonce: "x" } },
      { header: { typ: "JWT" }, more: { typ: "Bearer", nonce: "x" } },
    ]) {
      expect((await initializeWith(gateway, bearer(await issuer.token(claims)))).status).toBe(200);
    }
  });

  it("without the typ of an access token is refused where only that is accepted", async () => {
    const { gateway } = await start({ tokenType: "at+jwt" });
    const outcome = async (claims: Claims) =>
      (await initializeWith(gateway, bearer(await issuer.token(claims)))).status;
    expect(await outcome({})).toBe(401);
    expect(await outcome({ header: { typ: "JWT" } })).toBe(401);
    expect(await outcome({ header: { typ: "at+jwt" } })).toBe(200);
    expect(await outcome({ header: { typ: "application/at+jwt" } })).toBe(200);
  });

  it("without a signature, or signed with the public key as a secret, is refused", async () => {
    const { gateway } = await start();
    const tokens = [issuer.unsigned(), await issuer.confused("PEM"), await issuer.confused("JWK")];
    for (const token of tokens) {
      const { status, why } = refusalOf(await initializeWith(gateway, bearer(token)));
      expect([status, why]).toEqual([401, "the token's algorithm is not accepted"]);
    }
    const forged = await initializeWith(gateway, bearer(await issuer.forged()));
    expect(refusalOf(forged).why).toBe("the token's signature is not the issuer's");
  });

  it.each(["jku", "x5u"])(
    "whose header %s points to other keys has nobody read them",
    async (name) => {
      const { gateway } = await start();
      const header = { [name]: `${other.url}/jwks` };
      const token = await other.token({ iss: issuer.url, header });
      expect((await initializeWith(gateway, bearer(token))).status).toBe(401);
      expect(other.fetches).toBe(0);
    },
  );

  it("with its own key in its header is refused", async () => {
    const { gateway } = await start();
    const [jwk] = other.jwks.keys;
    const token = await other.token({ iss: issuer.url, header: { jwk } });
    expect(refusalOf(await initializeWith(gateway, bearer(token))).status).toBe(401);
  });

  it("that has expired is 401, and its session stays for a refreshed one", async () => {
    const { gateway } = await start({ clockTolerance: "1s" });
    const token = await issuer.token({ expiresIn: 60 });
    const client = await openWith(gateway, bearer(token));
    laterBy(62_000);
    const late = refusalOf(await client.post(ECHO, bearer(token)));
    expect(late).toMatchObject({ status: 401, why: "the token has expired" });
    expect((await client.post(ECHO, bearer(await issuer.token()))).status).toBe(200);
  });
});

describe("scopes", () => {
  it("are named in the metadata and in every challenge, and those about the user are not required", async () => {
    const { gateway } = await start({ scopes: ["openid", "offline_access", "mcp:tools"] });
    const { headers } = await new RawClient(gateway.url).post(ECHO);
    expect(headers["www-authenticate"]).toContain('scope="openid offline_access mcp:tools"');
    const path = "/.well-known/oauth-protected-resource/mcp";
    const metadata = await new RawClient(gateway.url).send({ method: "GET", path });
    expect(JSON.parse(metadata.text)).toMatchObject({
      resource: Issuer.AUDIENCE,
      authorization_servers: [issuer.url],
      scopes_supported: ["openid", "offline_access", "mcp:tools"],
    });
    const token = await issuer.token({ more: { scope: "mcp:tools other" } });
    expect((await initializeWith(gateway, bearer(token))).status).toBe(200);
  });

  it("that a token lacks are 403 insufficient_scope, the session stays, and a token with them goes on", async () => {
    const { gateway } = await start({ scopes: ["mcp:tools", "mcp:admin"] });
    const full = await issuer.token({ more: { scope: "mcp:admin mcp:tools" } });
    const client = await openWith(gateway, bearer(full));
    const less = await issuer.token({ more: { scope: "mcp:tools mcp:admins" } });
    for (let count = 0; count < 2; count += 1) {
      const answer = await client.post(ECHO, bearer(less));
      expect(refusalOf(answer)).toMatchObject({
        status: 403,
        code: "INSUFFICIENT_SCOPE",
        error: "insufficient_scope",
      });
      const challenge = answer.headers["www-authenticate"];
      expect(challenge).toContain('scope="mcp:tools mcp:admin"');
      expect(challenge).toContain("resource_metadata=");
    }
    expect((await client.post(ECHO, bearer(full))).status).toBe(200);
  });

  it.each([
    ["scp as a list", ["mcp:tools"]],
    ["scp as text", "mcp:tools other"],
  ])("are read from %s", async (_, scp) => {
    const { gateway } = await start({ scopes: ["mcp:tools"] });
    const token = await issuer.token({ more: { scp } });
    expect((await initializeWith(gateway, bearer(token))).status).toBe(200);
  });
});

describe("a token that is no JWT", () => {
  const truth = (more: object = {}) => ({
    active: true,
    iss: issuer.url,
    aud: Issuer.AUDIENCE,
    sub: "alice",
    exp: Math.floor(Date.now() / 1000) + 600,
    ...more,
  });

  it("is introspected once, with the client's credentials, and a minute later again", async () => {
    setSecret();
    const { gateway } = await start(SECRET);
    issuer.opaque.set("opaque", truth());
    const client = await openWith(gateway, bearer("opaque"));
    for (let count = 0; count < 5; count += 1) {
      expect((await client.post(ECHO, bearer("opaque"))).status).toBe(200);
    }
    expect(issuer.introspected).toEqual(["opaque"]);
    expect(issuer.introspector).toBe(`Basic ${btoa("gateway:secret")}`);
    issuer.opaque.delete("opaque");
    laterBy(60_000);
    expect(refusalOf(await client.post(ECHO, bearer("opaque"))).why).toBe(
      "the token is not active",
    );
    expect(issuer.introspected).toHaveLength(2);
  });

  it("that is not active is asked about once in 10 s", async () => {
    setSecret();
    const { gateway } = await start(SECRET);
    for (let count = 0; count < 5; count += 1) {
      const { status, why } = refusalOf(await initializeWith(gateway, bearer("unknown")));
      expect([status, why]).toEqual([401, "the token is not active"]);
    }
    expect(issuer.introspected).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    ["another issuer", { iss: "https://other.example.com" }, "the token's iss is not accepted"],
    ["another audience", { aud: ["https://elsewhere"] }, "the token's aud is not accepted"],
    ["no audience", { aud: undefined }, "the token's aud is not accepted"],
    ["an end that has passed", { exp: 1 }, "the token has expired"],
    ["an end that is no number", { exp: "tomorrow" }, "the token has expired"],
    ["a beginning to come", { nbf: 99_999_999_999 }, "the token's nbf is not accepted"],
    ["no subject and no client", { sub: undefined }, "the token's sub is not accepted"],
    [
      "the type of a refresh token",
      { token_type: "refresh_token" },
      "the token's token_type is not accepted",
    ],
  ])("but is said to be active with %s is refused", async (_, said, why) => {
    setSecret();
    const { gateway } = await start(SECRET);
    issuer.opaque.set("opaque", truth(said));
    expect(refusalOf(await initializeWith(gateway, bearer("opaque")))).toMatchObject({
      status: 401,
      why,
    });
  });

  it("is 503 while the issuer does not say what it is, and the issuer is left alone for 2 s", async () => {
    setSecret();
    const { gateway } = await start(SECRET);
    expect((await initializeWith(gateway, bearer(await issuer.token()))).status).toBe(200);
    issuer.isDown = true;
    for (let count = 0; count < 5; count += 1) {
      const answer = refusalOf(
        await initializeWith(gateway, bearer(`opaque ${count}`.replace(" ", "-"))),
      );
      expect(answer).toMatchObject({ status: 503, code: "ISSUER_UNAVAILABLE" });
    }
    expect(issuer.introspected).toHaveLength(1);
  });

  it("is refused where no issuer introspects, and no issuer is asked", async () => {
    const { gateway } = await start();
    const answer = refusalOf(await initializeWith(gateway, bearer("opaque")));
    expect(answer).toMatchObject({ status: 401, why: "the token cannot be read" });
    expect(issuer.introspected).toEqual([]);
  });

  it("needs the variable with the client secret: the start says so where it is not set", async () => {
    await expect(start(SECRET)).rejects.toThrow("a variable that is set");
  });
});

describe("what else a request says", () => {
  it("of its user, in headers, counts for nothing", async () => {
    const { gateway } = await start();
    const claimed = {
      "x-forwarded-user": "alice",
      "x-remote-user": "alice",
      "x-mcp-fleet-principal": "alice",
    };
    expect((await initializeWith(gateway, claimed)).status).toBe(401);
    const client = await openWith(gateway, bearer(await issuer.token({ sub: "alice" })));
    const mallory = bearer(await issuer.token({ sub: "mallory" }));
    expect((await client.post(ECHO, { ...mallory, ...claimed })).status).toBe(404);
  });

  it("in its query is no token", async () => {
    const { gateway } = await start();
    const path = `/mcp?access_token=${await issuer.token()}`;
    const answer = await new RawClient(gateway.url).send({ body: ECHO, path });
    expect(answer.status).toBe(401);
  });
});

describe("a GET stream", () => {
  it("ends at the first keep-alive after its token does, and opens again with a refreshed one", async () => {
    const { gateway } = await startOidcFleet({
      oidc: settings({ clockTolerance: "1s" }),
      configuration: { limits: { keepAlive: "50ms" } },
    });
    const token = await issuer.token({ expiresIn: 60 });
    const client = await openWith(gateway, bearer(token));
    const stream = await client.stream(undefined, bearer(token));
    laterBy(62_000);
    expect(await stream.next()).toBeUndefined();
    const again = await client.stream(undefined, bearer(await issuer.token()));
    expect(again.contentType).toBe("text/event-stream");
    again.leave();
  });
});

describe("everybody who reaches the port, with type local,", () => {
  it("is one principal, without a token", async () => {
    const echo = await EchoBackend.start();
    onTestFinished(() => echo.stop());
    const [gateway] = await startRoles({
      incomingAuth: { type: "local" },
      backends: [{ name: "echo", url: echo.url }],
    });
    const client = await openWith(gateway, {});
    expect((await client.post(ECHO)).status).toBe(200);
  });
});
