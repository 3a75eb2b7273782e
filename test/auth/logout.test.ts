import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type RawAnswer, RawClient } from "../../testkit/clients/raw-client.ts";
import type { RunningRole } from "../../testkit/processes/gateway.ts";
import {
  bearer,
  ECHO,
  initializeWith,
  type OidcFleet,
  ON_THIS_MACHINE,
  openWith,
  startOidcFleet,
} from "../../testkit/processes/oidc-fleet.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, openStore, redisAt } from "../../testkit/processes/redis-store.ts";
import { type Claims, Issuer } from "../../testkit/servers/issuer.ts";

const CLIENT_ID = "gateway";

let issuer: Issuer;
let fleet: OidcFleet;

beforeAll(async () => {
  issuer = await Issuer.start();
});
afterAll(() => issuer.close());

beforeEach(async () => {
  const oidc = {
    issuer: issuer.url,
    audience: Issuer.AUDIENCE,
    clientId: CLIENT_ID,
    backchannelLogout: true,
    ...ON_THIS_MACHINE,
  };
  fleet = await startOidcFleet({ oidc, count: 2, adminToken: "admin" });
  await knowIssuer(fleet.gateway, ...fleet.others);
});

/** Waits until gateways have the issuer's keys: a busy machine may take longer than they wait for an issuer. */
async function knowIssuer(...gateways: readonly RunningRole[]): Promise<void> {
  const first = bearer(await issuer.token({ sub: "first" }));
  for (const gateway of gateways) {
    const status = async () => (await initializeWith(gateway, first)).status;
    await expect.poll(status, { timeout: 20_000 }).toBe(200);
  }
}

const other = (): RunningRole => {
  const [second] = fleet.others;
  if (second === undefined) throw new Error("no second gateway");
  return second;
};

const logOut = (gateway: RunningRole, token: string): Promise<RawAnswer> =>
  new RawClient(gateway.url).send({
    path: "/oidc/backchannel-logout",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: undefined },
    body: String(new URLSearchParams({ logout_token: token })),
  });

const callAs = async (client: RawClient, sub: string) =>
  (await client.post(ECHO, bearer(await issuer.token({ sub })))).status;

describe("a logout token", () => {
  it("ends the sessions of its user at 2 gateways, and those of nobody else", async () => {
    const alice = bearer(await issuer.token({ sub: "alice" }));
    const here = await openWith(fleet.gateway, alice);
    const there = await openWith(other(), alice);
    const bob = await openWith(other(), bearer(await issuer.token({ sub: "bob" })));
    const answer = await logOut(
      fleet.gateway,
      await issuer.logoutToken(CLIENT_ID, { sub: "alice" }),
    );
    expect([answer.status, answer.headers["cache-control"]]).toEqual([200, "no-store"]);
    await expect.poll(() => callAs(here, "alice"), { timeout: 1_000 }).toBe(404);
    await expect.poll(() => callAs(there, "alice"), { timeout: 1_000 }).toBe(404);
    expect(await callAs(there.at(fleet.gateway.url), "alice")).toBe(404);
    expect(await callAs(bob, "bob")).toBe(200);
    const audit = fleet.lines.filter(({ msg }) => msg === "an issuer has logged out a user");
    expect(audit).toMatchObject([{ audit: true, issuer: issuer.url, ended: 2 }]);
    expect(JSON.stringify(audit)).not.toContain("alice");
  });

  it("ends an open GET stream, also at the other gateway", async () => {
    const alice = bearer(await issuer.token({ sub: "alice" }));
    const client = await openWith(fleet.gateway, alice);
    const stream = await client.stream(undefined, alice);
    await logOut(other(), await issuer.logoutToken(CLIENT_ID));
    expect(await stream.next()).toBeUndefined();
    expect(await callAs(client, "alice")).toBe(404);
  });

  it("ends sessions once: it is refused when it comes again", async () => {
    const token = await issuer.logoutToken(CLIENT_ID);
    expect((await logOut(fleet.gateway, token)).status).toBe(200);
    const client = await openWith(fleet.gateway, bearer(await issuer.token()));
    const again = await logOut(fleet.gateway, token);
    expect([again.status, JSON.parse(again.text).error_description]).toEqual([
      400,
      "the token was used before",
    ]);
    expect(await callAs(client, "alice")).toBe(200);
  });

  it.each<[string, Claims, string]>([
    ["for another client", { aud: "another" }, "the token's aud is not accepted"],
    [
      "for the audience of access tokens",
      { aud: Issuer.AUDIENCE },
      "the token's aud is not accepted",
    ],
    ["of another issuer", { iss: "https://nobody.example.com" }, "the token's iss is not accepted"],
    ["without the event", { more: { events: {} } }, "the token is not a logout token"],
    [
      "with a nonce, as an ID token has",
      { more: { nonce: "x" } },
      "the token is not a logout token",
    ],
    [
      "of 5 minutes ago",
      { more: { iat: Math.floor(Date.now() / 1000) - 300 } },
      "the token has expired",
    ],
    ["without an id", { more: { jti: undefined } }, "the token's jti is not accepted"],
    [
      "without a subject",
      { sub: undefined, more: { sid: "s" } },
      "the token has no sub: sessions are not known by their sid",
    ],
    [
      "that is an access token",
      { header: { typ: "at+jwt" } },
      "the token's typ is not that of a logout token",
    ],
  ])("%s is refused", async (_, claims, why) => {
    const client = await openWith(fleet.gateway, bearer(await issuer.token()));
    const token = await issuer.logoutToken(CLIENT_ID, claims);
    const answer = await logOut(fleet.gateway, token);
    expect([answer.status, JSON.parse(answer.text).error_description]).toEqual([400, why]);
    expect(await callAs(client, "alice")).toBe(200);
  });

  it("that is an access token, or is forged, or is none, is refused", async () => {
    for (const token of [await issuer.token(), await issuer.forged(), issuer.unsigned(), "x", ""]) {
      expect((await logOut(fleet.gateway, token)).status).toBe(400);
    }
  });
});

describe("the admin port", () => {
  const end = (query: string, token = "admin") =>
    fetch(`${fleet.gateway.adminUrl}/sessions?${query}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${token}` },
    });

  it("ends the sessions of a principal at 2 gateways, and says how many there were", async () => {
    const alice = bearer(await issuer.token({ sub: "alice" }));
    const clients = await Promise.all([
      openWith(fleet.gateway, alice),
      openWith(other(), alice),
      openWith(other(), alice),
    ]);
    const query = String(new URLSearchParams({ issuer: issuer.url, subject: "alice" }));
    const answer = await end(query);
    expect([answer.status, await answer.json()]).toEqual([200, { ended: 3 }]);
    for (const client of clients) {
      await expect.poll(() => callAs(client, "alice"), { timeout: 1_000 }).toBe(404);
    }
    expect(await (await end(query)).json()).toEqual({ ended: 0 });
  });

  it("wants its token, and both issuer and subject", async () => {
    expect((await end("issuer=a&subject=b", "guessed")).status).toBe(401);
    expect((await end("issuer=a")).status).toBe(400);
    expect((await end("issuer=a&subject=b&subject=c")).status).toBe(400);
  });
});

describe.skipIf(!hasRedis)("processes with a store of their own over 1 Redis", () => {
  it("hear within 1 s that the 3 sessions of a principal have ended, and close their streams", async () => {
    const redis = await RedisProcess.server();
    onTestFinished(() => redis.stop());
    const settings = redisAt(redis);
    await makeOld(redis, settings);
    const oidc = { issuer: issuer.url, audience: Issuer.AUDIENCE, ...ON_THIS_MACHINE };
    const openOne = () => openStore(settings);
    const { gateway, others } = await startOidcFleet({
      oidc,
      count: 2,
      adminToken: "admin",
      openStore: openOne,
    });
    const [second = gateway] = others;
    await knowIssuer(gateway, second);
    const alice = bearer(await issuer.token());
    const clients = [
      await openWith(gateway, alice),
      await openWith(second, alice),
      await openWith(second, alice),
    ];
    const bob = await openWith(second, bearer(await issuer.token({ sub: "bob" })));
    const stream = await clients[2]?.stream(undefined, alice);
    const query = new URLSearchParams({ issuer: issuer.url, subject: "alice" });
    const answer = await fetch(`${gateway.adminUrl}/sessions?${query}`, {
      method: "DELETE",
      headers: { authorization: "Bearer admin" },
    });
    expect(await answer.json()).toEqual({ ended: 3 });
    for (const client of clients) {
      await expect.poll(() => callAs(client, "alice"), { timeout: 1_000 }).toBe(404);
    }
    expect(await stream?.next()).toBeUndefined();
    expect(await callAs(bob, "bob")).toBe(200);
  });
});

it("without the setting, there is no such path", async () => {
  const oidc = { issuer: issuer.url, audience: Issuer.AUDIENCE, ...ON_THIS_MACHINE };
  const { gateway } = await startOidcFleet({ oidc });
  expect((await logOut(gateway, await issuer.logoutToken(CLIENT_ID))).status).toBe(404);
});
