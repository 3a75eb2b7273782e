import { validate } from "@mcp-fleet/contract/settings";
import { InputPropertiesError, output, secret } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import {
  BackendAuthType,
  ClientAuthMethod,
  IncomingAuthType,
  McpServer,
  type OutgoingAuthArgs,
  VirtualMcpServer,
  type VirtualMcpServerArgs,
} from "../../infra/index.ts";
import {
  CONTAINER,
  configurationOf,
  GITHUB,
  gatewayStack,
  POD,
  serverStack,
} from "../../testkit/pulumi/components.ts";
import type { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const FOLDER = "/etc/mcp-fleet/backend-auth";
const TOKEN_URL = "https://login.example.com:8443/token";

const apiKey = (value: object) => ({
  type: BackendAuthType.HeaderInjection,
  headerInjection: { headerName: "X-API-Key", ...value },
});

const of = (name: string) => ({ name, url: `http://${name}.example.com/mcp` });

const LOGIN: VirtualMcpServerArgs["incomingAuth"] = {
  type: IncomingAuthType.Jwt,
  jwt: {
    issuer: "https://id.example.com",
    audience: "mcp",
    jwks: "https://id.example.com/keys",
  },
};

/** With what the gateway reads lists as itself. */
const OWN = {
  type: BackendAuthType.BearerToken,
  bearerToken: { tokenFile: "/mnt/csi/wiki" },
};

/** A strategy of each type, and a secret in each of the ways in which one may be given. */
const EVERY_WAY: Partial<VirtualMcpServerArgs> = {
  incomingAuth: LOGIN,
  backends: [
    of("search"),
    of("tickets"),
    of("files"),
    { ...of("wiki"), discoveryAuth: OWN },
    of("public"),
  ],
  outgoingAuth: {
    default: apiKey({ headerValue: secret("key-of-the-rest") }),
    backends: {
      search: apiKey({ headerValueRef: { name: "search", key: "api-key" } }),
      tickets: {
        type: BackendAuthType.BearerToken,
        bearerToken: { serviceAccountToken: { audience: "tickets" } },
      },
      files: {
        type: BackendAuthType.ClientCredentials,
        clientCredentials: {
          tokenUrl: TOKEN_URL,
          clientId: "gateway",
          clientAuth: ClientAuthMethod.PrivateKeyJwt,
          privateKey: "-----BEGIN PRIVATE KEY-----",
        },
      },
      wiki: {
        type: BackendAuthType.TokenExchange,
        tokenExchange: {
          tokenUrl: output(TOKEN_URL),
          clientId: "gateway",
          clientSecret: "secret-of-the-gateway",
          audience: "wiki",
        },
      },
      public: { type: BackendAuthType.Unauthenticated },
    },
  },
};

const memoryOf = (stack: RecordedStack, workload: string) =>
  Number.parseInt(
    String(stack.one("Deployment", workload).at(`${CONTAINER}.resources.limits.memory`)),
    10,
  );

describe("a gateway that authenticates at its backends", () => {
  test("reads each secret from a file, and none stands in its configuration", async () => {
    const stack = await gatewayStack(EVERY_WAY);
    const file = configurationOf(stack, "eng-gateway");
    const { backends } = validate(file, [], "gateway");
    const path = (name: string) => ({ kind: "file", path: `${FOLDER}/${name}` });
    expect(backends.map(({ auth, discoveryAuth }) => [auth, discoveryAuth])).toMatchObject([
      [{ headerName: "x-api-key", value: path("backend.search.headerValue") }, undefined],
      [{ prefix: "Bearer ", value: path("backend.tickets.token") }, undefined],
      [{ client: { secret: path("backend.files.privateKey") } }, undefined],
      [
        { type: "token_exchange", client: { secret: path("backend.wiki.clientSecret") } },
        { value: { kind: "file", path: "/mnt/csi/wiki" } },
      ],
      [undefined, undefined],
    ]);
    expect(Object(file).outgoingAuth.default.headerInjection).toEqual({
      headerName: "X-API-Key",
      headerValueFile: `${FOLDER}/default.headerValue`,
    });
    expect(JSON.stringify(file)).not.toMatch(/key-of-the-rest|secret-of-the-gateway|PRIVATE KEY/);
  });

  test("has the 3 secrets that are given as values in 1 Secret, and all 5 in 1 volume", async () => {
    const stack = await gatewayStack(EVERY_WAY);
    expect(stack.one("Secret", "eng-gateway-backend-auth").at("stringData")).toEqual({
      "default.headerValue": "key-of-the-rest",
      "backend.files.privateKey": "-----BEGIN PRIVATE KEY-----",
      "backend.wiki.clientSecret": "secret-of-the-gateway",
    });
    const item = (key: string, path = key) => ({ key, path });
    const deployment = stack.one("Deployment", "eng-gateway");
    expect(deployment.at(`${POD}.volumes`)).toContainEqual({
      name: "backend-auth",
      projected: {
        defaultMode: 0o440,
        sources: [
          {
            secret: {
              name: expect.stringContaining("eng-gateway-backend-auth-"),
              items: [
                item("default.headerValue"),
                item("backend.files.privateKey"),
                item("backend.wiki.clientSecret"),
              ],
            },
          },
          { secret: { name: "search", items: [item("api-key", "backend.search.headerValue")] } },
          {
            serviceAccountToken: {
              audience: "tickets",
              expirationSeconds: 3600,
              path: "backend.tickets.token",
            },
          },
        ],
      },
    });
    expect(deployment.at(`${CONTAINER}.volumeMounts`)).toContainEqual({
      name: "backend-auth",
      mountPath: FOLDER,
      readOnly: true,
    });
  });

  test("may reach the token endpoints of its strategies at their port", async () => {
    const reached = async (args: Partial<VirtualMcpServerArgs>) => {
      const policy = (await gatewayStack(args)).one("NetworkPolicy", "eng-gateway");
      return JSON.stringify(policy.at("spec.egress")).includes('"port":8443');
    };
    expect(await reached(EVERY_WAY)).toBe(true);
    expect(await reached({})).toBe(false);
  });

  test("signs for AWS with a token of its service account, and gets tokens by cross-app access with 2 secrets", async () => {
    const login = `https://login.example.com:9443`;
    const stack = await gatewayStack({
      incomingAuth: LOGIN,
      backends: [of("lambda"), of("files")],
      outgoingAuth: {
        backends: {
          lambda: {
            type: BackendAuthType.AwsSts,
            awsSts: {
              region: "eu-west-1",
              service: "lambda",
              fallbackRoleArn: output("arn:aws:iam::123456789012:role/mcp"),
              stsUrl: "https://sts.internal:9444/",
              serviceAccountToken: { audience: "sts.amazonaws.com" },
            },
          },
          files: {
            type: BackendAuthType.Xaa,
            xaa: {
              idpTokenUrl: `${login}/token`,
              idpClientId: "gateway",
              idpClientSecret: secret("secret-at-the-idp"),
              targetTokenUrl: "https://files.example.com/token",
              targetClientId: "gateway",
              targetClientSecretRef: { name: "files-client", key: "secret" },
              targetAudience: "https://files.example.com",
            },
          },
        },
      },
    });
    const file = configurationOf(stack, "eng-gateway");
    const path = (name: string) => ({ kind: "file", path: `${FOLDER}/${name}` });
    const { backends } = validate(file, [], "gateway");
    expect(backends.map(({ auth }) => auth)).toMatchObject([
      { type: "aws_sts", webIdentityToken: path("backend.lambda.webIdentityToken") },
      {
        idp: { client: { secret: path("backend.files.idpClientSecret") } },
        target: { client: { secret: path("backend.files.targetClientSecret") } },
      },
    ]);
    expect(JSON.stringify(file)).not.toContain("secret-at-the-idp");
    // Credentials of AWS are the same for all clients, so that the process reads the lists there by itself.
    expect(backends.map(({ catalog }) => catalog)).toEqual(["shared", "perSession"]);
    const egress = JSON.stringify(stack.one("NetworkPolicy", "eng-gateway").at("spec.egress"));
    for (const port of [9443, 9444]) expect(egress).toContain(`"port":${port}`);
  });

  test("has room for 16 MiB of tokens where a strategy gets some, and no more where none does", async () => {
    const backends = [GITHUB];
    const plain = await gatewayStack({ backends });
    const fixed = await gatewayStack({
      backends,
      outgoingAuth: { default: apiKey({ headerValue: "a" }) },
    });
    const { clientCredentials } = EVERY_WAY.outgoingAuth?.backends?.files ?? {};
    const got = await gatewayStack({
      backends,
      outgoingAuth: {
        default: {
          type: BackendAuthType.ClientCredentials,
          ...(clientCredentials && { clientCredentials }),
        },
      },
    });
    expect(memoryOf(fixed, "eng-gateway")).toBe(memoryOf(plain, "eng-gateway"));
    // With the reserve of a quarter of all memory.
    const more = memoryOf(got, "eng-gateway") - memoryOf(plain, "eng-gateway");
    expect(more).toBeGreaterThanOrEqual(Math.floor(16 / 0.75));
    expect(more).toBeLessThanOrEqual(Math.ceil(16 / 0.75));
  });

  test("plans lists of each session for tokens of clients, unless it reads the lists as itself", async () => {
    const planOf = async (args: Partial<VirtualMcpServerArgs>) =>
      (await gatewayStack(args)).one("Deployment", "eng-gateway").at("metadata.annotations");
    const { tokenExchange } = EVERY_WAY.outgoingAuth?.backends?.wiki ?? {};
    const outgoingAuth: OutgoingAuthArgs = {
      default: { type: BackendAuthType.TokenExchange, ...(tokenExchange && { tokenExchange }) },
    };
    const login = { incomingAuth: LOGIN, outgoingAuth };
    const inputs = async (args: Partial<VirtualMcpServerArgs>) =>
      JSON.parse(Object(await planOf(args))["mcp-fleet.dev/plan-inputs"]);
    expect(await inputs({ ...login, backends: [GITHUB] })).toMatchObject({
      sessionCatalogBytes: 32 * 2 ** 20,
      sessionStreamBackends: 1,
    });
    const own = await inputs({ ...login, backends: [{ ...GITHUB, discoveryAuth: OWN }] });
    expect(own).toMatchObject({ sessionCatalogBytes: 0, credentialBytes: 16 * 2 ** 20 });
  });
});

test("proxies authenticate at their server with the same argument, and have the secret in a Secret", async () => {
  const stack = await serverStack({
    url: "https://files.example.com/mcp",
    replicas: 1,
    proxy: { outgoingAuth: { default: apiKey({ headerValue: "key-of-files" }) } },
  });
  const { backends } = validate(configurationOf(stack, "files-proxy"), [], "proxy");
  expect(backends).toMatchObject([
    { auth: { value: { kind: "file", path: `${FOLDER}/default.headerValue` } } },
  ]);
  expect(stack.one("Secret", "files-proxy-backend-auth").at("stringData")).toEqual({
    "default.headerValue": "key-of-files",
  });
});

test("addresses of a login may be known after the update, each of them", async () => {
  const later = (text: string) => output(text);
  const stack = await gatewayStack({
    incomingAuth: {
      type: IncomingAuthType.Oidc,
      oidc: {
        issuer: later("https://id.example.com"),
        audience: later("mcp"),
        clientId: later("gateway"),
        clientSecret: later("secret"),
        jwksUrl: later("https://id.example.com/keys"),
        introspectionUrl: later("https://id.example.com/introspect"),
        resource: later("https://mcp.example.com/mcp"),
      },
    },
  });
  expect(
    validate(configurationOf(stack, "eng-gateway"), [], "gateway").oidc?.issuers,
  ).toMatchObject([{ introspectionUrl: "https://id.example.com/introspect" }]);
});

describe("a strategy that is refused says which argument", () => {
  const gateway = (outgoingAuth: object, args: object = {}) =>
    new VirtualMcpServer(
      "eng",
      Object.assign({ sessions: 10, backends: [GITHUB], outgoingAuth }, args),
    );
  const faultsOf = (declare: () => unknown): string[] => {
    try {
      declare();
    } catch (error) {
      if (!(error instanceof InputPropertiesError)) throw error;
      return error.errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
    }
    throw new Error("nothing is refused");
  };
  const ref = { name: "a", key: "b" };

  test.each<readonly [fault: string, declare: () => unknown]>([
    [
      "outgoingAuth.default.headerInjection.headerValue: one of headerValue, headerValueRef, headerValueFile is required; add one",
      () => gateway({ default: apiKey({}) }),
    ],
    [
      "outgoingAuth.default.headerInjection.headerValueRef: must be absent if headerValue is set; remove it, or remove headerValue",
      () => gateway({ default: apiKey({ headerValue: "a", headerValueRef: ref }) }),
    ],
    [
      "outgoingAuth.backends.github.bearerToken.serviceAccountToken: must be absent if tokenRef is set; remove it, or remove tokenRef",
      () => {
        const bearerToken = { tokenRef: ref, serviceAccountToken: { audience: "a" } };
        return gateway({ backends: { github: { type: "bearer_token", bearerToken } } });
      },
    ],
    [
      "outgoingAuth.default.clientCredentials.privateKey: one of privateKey, privateKeyRef, privateKeyFile is required; add one",
      () => {
        const client = { tokenUrl: TOKEN_URL, clientId: "a", clientAuth: "private_key_jwt" };
        return gateway({ default: { type: "client_credentials", clientCredentials: client } });
      },
    ],
    [
      "outgoingAuth.default.clientCredentials.clientSecret: invalid value (hidden): must be absent with private_key_jwt; remove it",
      () => {
        const client = { tokenUrl: TOKEN_URL, clientId: "a", clientAuth: "private_key_jwt" };
        const clientCredentials = { ...client, privateKey: "a", clientSecret: "b" };
        return gateway({ default: { type: "client_credentials", clientCredentials } });
      },
    ],
    [
      "outgoingAuth.default.headerInjection: invalid value a map with headerName, headerValueFile: must be absent unless type is header_injection; set type: header_injection, or remove the section",
      () => gateway({ default: { ...apiKey({ headerValue: "a" }), type: "unauthenticated" } }),
    ],
    [
      "proxy.outgoingAuth.default.headerInjection.headerValue: one of headerValue, headerValueRef, headerValueFile is required; add one",
      () =>
        new McpServer("files", {
          image: "files:1",
          replicas: 1,
          proxy: { outgoingAuth: { default: apiKey({}) } },
        }),
    ],
  ])("%s", (fault, declare) => {
    expect(faultsOf(declare)).toEqual([fault]);
  });

  test("and a backend that there is not", () => {
    const faults = faultsOf(() =>
      gateway({ backends: { gitub: { type: "unauthenticated" } } }),
    ).join();
    expect(faults).toContain("outgoingAuth.backends.gitub");
  });
});
