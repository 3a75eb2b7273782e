import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@mcp-fleet/contract";
import { type Configuration, validate } from "@mcp-fleet/contract/settings";
import {
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { checkResourceAllowed } from "@modelcontextprotocol/sdk/shared/auth-utils.js";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { ProtectedResource } from "../../runtime/auth/protected-resource.ts";
import { compose } from "../../runtime/server/compose.ts";
import { KeyRing } from "../../runtime/sessions/key-ring.ts";
import { ownerOf } from "../../runtime/sessions/principal.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { type RawAnswer, RawClient } from "../../testkit/clients/raw-client.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { Issuer } from "../../testkit/servers/issuer.ts";

const START_MS = 1_800_000_000_000;

const ECHO = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo_echo"}}';

let echo: EchoBackend;
let issuer: Issuer;
let folder: string;
let log: string[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  log = [];
  folder = mkdtempSync(join(tmpdir(), "mcp-fleet-owner-"));
  [echo, issuer] = await Promise.all([EchoBackend.start(), Issuer.start()]);
});

afterEach(async () => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
  await Promise.all([echo.stop(), issuer.close()]);
});

interface Started {
  readonly url: string;
  readonly adminUrl: string;
}

type Parts = { readonly store?: MemoryStore; readonly ring?: KeyRing };
type Jwt = Partial<NonNullable<NonNullable<Configuration["incomingAuth"]>["jwt"]>>;

/** A gateway that takes the issuer's tokens; what it logs is kept. */
async function start(
  jwt: Jwt = {},
  session: Configuration["session"] = {},
  parts: Parts = {},
): Promise<Started> {
  const full = { issuer: issuer.url, audience: Issuer.AUDIENCE, jwks: issuer.url, ...jwt };
  const settings = validate({
    port: 0,
    adminPort: 0,
    session,
    incomingAuth: { type: "jwt", jwt: full },
    backends: [{ name: "echo", url: echo.url }],
  });
  const stream = { write: (line: string) => void log.push(line) };
  const gateway = await compose({ settings, log: pino({ level: "debug" }, stream), ...parts });
  onTestFinished(() => gateway.destroy(new Error("the test is over")));
  return await gateway.listen();
}

const bearer = (token: string | undefined) => ({
  authorization: token === undefined ? undefined : `Bearer ${token}`,
});

const PARAMS = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "raw", version: "1" },
};

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: PARAMS,
});

const initialize = (url: string, token?: string): Promise<RawAnswer> =>
  new RawClient(url).post(INITIALIZE, bearer(token));

/** A client whose session was opened with this token. */
async function open(url: string, token: string): Promise<RawClient> {
  const answer = await initialize(url, token);
  if (answer.status !== 200) throw new Error(`initialize got ${answer.status}: ${answer.text}`);
  const client = new RawClient(url);
  client.sessionId = String(answer.headers["mcp-session-id"]);
  return client;
}

const codeOf = ({ text }: RawAnswer): unknown => JSON.parse(text).error?.data?.error;

describe("a client without a token", () => {
  it("gets 401 on POST, GET and DELETE, with the way to the metadata and no error code", async () => {
    const { url } = await start();
    const client = new RawClient(url);
    const { origin } = new URL(url);
    for (const method of ["POST", "GET", "DELETE"] as const) {
      const answer = await client.send({ method, ...(method === "POST" && { body: INITIALIZE }) });
      expect(answer.status).toBe(401);
      expect(codeOf(answer)).toBe("UNAUTHENTICATED");
      expect(answer.headers["www-authenticate"]).toBe(
        `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`,
      );
    }
  });

  it("finds the metadata of RFC 9728 at both of its places, and is told the same by each", async () => {
    const { url } = await start();
    const client = new RawClient(url);
    const places = [
      "/.well-known/oauth-protected-resource",
      "/.well-known/oauth-protected-resource/mcp",
    ];
    for (const path of places) {
      const answer = await client.send({ method: "GET", path });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text)).toEqual({
        resource: url,
        authorization_servers: [issuer.url],
        bearer_methods_supported: ["header"],
        resource_name: "mcp-fleet",
      });
    }
  });

  it("is led by the URL that clients know, where one is set", async () => {
    const { url } = await start({ resource: "https://gateway.example.com/team/mcp" });
    const answer = await initialize(url);
    expect(answer.headers["www-authenticate"]).toBe(
      'Bearer resource_metadata="https://gateway.example.com/.well-known/oauth-protected-resource/team/mcp"',
    );
    const metadata = await new RawClient(url).send({
      method: "GET",
      path: "/.well-known/oauth-protected-resource",
    });
    expect(JSON.parse(metadata.text).resource).toBe("https://gateway.example.com/team/mcp");
  });

  it("is an SDK client, which finds the issuer from the 401 alone", async () => {
    const { url } = await start();
    const answer = await fetch(url, { method: "POST" });
    const { resourceMetadataUrl = "" } = extractWWWAuthenticateParams(answer);
    const found = await discoverOAuthProtectedResourceMetadata(url, { resourceMetadataUrl });
    expect(found.authorization_servers).toEqual([issuer.url]);
    const { resource } = found;
    expect(checkResourceAllowed({ requestedResource: url, configuredResource: resource })).toBe(
      true,
    );
  });

  it("in a page learns by CORS that it may bring a token, and reads WWW-Authenticate", async () => {
    const { url } = await start();
    const { origin } = new URL(url);
    const client = new RawClient(url);
    const asked = {
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    };
    const preflight = await client.send({ method: "OPTIONS", headers: { origin, ...asked } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers["access-control-allow-headers"]).toContain("authorization");
    const answer = await client.post(INITIALIZE, { origin });
    expect(answer.status).toBe(401);
    expect(answer.headers["access-control-allow-origin"]).toBe(origin);
    expect(answer.headers["access-control-expose-headers"]).toContain("www-authenticate");
  });

  it.each(['a", error="b', "a/b", "a b", "user@a", "", undefined])(
    "is led nowhere by the Host %j, which is no host",
    (host) => {
      const resource = new ProtectedResource({ issuers: [], scopes: [] }, "name", "/mcp");
      expect(() => resource.challenge(host, undefined)).toThrow(
        "the Host header must be a valid host",
      );
    },
  );

  it("does not make the process read 1 MB of body", async () => {
    const { url } = await start();
    const answer = await new RawClient(url).post(Buffer.alloc(1_000_000, "x"));
    expect(answer.status).toBe(401);
  });

  it("with a credential of another scheme is one without a token", async () => {
    const { url } = await start();
    const answer = await new RawClient(url).post(INITIALIZE, { authorization: "Basic YTpi" });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).not.toContain("error=");
  });
});

describe("a token", () => {
  const refused = async (url: string, token: string) => {
    const answer = await initialize(url, token);
    const challenge = String(answer.headers["www-authenticate"]);
    const [, error, description] =
      /^Bearer error="([^"]*)", error_description="([^"]*)", resource_metadata="http/.exec(
        challenge,
      ) ?? [];
    return { status: answer.status, code: codeOf(answer), error, description };
  };

  const refusal = (description: string) => ({
    status: 401,
    code: "UNAUTHENTICATED",
    error: "invalid_token",
    description,
  });

  it.each(["ES256", "RS256", "PS256", "EdDSA"])("signed by %s is taken", async (alg) => {
    await issuer.rotate(alg);
    const { url } = await start();
    expect((await initialize(url, await issuer.token())).status).toBe(200);
  });

  it("that is one of 2 audiences' is taken", async () => {
    const { url } = await start();
    const token = await issuer.token({ aud: ["https://other.example.com", Issuer.AUDIENCE] });
    expect((await initialize(url, token)).status).toBe(200);
  });

  it.each([
    ["of another issuer", { iss: "https://other.example.com" }, "the token's iss is not accepted"],
    [
      "for another audience",
      { aud: "https://other.example.com" },
      "the token's aud is not accepted",
    ],
    ["without sub", { sub: undefined }, "the token's sub is not accepted"],
    ["with an empty sub", { sub: "" }, "the token's sub is not accepted"],
    ["without exp", { expiresIn: undefined }, "the token's exp is not accepted"],
    ["that expired 30 s ago, the tolerance", { expiresIn: -30 }, "the token has expired"],
    ["that begins in 31 s", { validIn: 31 }, "the token's nbf is not accepted"],
  ])("%s is refused", async (_, claims, description) => {
    const { url } = await start();
    expect(await refused(url, await issuer.token(claims))).toEqual(refusal(description));
  });

  it.each([
    ["that expired 29 s ago", { expiresIn: -29 }],
    ["that begins in 30 s", { validIn: 30 }],
  ])("%s is taken, within the tolerance of 30 s", async (_, claims) => {
    const { url } = await start();
    expect((await initialize(url, await issuer.token(claims))).status).toBe(200);
  });

  it("that expired 1 s ago is refused where the tolerance is 500ms", async () => {
    const { url } = await start({ clockTolerance: "500ms" });
    const token = await issuer.token({ expiresIn: -1 });
    expect(await refused(url, token)).toEqual(refusal("the token has expired"));
  });

  it("with algorithm none is refused", async () => {
    const { url } = await start();
    const answer = refusal("the token's algorithm is not accepted");
    expect(await refused(url, issuer.unsigned())).toEqual(answer);
  });

  it.each(["PEM", "JWK"] as const)(
    "signed by HMAC with the public key (%s) as the secret is refused",
    async (form) => {
      const { url } = await start();
      const token = await issuer.confused(form);
      expect(await refused(url, token)).toEqual(refusal("the token's algorithm is not accepted"));
    },
  );

  it("signed by HMAC is refused even where the key set holds the secret", async () => {
    const jwks = join(folder, "jwks.json");
    const secret = Buffer.from("k".repeat(32)).toString("base64url");
    writeFileSync(jwks, JSON.stringify({ keys: [{ kty: "oct", k: secret, alg: "HS256" }] }));
    const { url } = await start({ jwks });
    const answer = refusal("the token's algorithm is not accepted");
    expect(await refused(url, await issuer.confused("PEM"))).toEqual(answer);
  });

  it("signed by a key that is not the issuer's is refused, under its id and under another", async () => {
    const { url } = await start();
    const forged = await issuer.forged();
    expect(await refused(url, forged)).toEqual(
      refusal("the token's signature is not the issuer's"),
    );
    const jwks = join(folder, "jwks.json");
    writeFileSync(jwks, JSON.stringify(issuer.jwks));
    await issuer.rotate();
    const elsewhere = await start({ jwks });
    expect(await refused(elsewhere.url, await issuer.token())).toEqual(
      refusal("the issuer has no such key"),
    );
  });

  it.each(["x", "a.b.c", "e30.e30.e30", "=".repeat(3)])("that is %s is refused", async (token) => {
    const { url } = await start();
    const answer = await initialize(url, token);
    expect([answer.status, codeOf(answer)]).toEqual([401, "UNAUTHENTICATED"]);
  });

  it("is never seen by a backend, nor in the log or the metrics", async () => {
    const seen: string[] = [];
    const { url, adminUrl } = await start();
    const token = await issuer.token({ sub: "alice@example.com" });
    const client = await open(url, token);
    expect((await client.post(ECHO, bearer(token))).status).toBe(200);
    seen.push(...echo.received.map((one) => JSON.stringify(one)), ...log);
    seen.push((await new RawClient(adminUrl).send({ method: "GET", path: "/metrics" })).text);
    expect(echo.received.length).toBeGreaterThan(1);
    for (const text of seen) {
      expect(text).not.toContain(token);
      expect(text).not.toContain("alice@example.com");
    }
  });
});

describe("a verdict on a token", () => {
  it("is kept for 5 min, so that calls check no signatures: as long as that a withdrawn key is good", async () => {
    const jwks = join(folder, "jwks.json");
    writeFileSync(jwks, JSON.stringify(issuer.jwks));
    const { url } = await start({ jwks });
    const token = await issuer.token({ expiresIn: 3600 });
    const client = await open(url, token);
    const neverSeen = await issuer.token({ sub: "bob" });
    await issuer.rotate();
    writeFileSync(jwks, JSON.stringify(issuer.jwks));
    const another = await issuer.token({ sub: "carol" });
    await expect.poll(async () => (await initialize(url, another)).status).toBe(200);
    expect((await initialize(url, neverSeen)).status).toBe(401);
    vi.setSystemTime(START_MS + 300_000 - 1);
    expect((await client.post(ECHO, bearer(token))).status).toBe(200);
    vi.setSystemTime(START_MS + 300_000);
    expect((await client.post(ECHO, bearer(token))).status).toBe(401);
  });

  it("ends with the token: 30 s after exp, the tolerance, and not 1 ms later", async () => {
    const { url } = await start();
    const token = await issuer.token({ expiresIn: 60 });
    const client = await open(url, token);
    vi.setSystemTime(START_MS + 90_000 - 1);
    expect((await client.post(ECHO, bearer(token))).status).toBe(200);
    vi.setSystemTime(START_MS + 90_000);
    expect((await client.post(ECHO, bearer(token))).status).toBe(401);
  });

  it("does not outlive a key that the issuer withdrew at its URL by more than 10 min", async () => {
    const { url } = await start();
    vi.setSystemTime(START_MS + 1);
    expect((await initialize(url, await issuer.token())).status).toBe(200);
    vi.setSystemTime(START_MS + 300_000);
    const token = await issuer.token({ expiresIn: 3600 });
    const client = await open(url, token);
    await issuer.rotate();
    vi.setSystemTime(START_MS + 600_000);
    expect((await client.post(ECHO, bearer(token))).status).toBe(401);
  });
});

describe("the issuer's keys", () => {
  it("over HTTP: a new one is known at once 10 s after the last fetch, not before", async () => {
    const { url } = await start();
    expect((await initialize(url, await issuer.token())).status).toBe(200);
    await issuer.rotate();
    const token = await issuer.token();
    vi.setSystemTime(START_MS + 9_999);
    expect((await initialize(url, token)).status).toBe(401);
    expect(issuer.fetches).toBe(1);
    vi.setSystemTime(START_MS + 10_000);
    expect((await initialize(url, token)).status).toBe(200);
    expect(issuer.fetches).toBe(2);
  });

  it("in a file: another one is known when the file has changed, and stays when the file is broken", async () => {
    const jwks = join(folder, "jwks.json");
    writeFileSync(jwks, JSON.stringify(issuer.jwks));
    const { url } = await start({ jwks });
    const before = await issuer.token();
    expect((await initialize(url, before)).status).toBe(200);
    await issuer.rotate();
    const after = await issuer.token();
    expect((await initialize(url, after)).status).toBe(401);
    writeFileSync(jwks, JSON.stringify(issuer.jwks));
    await expect.poll(async () => (await initialize(url, after)).status).toBe(200);
    writeFileSync(jwks, "{");
    await expect.poll(() => log.join()).toContain("cannot be used");
    expect((await initialize(url, await issuer.token({ sub: "bob" }))).status).toBe(200);
    expect(issuer.fetches).toBe(0);
  });

  it("not to be had are 503 with Retry-After for a token that nobody can judge, and not 401", async () => {
    issuer.isDown = true;
    const { url } = await start();
    const answer = await initialize(url, await issuer.token());
    expect([answer.status, codeOf(answer)]).toEqual([503, "JWKS_UNAVAILABLE"]);
    expect(answer.headers["retry-after"]).toBe("2");
    issuer.isDown = false;
    vi.setSystemTime(START_MS + 2_000);
    expect((await initialize(url, await issuer.token())).status).toBe(200);
  });

  it("are asked for once in 2 s while the issuer is down, however many tokens come", async () => {
    issuer.isDown = true;
    const { url } = await start();
    for (let client = 0; client < 10; client += 1) {
      const answer = await initialize(url, await issuer.token({ sub: `client ${client}` }));
      expect(answer.status).toBe(503);
    }
    expect(issuer.fetches).toBe(1);
    expect(log.filter((line) => line.includes("cannot be read"))).toHaveLength(1);
  });

  it("stay good for 1 h while the issuer is down; a new one is 503", async () => {
    const { url } = await start();
    expect((await initialize(url, await issuer.token())).status).toBe(200);
    issuer.isDown = true;
    vi.setSystemTime(START_MS + 3_600_000);
    expect((await initialize(url, await issuer.token())).status).toBe(200);
    await issuer.rotate();
    expect(codeOf(await initialize(url, await issuer.token()))).toBe("JWKS_UNAVAILABLE");
  });

  it("in a file that is missing or no key set stop the start, with the field's rule", async () => {
    const missing = join(folder, "missing.json");
    await expect(start({ jwks: missing })).rejects.toThrow("a file that can be read (ENOENT)");
    writeFileSync(missing, '{"keys":"secret"}');
    await expect(start({ jwks: missing })).rejects.toThrow("a JSON Web Key Set");
    await expect(start({ jwks: "https://" })).rejects.toThrow("a URL or the path of a file");
  });
});

describe("a session", () => {
  it("goes on with a refreshed token of its principal, on 2 gateways", async () => {
    const parts = { store: new MemoryStore(), ring: KeyRing.generate() };
    const one = await start({}, {}, parts);
    const other = await start({}, {}, parts);
    const here = await open(one.url, await issuer.token());
    const there = here.at(other.url);
    for (const client of [here, there]) {
      const refreshed = await issuer.token({ expiresIn: 1200 });
      expect((await client.post(ECHO, bearer(refreshed))).status).toBe(200);
    }
  });

  it("is not found for another principal, cached or not, in the words for one that never was", async () => {
    const parts = { store: new MemoryStore(), ring: KeyRing.generate() };
    const one = await start({}, {}, parts);
    const other = await start({}, {}, parts);
    const alice = await issuer.token({ sub: "alice" });
    const mallory = await issuer.token({ sub: "mallory" });
    const client = await open(one.url, alice);
    const ended = await open(one.url, mallory);
    await ended.send({ method: "DELETE", headers: bearer(mallory) });
    const nothing = await ended.post(ECHO, bearer(mallory));
    expect(nothing.status).toBe(404);

    for (const { url } of [one, other]) {
      const thief = client.at(url);
      const post = await thief.post(ECHO, bearer(mallory));
      expect([post.status, post.text]).toEqual([404, nothing.text]);
      for (const method of ["GET", "DELETE"] as const) {
        expect((await thief.send({ method, headers: bearer(mallory) })).status).toBe(404);
      }
    }
    expect((await client.post(ECHO, bearer(alice))).status).toBe(200);

    const audit = log.filter((line) => JSON.parse(line).audit === true);
    expect(audit).toHaveLength(6);
    for (const line of audit) {
      for (const secret of [client.sessionId ?? "", "alice", "mallory", alice, mallory]) {
        expect(line).not.toContain(secret);
      }
    }
  });

  it("keeps its owner when the key that signed its id leaves the ring", async () => {
    const [first, second] = [1, 2].map((fill) => ({
      id: String(fill),
      secret: Buffer.alloc(32, fill),
    }));
    if (first === undefined || second === undefined) throw new Error("no keys");
    const store = new MemoryStore();
    const before = await start({}, {}, { store, ring: new KeyRing([first]) });
    const client = await open(before.url, await issuer.token());
    const after = await start({}, {}, { store, ring: new KeyRing([second]) });
    const there = client.at(after.url);
    const mallory = await issuer.token({ sub: "mallory" });
    expect((await there.post(ECHO, bearer(mallory))).status).toBe(404);
    expect((await there.post(ECHO, bearer(await issuer.token()))).status).toBe(200);
  });

  it("belongs to 1 of 2 principals whose iss and sub would be the same text in a row", () => {
    const one = ownerOf("https://a", "b", undefined);
    expect(ownerOf("https://a", "b", undefined)).toBe(one);
    expect(ownerOf("https://", "ab", undefined)).not.toBe(one);
    expect(ownerOf("https://a", "b", Buffer.alloc(32))).not.toBe(one);
  });
});

describe("the caps of a principal", () => {
  it("refuse its 3rd session of 2 with 429, let another principal in, and it again after a DELETE", async () => {
    const { url } = await start({}, { maxPerPrincipal: 2 });
    const alice = await issuer.token();
    const first = await open(url, alice);
    await open(url, alice);
    const third = await initialize(url, alice);
    expect([third.status, codeOf(third)]).toEqual([429, "PRINCIPAL_AT_CAPACITY"]);
    expect(third.headers["retry-after"]).toBe("2");
    await open(url, await issuer.token({ sub: "bob" }));
    await first.send({ method: "DELETE", headers: bearer(alice) });
    await open(url, await issuer.token({ expiresIn: 1200 }));
  });

  it("hold over 2 gateways with 1 store", async () => {
    const parts = { store: new MemoryStore(), ring: KeyRing.generate() };
    const one = await start({}, { maxPerPrincipal: 2 }, parts);
    const other = await start({}, { maxPerPrincipal: 2 }, parts);
    const alice = await issuer.token();
    await open(one.url, alice);
    await open(other.url, alice);
    expect((await initialize(one.url, alice)).status).toBe(429);
    expect((await initialize(other.url, alice)).status).toBe(429);
  });

  it("let 6 sessions per minute open: the 7th is 429 with the seconds until there is room, and calls go on", async () => {
    const { url } = await start({}, { initializePerMinute: 6 });
    const alice = await issuer.token();
    let client = await open(url, alice);
    for (let opened = 1; opened < 6; opened += 1) client = await open(url, alice);
    const seventh = await initialize(url, alice);
    expect([seventh.status, codeOf(seventh)]).toEqual([429, "RATE_LIMITED"]);
    expect(seventh.headers["retry-after"]).toBe("10");
    expect((await client.post(ECHO, bearer(alice))).status).toBe(200);
    await open(url, await issuer.token({ sub: "bob" }));
    vi.setSystemTime(START_MS + 10_000);
    await open(url, alice);
    expect((await initialize(url, alice)).status).toBe(429);
  });
});

describe("a configuration", () => {
  const faultsOf = (configuration: Partial<Configuration>) => {
    try {
      validate({ backends: [{ name: "a", url: "http://a/mcp" }], ...configuration });
    } catch (error) {
      if (error instanceof ConfigError) return error.faults.map(({ path }) => path);
      throw error;
    }
    return [];
  };
  const jwt = { issuer: "https://issuer.example.com", audience: "a", jwks: "/jwks.json" };

  it("says 1 fault where type jwt has no section, and 1 where the section has no type", () => {
    expect(faultsOf({ incomingAuth: { type: "jwt" } })).toEqual(["incomingAuth.jwt"]);
    expect(faultsOf({ incomingAuth: { jwt } })).toEqual(["incomingAuth.jwt"]);
    expect(faultsOf({ incomingAuth: { type: "anonymous", jwt } })).toEqual(["incomingAuth.jwt"]);
    expect(faultsOf({ incomingAuth: { type: "jwt", jwt } })).toEqual([]);
  });

  it("says 2 faults where 2 caps count principals that nobody can tell apart", () => {
    const session = { maxPerPrincipal: 5, initializePerMinute: 60 };
    const caps = ["session.maxPerPrincipal", "session.initializePerMinute"];
    expect(faultsOf({ session })).toEqual(caps);
    expect(faultsOf({ session, incomingAuth: { type: "jwt", jwt } })).toEqual([]);
  });

  it("says 2 faults of an issuer and a resource that are no http URL", () => {
    const wrong = { ...jwt, issuer: "issuer.example.com", resource: "https://a/mcp#x" };
    expect(faultsOf({ incomingAuth: { type: "jwt", jwt: wrong } })).toEqual([
      "incomingAuth.jwt.issuer",
      "incomingAuth.jwt.resource",
    ]);
  });
});

describe("a gateway without incomingAuth", () => {
  it("has 0 metadata, and takes what Authorization says for nothing", async () => {
    const settings = validate({
      port: 0,
      adminPort: 0,
      backends: [{ name: "echo", url: echo.url }],
    });
    const gateway = await compose({ settings, log: pino({ level: "silent" }) });
    onTestFinished(() => gateway.destroy(new Error("the test is over")));
    const { url } = await gateway.listen();
    const path = "/.well-known/oauth-protected-resource";
    expect((await new RawClient(url).send({ method: "GET", path })).status).toBe(404);
    expect((await initialize(url, "x")).status).toBe(200);
  });
});
