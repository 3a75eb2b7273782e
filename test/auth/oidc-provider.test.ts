import { calculateJwkThumbprint, exportJWK, type JWTPayload, SignJWT } from "jose";
import {
  allowInsecureRequests,
  DPoP,
  type DPoPHandle,
  generateKeyPair,
  protectedResourceRequest,
} from "oauth4webapi";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunningRole } from "../../testkit/processes/gateway.ts";
import {
  bearer,
  INITIALIZE,
  initializeWith,
  ON_THIS_MACHINE,
  openWith,
  refusalOf,
  startOidcFleet,
} from "../../testkit/processes/oidc-fleet.ts";
import { OidcProvider } from "../../testkit/servers/oidc-provider.ts";

const { AUDIENCE, OPAQUE_AUDIENCE, GATEWAY } = OidcProvider;

/** A real provider, and gateways that know nothing of it but its address. */
let provider: OidcProvider;

beforeAll(async () => {
  provider = await OidcProvider.start();
});
afterAll(() => provider.close());

const start = async (more: object = {}): Promise<RunningRole> => {
  const oidc = { issuer: provider.url, audience: AUDIENCE, ...ON_THIS_MACHINE, ...more };
  return (await startOidcFleet({ oidc })).gateway;
};

describe("tokens of a real provider", () => {
  it("as JWTs are accepted by its keys, for this gateway and with this scope only", async () => {
    const gateway = await start({ scopes: ["mcp:tools"], tokenType: "at+jwt" });
    const outcome = async (token: string) => (await initializeWith(gateway, bearer(token))).status;
    expect(await outcome(await provider.token())).toBe(200);
    expect(await outcome(await provider.token({ scope: "mcp:admin" }))).toBe(403);
    const elsewhere = await provider.token({ audience: "https://elsewhere.example.com" });
    expect(await outcome(elsewhere)).toBe(401);
  });

  it("that say nothing are introspected", async () => {
    vi.stubEnv("MCP_FLEET_TEST_CLIENT_SECRET", GATEWAY.secret);
    const gateway = await start({
      audience: OPAQUE_AUDIENCE,
      clientId: GATEWAY.id,
      clientSecretEnv: "MCP_FLEET_TEST_CLIENT_SECRET",
      scopes: ["mcp:tools"],
    });
    vi.unstubAllEnvs();
    const token = await provider.token({ audience: OPAQUE_AUDIENCE });
    expect(token).not.toContain(".");
    const client = await openWith(gateway, bearer(token));
    // Another token of the same client is the same principal.
    const refreshed = await provider.token({ audience: OPAQUE_AUDIENCE });
    const tools = '{"jsonrpc":"2.0","id":2,"method":"tools/list"}';
    expect((await client.post(tools, bearer(refreshed))).status).toBe(200);
    expect((await initializeWith(gateway, bearer(`${token}x`))).status).toBe(401);
  });
});

describe("a token that is bound to a key", () => {
  let gateway: RunningRole;
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  let dpop: DPoPHandle;
  let token: string;

  beforeEach(async () => {
    keys = await generateKeyPair("ES256", { extractable: true });
    dpop = DPoP({}, keys);
    token = await provider.token({ dpop });
    // The audience is a URL: it is the one that proofs name.
    gateway = await start({ dpopRequired: true });
  });

  /** A proof as a client of this URL writes it, or as an attacker would like it to be. */
  const proof = async (claims: JWTPayload = {}, signer = keys) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
    const ath = Buffer.from(digest).toString("base64url");
    const now = Math.floor(Date.now() / 1000);
    const whole = { jti: crypto.randomUUID(), htm: "POST", htu: AUDIENCE, ath, iat: now };
    const jwk = await exportJWK(signer.publicKey);
    return new SignJWT({ ...whole, ...claims })
      .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk })
      .sign(signer.privateKey);
  };

  const send = async (dpopProof?: string, scheme = "DPoP") =>
    refusalOf(
      await initializeWith(gateway, {
        authorization: `${scheme} ${token}`,
        ...(dpopProof !== undefined && { dpop: dpopProof }),
      }),
    );

  it("is accepted with a proof, and with a new one for each request", async () => {
    expect((await send(await proof())).status).toBe(200);
    expect((await send(await proof())).status).toBe(200);
  });

  it("is accepted as the client of a published library sends it", async () => {
    // Without a URL in the settings, proofs name the one that the request was sent to.
    const audience = "urn:example:gateway";
    const own = await start({ audience, dpopRequired: true });
    const bound = await provider.token({ audience, dpop });
    const headers = new Headers({
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
    });
    const options = { DPoP: dpop, [allowInsecureRequests]: true };
    for (let count = 0; count < 2; count += 1) {
      const url = new URL(own.url);
      const answer = await protectedResourceRequest(
        bound,
        "POST",
        url,
        headers,
        INITIALIZE,
        options,
      );
      expect(answer.status).toBe(200);
    }
  });

  it("is refused as a bearer token: whoever has copied it has not the key", async () => {
    expect(await send(undefined, "Bearer")).toMatchObject({
      status: 401,
      why: "the token is bound to a key: it needs a proof (DPoP)",
    });
    expect((await send(await proof(), "Bearer")).status).toBe(401);
  });

  it("is refused with a proof that was used before", async () => {
    const once = await proof();
    expect((await send(once)).status).toBe(200);
    expect(await send(once)).toMatchObject({
      status: 401,
      error: "invalid_dpop_proof",
      why: "the proof was used before",
    });
  });

  it.each<[string, JWTPayload, string]>([
    ["another method", { htm: "GET" }, "the proof is not for this method"],
    ["another URL", { htu: "https://elsewhere.example.com/mcp" }, "the proof is not for this URL"],
    ["another token", { ath: "x" }, "the proof is not for this token"],
    ["a time that has passed", { iat: 1 }, "the proof cannot be verified"],
    ["no id", { jti: "" }, "the proof has no id"],
  ])("is refused with a proof for %s", async (_, claims, why) => {
    expect(await send(await proof(claims))).toMatchObject({
      status: 401,
      error: "invalid_dpop_proof",
      why,
    });
  });

  it("is refused without a proof, with one of another key, and with what is none", async () => {
    expect((await send()).why).toBe("the DPoP header is missing");
    const stolen = await proof({}, await generateKeyPair("ES256", { extractable: true }));
    expect((await send(stolen)).why).toBe("the proof is not of the key that the token is bound to");
    expect((await send(token)).why).toBe("the proof cannot be verified");
  });

  it("is the only kind that is accepted where that is required, and the metadata says so", async () => {
    const unbound = bearer(await provider.token());
    const answer = await initializeWith(gateway, unbound);
    expect(refusalOf(answer)).toMatchObject({
      status: 401,
      why: "the token is not bound to a key (DPoP)",
    });
    expect(answer.headers["www-authenticate"]).toMatch(/^DPoP .*algs="ES256 /);
    const { origin } = new URL(gateway.url);
    const metadata = await fetch(`${origin}/.well-known/oauth-protected-resource`);
    expect(await metadata.json()).toMatchObject({ dpop_bound_access_tokens_required: true });
  });

  it("has the thumbprint of its key in it", async () => {
    const [, payload = ""] = token.split(".");
    const { cnf } = JSON.parse(Buffer.from(payload, "base64url").toString());
    expect(cnf).toEqual({ jkt: await calculateJwkThumbprint(await exportJWK(keys.publicKey)) });
  });
});
