import type { Configuration } from "@mcp-fleet/contract/settings";
import { beforeEach, describe, expect, it } from "vitest";
import { Person } from "../../testkit/clients/person.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { writtenLog } from "../../testkit/processes/written-log.ts";
import { GuardedBackend } from "../../testkit/servers/guarded-backend.ts";
import { Issuer } from "../../testkit/servers/issuer.ts";
import { TokenServer } from "../../testkit/servers/token-server.ts";

let issuer: Issuer;
let provider: TokenServer;
let backend: GuardedBackend;

beforeEach(async () => {
  [issuer, provider] = await Promise.all([Issuer.start(), TokenServer.start()]);
  backend = await GuardedBackend.guard(({ authorization }) => provider.accepts(authorization));
  return () => Promise.all([backend.stop(), provider.close(), issuer.close()]);
});

const LOGIN_URL = "https://login.example.com/consent";

async function start(ofBackend: Partial<Configuration["backends"][number]> = {}, count = 1) {
  const { log, lines } = writtenLog();
  const tokenExchange = { tokenUrl: provider.url, audience: "the-backend", loginUrl: LOGIN_URL };
  const gateways = await startRoles(
    {
      incomingAuth: {
        type: "jwt",
        jwt: { issuer: issuer.url, audience: Issuer.AUDIENCE, jwks: issuer.url },
      },
      backends: [{ name: "b", url: backend.url, ...ofBackend }],
      outgoingAuth: { backends: { b: { type: "token_exchange", tokenExchange } } },
      operational: { failureHandling: { healthCheckInterval: "1h" } },
    },
    { log, count },
  );
  return { gateways, url: gateways[0].url, lines };
}

const errorOf = ({ text }: { text: string }) => JSON.parse(text).error;

describe("a backend with the strategy token_exchange", () => {
  it("gets a token of each of 2 clients, with all requests of their sessions, and never their own", async () => {
    const { url, lines } = await start();
    const people = [await Person.open(url, issuer, "alice"), await Person.open(url, issuer, "bob")];
    for (const person of people) {
      expect((await person.ask("tools/list")).text).toContain("b_echo");
      for (let call = 0; call < 5; call += 1) {
        expect((await person.call("b_echo", { text: `call ${call}` })).text).toContain(
          `call ${call}`,
        );
      }
    }
    expect(provider.requests.map(({ parameters }) => parameters)).toEqual(
      people.map(({ token }) => ({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        audience: "the-backend",
        subject_token: token,
        subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
        requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      })),
    );
    for (const [index, name] of ["alice", "bob"].entries()) {
      const { token } = people[index] ?? {};
      const own = backend.received.filter(({ client }) => client === name);
      expect(own.length).toBeGreaterThan(7);
      for (const { headers } of own) {
        expect(headers.authorization).toBe(`Bearer token-${index + 1}-for-${token}`);
      }
    }
    for (const { token } of people) expect(JSON.stringify(lines)).not.toContain(token);
  });

  it("gets the token of the session's client from whichever of 2 gateways sends the call", async () => {
    const { gateways } = await start({}, 2);
    const alice = await Person.open(gateways[0].url, issuer, "alice");
    expect((await alice.call("b_echo", { text: "here" })).text).toContain("here");
    const there = alice.at(gateways[1]?.url ?? "");
    expect((await there.call("b_echo", { text: "there" })).text).toContain("there");
    expect(provider.requests).toHaveLength(2);
    expect(backend.count("initialize")).toBe(1);
  });

  it("is listed once for all by discoveryAuth, with a credential of the gateway", async () => {
    const discoveryAuth = {
      type: "client_credentials",
      clientCredentials: {
        tokenUrl: provider.url,
        clientId: "lists",
        clientSecret: "of-the-lists",
      },
    } as const;
    const { url } = await start({ discoveryAuth });
    const alice = await Person.open(url, issuer, "alice");
    expect((await alice.ask("tools/list")).text).toContain("b_echo");
    expect(provider.requests.map(({ parameters }) => parameters.grant_type)).toEqual([
      "client_credentials",
    ]);
    expect(backend.count("tools/list")).toBe(0);
    expect((await alice.call("b_echo", { text: "hi" })).text).toContain("hi");
    expect(provider.requests).toHaveLength(2);
    expect(backend.refused).toBe(0);
  });

  it("asks for a login by an URL elicitation where the client can open pages, and by an error where it cannot; its tools stay listed", async () => {
    const { url } = await start();
    const people = [
      await Person.open(url, issuer, "alice", { elicitation: { url: {} } }),
      await Person.open(url, issuer, "bob", { elicitation: {} }),
    ];
    for (const person of people) await person.ask("tools/list");
    provider.revokeAll();
    provider.script = (response) =>
      provider.refuse(response, "invalid_grant", "consent is missing");
    const [alices, bobs] = await Promise.all(
      people.map((person) => person.call("b_echo", { text: "hi" })),
    );
    expect(alices && errorOf(alices)).toMatchObject({
      code: -32042,
      data: { elicitations: [{ mode: "url", url: LOGIN_URL, elicitationId: expect.any(String) }] },
    });
    expect(bobs && errorOf(bobs)).toMatchObject({
      code: -32000,
      data: { error: "BACKEND_LOGIN_REQUIRED", backend: "b", loginUrl: LOGIN_URL },
    });
    for (const person of people) {
      expect((await person.ask("tools/list")).text).toContain("b_echo");
    }
    provider.script = undefined;
    await expect
      .poll(async () => (await people[0]?.call("b_echo", { text: "again" }))?.text)
      .toContain("again");
  });

  it("asks for a login also where the client has none from the start, so that not even its lists can be read", async () => {
    const { url } = await start();
    provider.script = (response) => provider.refuse(response, "consent_required");
    const alice = await Person.open(url, issuer, "alice", { elicitation: { url: {} } });
    expect(errorOf(await alice.call("b_echo", { text: "hi" }))).toMatchObject({
      code: -32042,
      data: { elicitations: [{ mode: "url", url: LOGIN_URL }] },
    });
    provider.script = undefined;
    await expect
      .poll(async () => (await alice.call("b_echo", { text: "again" })).text, { timeout: 10_000 })
      .toContain("again");
  });
});
