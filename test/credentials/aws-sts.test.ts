import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@mcp-fleet/contract";
import { beforeEach, describe, expect, it, onTestFinished, test } from "vitest";
import { AwsRoles } from "../../runtime/credentials/aws/aws-roles.ts";
import { Person } from "../../testkit/clients/person.ts";
import { hasPython, pythonProgram } from "../../testkit/odd-servers/python-client.ts";
import { freePorts } from "../../testkit/processes/free-ports.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { NodeProcess } from "../../testkit/processes/node-process.ts";
import { writtenLog } from "../../testkit/processes/written-log.ts";
import { Issuer } from "../../testkit/servers/issuer.ts";
import { SignedBackend } from "../../testkit/servers/signed-backend.ts";
import { TokenServer } from "../../testkit/servers/token-server.ts";

const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;

let issuer: Issuer;
let sts: TokenServer;
let backend: SignedBackend;

beforeEach(async () => {
  [issuer, sts, backend] = await Promise.all([
    Issuer.start(),
    TokenServer.start(),
    SignedBackend.guard(),
  ]);
  sts.script = (response, { parameters }) => {
    const name = `${parameters.RoleSessionName}-${sts.requests.length}`;
    backend.secrets.set(`ID-${name}`, `SECRET-${name}`);
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    const credentials = `<AccessKeyId>ID-${name}</AccessKeyId><SecretAccessKey>SECRET-${name}</SecretAccessKey><SessionToken>SESSION-${name}</SessionToken><Expiration>${expires}</Expiration>`;
    response
      .writeHead(200, { "content-type": "text/xml" })
      .end(
        `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>${credentials}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
      );
  };
  return () => Promise.all([backend.stop(), sts.close(), issuer.close()]);
});

async function start(awsSts: object = {}, ofBackend: object = {}) {
  const { log, lines } = writtenLog();
  const [gateway] = await startRoles(
    {
      incomingAuth: {
        type: "jwt",
        jwt: { issuer: issuer.url, audience: Issuer.AUDIENCE, jwks: issuer.url },
      },
      backends: [{ name: "b", url: backend.url, ...ofBackend }],
      outgoingAuth: {
        backends: {
          b: {
            type: "aws_sts",
            awsSts: {
              region: "us-east-1",
              stsUrl: sts.url,
              fallbackRoleArn: role("all"),
              ...awsSts,
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

const person = (url: string, sub: string, more: Record<string, unknown> = {}) =>
  Person.open(url, issuer, sub, { elicitation: { url: {} } }, { more });

const errorOf = ({ text }: { text: string }) => JSON.parse(text).error;

describe("a backend with the strategy aws_sts", () => {
  it("gets every request of 2 clients signed: method, path, headers and body, with credentials of the role of each", async () => {
    const roleMappings = [
      {
        matcher: "claims.dept == 'ops' && 'staff' in claims.groups",
        roleArn: role("ops"),
        priority: 2,
      },
      { claim: "admins", roleArn: role("admins"), priority: 1 },
    ];
    const { url, lines } = await start({ roleMappings }, { notifications: "session" });
    const people = [
      await person(url, "alice", { dept: "ops", groups: ["staff", "admins"] }),
      await person(url, "bob", { dept: "ops", groups: ["staff"] }),
    ];
    for (const one of people) {
      expect((await one.ask("tools/list")).text).toContain("b_echo");
      for (const text of ["ä ß 字", "two", "three"]) {
        expect((await one.call("b_echo", { text })).text).toContain(text);
      }
    }
    expect(sts.requests.map(({ parameters }) => parameters)).toEqual(
      people.map(({ token }, index) => ({
        Action: "AssumeRoleWithWebIdentity",
        Version: "2011-06-15",
        RoleArn: role(["admins", "ops"][index] ?? ""),
        RoleSessionName: ["alice", "bob"][index],
        WebIdentityToken: token,
        DurationSeconds: "3600",
      })),
    );
    expect(backend.refusals).toEqual([]);
    expect(backend.hasTrueDigests).toBe(true);
    for (const id of ["ID-alice-1", "ID-bob-2"]) {
      expect(backend.signed.filter((line) => line === `POST /mcp ${id}`).length).toBeGreaterThan(4);
    }
    const text = JSON.stringify(lines);
    for (const secret of ["SECRET-", "SESSION-", ...people.map(({ token }) => token)]) {
      expect(text).not.toContain(secret);
    }
  });

  it("gets a request anew signed where a redirect leads, and one with a query", async () => {
    backend.redirect = { from: "/mcp", to: "/mcp/?b=2&a=%2F%20x" };
    const { url } = await start();
    const alice = await person(url, "alice");
    expect((await alice.call("b_echo", { text: "hi" })).text).toContain("hi");
    expect(backend.refusals).toEqual([]);
    expect(backend.signed).toContain("POST /mcp/?b=2&a=%2F%20x ID-alice-1");
  });

  it("gets the call again with other credentials, once, where AWS does not know them any more", async () => {
    const { url } = await start();
    const alice = await person(url, "alice");
    await alice.call("b_echo", { text: "hi" });
    backend.secrets.clear();
    expect((await alice.call("b_echo", { text: "again" })).text).toContain("again");
    expect([sts.requests.length, backend.refusals.length]).toEqual([2, 1]);
    backend.secrets.clear();
    expect(errorOf(await alice.call("b_echo", { text: "third" })).data.error).toBe(
      "BACKEND_REFUSED",
    );
    expect(sts.requests).toHaveLength(2);
  });

  it("gets 1 set of credentials for all clients with a token of the gateway, read anew from its file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-aws-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const webIdentityTokenFile = join(folder, "token");
    const token = await issuer.token({ sub: "system:serviceaccount:mcp:gateway" });
    writeFileSync(webIdentityTokenFile, `${token}\n`);
    const { url } = await start({ webIdentityTokenFile });
    for (const name of ["alice", "bob", "carol"]) {
      const one = await person(url, name);
      expect((await one.call("b_echo", { text: name })).text).toContain(name);
    }
    expect(
      sts.requests.map(({ parameters }) => [
        parameters.RoleSessionName,
        parameters.WebIdentityToken,
      ]),
    ).toEqual([["mcp-fleet", token]]);
  });

  it("gets nothing for a client without a role or with a subject that AWS takes for no name; STS is not asked", async () => {
    const roleMappings = [{ claim: "admins", roleArn: role("admins") }];
    const { url } = await start({ roleMappings, fallbackRoleArn: undefined });
    for (const [sub, groups] of [
      ["bob", ["staff"]],
      ["auth0|carol", ["admins"]],
    ] as const) {
      const one = await person(url, sub, { groups });
      expect(errorOf(await one.call("b_echo", {})).data.error).toBe("BACKEND_AUTH_UNAVAILABLE");
    }
    expect(sts.requests).toEqual([]);
    expect(backend.signed).toEqual([]);
  });

  it("asks for a login where STS says that the client's token has expired, and says so of no other error", async () => {
    const { url } = await start();
    const said = async (code: string) => {
      sts.script = (response) =>
        response
          .writeHead(400)
          .end(`<ErrorResponse><Error><Code>${code}</Code></Error></ErrorResponse>`);
      const one = await person(url, code);
      return errorOf(await one.call("b_echo", {})).data.error;
    };
    expect(await said("ExpiredTokenException")).toBe("BACKEND_LOGIN_REQUIRED");
    expect(await said("AccessDenied")).toBe("BACKEND_AUTH_UNAVAILABLE");
  });

  it.runIf(hasPython("moto"))(
    "gets credentials of moto's STS, which are those that the signature names",
    async () => {
      const [port = 0] = await freePorts(1);
      const stsUrl = `http://127.0.0.1:${port}/`;
      const moto = new NodeProcess(["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
        program: pythonProgram("moto"),
      });
      onTestFinished(async () => {
        moto.signal("SIGKILL");
        await moto.exited;
      });
      await expect
        .poll(
          () =>
            fetch(stsUrl).then(
              ({ ok }) => ok,
              () => false,
            ),
          { timeout: 120_000, interval: 200 },
        )
        .toBe(true);
      const { url } = await start({ stsUrl });
      const alice = await person(url, "alice");
      await alice.call("b_echo", { text: "hi" });
      // Its secrets are not known here: that it is asked again once, and both are refused, shows that it answered.
      expect(new Set(backend.refusals)).toEqual(
        new Set(["The security token included in the request is invalid"]),
      );
    },
    150_000,
  );
});

describe("roles of AWS", () => {
  const settings = {
    region: "us-east-1",
    service: "aws-mcp",
    stsUrl: "https://sts.us-east-1.amazonaws.com/",
    roleClaim: "groups",
    sessionSeconds: 3600,
    sessionNameClaim: "sub",
  };
  const roleOf = (matcher: string, claims: object) =>
    new AwsRoles({ ...settings, roles: [{ matcher, roleArn: "it" }] }, "b").roleFor({ ...claims });

  test.each<[string, object, string | undefined]>([
    ['"admins" in claims["groups"]', { groups: ["admins"] }, "it"],
    ['"admins" in claims["groups"]', { groups: "admins" }, undefined],
    ['claims["sub"] == "u" && !("act" in claims)', { sub: "u" }, "it"],
    ['claims["sub"] == "u" && !("act" in claims)', { sub: "u", act: {} }, undefined],
    ['claims.email.endsWith("@example.com")', { email: "a@example.com" }, "it"],
    ["claims.groups.exists(g, g.startsWith('team-'))", { groups: ["x", "team-a"] }, "it"],
    ["claims.level > 3", { level: 4 }, "it"],
    ["claims.missing == 'x'", {}, undefined],
    ["claims.sub", { sub: "u" }, undefined],
  ])("%s with %j: %s", (matcher, claims, expected) => {
    expect(roleOf(matcher, claims)).toBe(expected);
  });

  test.each(["claims.", "claims.size() + 1", "other == 'x'", "1 + 1"])(
    "an expression that is no condition is a fault of the configuration: %s",
    (matcher) => {
      expect(() => roleOf(matcher, {})).toThrow(ConfigError);
    },
  );
});
