import { beforeEach, describe, expect, it } from "vitest";
import { Person } from "../../testkit/clients/person.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { writtenLog } from "../../testkit/processes/written-log.ts";
import { GuardedBackend } from "../../testkit/servers/guarded-backend.ts";
import { Issuer } from "../../testkit/servers/issuer.ts";
import { TokenServer } from "../../testkit/servers/token-server.ts";

const ID_JAG = "urn:ietf:params:oauth:token-type:id-jag";
const LOGIN_URL = "https://login.example.com/consent";
const SCOPES = "chat.read chat.history";

let issuer: Issuer;
let idp: TokenServer;
let target: TokenServer;
let backend: GuardedBackend;

beforeEach(async () => {
  [issuer, idp, target] = await Promise.all([
    Issuer.start(),
    TokenServer.start(),
    TokenServer.start(),
  ]);
  backend = await GuardedBackend.guard(({ authorization }) => target.accepts(authorization));
  idp.script = (response) => assertion(response);
  return () => Promise.all([backend.stop(), idp.close(), target.close(), issuer.close()]);
});

/** What an identity provider answers; section 4.3.3 of the draft. */
const assertion: (response: Parameters<TokenServer["grant"]>[0], more?: object) => void = (
  response,
  more = {},
) => {
  const body = {
    issued_token_type: ID_JAG,
    access_token: `assertion-${idp.requests.length}`,
    token_type: "N_A",
    expires_in: 300,
    ...more,
  };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
};

async function start() {
  const { log, lines } = writtenLog();
  const [gateway] = await startRoles(
    {
      incomingAuth: {
        type: "jwt",
        jwt: { issuer: issuer.url, audience: Issuer.AUDIENCE, jwks: issuer.url },
      },
      backends: [{ name: "b", url: backend.url }],
      outgoingAuth: {
        backends: {
          b: {
            type: "xaa",
            xaa: {
              idpTokenUrl: idp.url,
              idpClientId: "us1",
              idpClientSecret: "idpsecret",
              targetTokenUrl: target.url,
              targetClientId: "us2",
              targetClientSecret: "targetsecret",
              targetAudience: "https://auth.chat.example",
              targetResource: "https://chat.example/mcp",
              scopes: SCOPES.split(" "),
              loginUrl: LOGIN_URL,
            },
          },
        },
      },
      operational: { failureHandling: { healthCheckInterval: "1h" } },
    },
    { log },
  );
  return { url: gateway.url, lines };
}

const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;

const errorOf = ({ text }: { text: string }) => JSON.parse(text).error;

describe("a backend with the strategy xaa", () => {
  it("gets a token of each of 2 clients, for which their identity provider has vouched, and 10 calls cost no more", async () => {
    const { url, lines } = await start();
    const people = [await Person.open(url, issuer, "alice"), await Person.open(url, issuer, "bob")];
    for (const person of people) {
      for (let call = 0; call < 5; call += 1) {
        expect((await person.call("b_echo", { text: `call ${call}` })).text).toContain(
          `call ${call}`,
        );
      }
    }
    expect(idp.requests).toEqual(
      people.map(({ token }) => ({
        authorization: basic("us1", "idpsecret"),
        parameters: {
          grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
          requested_token_type: ID_JAG,
          audience: "https://auth.chat.example",
          resource: "https://chat.example/mcp",
          scope: SCOPES,
          subject_token: token,
          subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
        },
      })),
    );
    expect(target.requests).toEqual(
      [1, 2].map((nth) => ({
        authorization: basic("us2", "targetsecret"),
        parameters: {
          grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
          assertion: `assertion-${nth}`,
          scope: SCOPES,
        },
      })),
    );
    const text = JSON.stringify(lines);
    for (const secret of [
      "assertion-",
      "idpsecret",
      "targetsecret",
      ...people.map(({ token }) => token),
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  it("does not send on what is no assertion: a token of the identity provider is for no other server", async () => {
    const { url } = await start();
    for (const more of [
      { issued_token_type: "urn:ietf:params:oauth:token-type:access_token", token_type: "Bearer" },
      { issued_token_type: undefined },
    ]) {
      idp.script = (response) => assertion(response, more);
      const one = await Person.open(url, issuer, `person-${JSON.stringify(more).length}`);
      const { data } = errorOf(await one.call("b_echo", {}));
      expect(data.error).toBe("BACKEND_AUTH_UNAVAILABLE");
    }
    expect(target.requests).toEqual([]);
  });

  it("asks for a login by an URL elicitation, whichever of the two servers wants one", async () => {
    const { url } = await start();
    for (const [at, error] of [
      [idp, "interaction_required"],
      [target, "invalid_grant"],
    ] as const) {
      idp.script = (response) => assertion(response);
      target.script = undefined;
      at.script = (response) => at.refuse(response, error);
      const one = await Person.open(url, issuer, error, { elicitation: { url: {} } });
      expect(errorOf(await one.call("b_echo", {}))).toMatchObject({
        code: -32042,
        data: { elicitations: [{ mode: "url", url: LOGIN_URL }] },
      });
    }
  });
});
