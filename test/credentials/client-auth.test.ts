import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jwtVerify } from "jose";
import { pino } from "pino";
import { expect, it, onTestFinished, test } from "vitest";
import { ownGrant } from "../../runtime/credentials/grant.ts";
import { Secrets } from "../../runtime/credentials/secrets.ts";
import { TokenEndpoint } from "../../runtime/credentials/token-endpoint.ts";
import { TokenServer } from "../../testkit/servers/token-server.ts";

const LOG = pino({ level: "silent" });

/** What a token endpoint gets from a client that authenticates so. */
async function asked(client: object) {
  const provider = await TokenServer.start();
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-client-auth-"));
  const secrets = new Secrets({ SECRET: "s3cret" }, LOG);
  const server = { tokenUrl: provider.url, scopes: [], ...client };
  const endpoint = new TokenEndpoint({ server, secrets, timeoutMs: 10_000 });
  onTestFinished(async () => {
    secrets.close();
    await endpoint.close();
    await provider.close();
    rmSync(folder, { recursive: true });
  });
  const { text, lifetimeSeconds } = await endpoint.request(ownGrant(server));
  expect(text).toMatch(/^token-1/);
  expect(lifetimeSeconds).toBe(3600);
  return { provider, request: provider.requests[0] };
}

const SECRET = { kind: "variable", name: "SECRET" } as const;

test("client_secret_post sends id and secret in the body, and no header", async () => {
  const client = { id: "us", method: "client_secret_post", secret: SECRET };
  const { request } = await asked({ client });
  expect(request).toEqual({
    authorization: undefined,
    parameters: { grant_type: "client_credentials", client_id: "us", client_secret: "s3cret" },
  });
});

test("a client without a secret sends its id alone, and no client nothing of it", async () => {
  const { request } = await asked({ client: { id: "us", method: "client_secret_basic" } });
  expect(request?.parameters).toEqual({ grant_type: "client_credentials", client_id: "us" });
  expect((await asked({})).request?.parameters).toEqual({ grant_type: "client_credentials" });
});

it.each([
  ["rsa", "RS256", () => generateKeyPairSync("rsa", { modulusLength: 2048 })],
  ["ec", "ES256", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
  ["ed25519", "Ed25519", () => generateKeyPairSync("ed25519")],
])(
  "private_key_jwt signs with a key of the kind %s by %s, for the issuer",
  async (_, alg, make) => {
    const { privateKey, publicKey } = make();
    const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-client-key-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "key.pem");
    writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }));
    const secret = { kind: "file", path };
    const issuer = "https://login.example.com";
    const { request } = await asked({
      issuer,
      client: { id: "us", method: "private_key_jwt", secret },
    });
    const { client_assertion: assertion = "", ...rest } = request?.parameters ?? {};
    expect(rest).toEqual({
      grant_type: "client_credentials",
      client_id: "us",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    });
    const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, {
      audience: issuer,
    });
    expect(protectedHeader.alg).toBe(alg);
    expect(payload).toMatchObject({ iss: "us", sub: "us" });
  },
);
