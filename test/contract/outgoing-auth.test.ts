import { ConfigError } from "@mcp-fleet/contract";
import { type BackendSettings, validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it, test } from "vitest";

const JWT = { issuer: "https://issuer.example.com", audience: "a", jwks: "/jwks.json" };
const INCOMING = { incomingAuth: { type: "jwt", jwt: JWT } };
const ROLE = "arn:aws:iam::123456789012:role/all";
const TOKEN_URL = "https://login.example.com/token";

function backendWith(strategy: object, more: object = {}): BackendSettings | undefined {
  const backends = [{ name: "b", url: "http://b/mcp", ...more }];
  return validate({ ...INCOMING, backends, outgoingAuth: { backends: { b: strategy } } })
    .backends[0];
}

/** `path: rule` of each fault, without the path of the strategy. */
function faultsOf(strategy: object, more: object = {}, incoming: object = INCOMING): string[] {
  const backends = [{ name: "b", url: "http://b/mcp", ...more }];
  try {
    validate({ ...incoming, backends, outgoingAuth: { backends: { b: strategy } } });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(
      ({ path, rule }) => `${path.replace("outgoingAuth.backends.b.", "")}: ${rule}`,
    );
  }
  return [];
}

const header = (fields: object) => ({ type: "header_injection", headerInjection: fields });
const client = (fields: object) => ({
  type: "client_credentials",
  clientCredentials: { tokenUrl: TOKEN_URL, clientId: "us", ...fields },
});
const exchange = (fields: object = {}) => ({
  type: "token_exchange",
  tokenExchange: { tokenUrl: TOKEN_URL, ...fields },
});

const aws = (fields: object = {}) => ({
  type: "aws_sts",
  awsSts: { region: "us-east-1", fallbackRoleArn: ROLE, ...fields },
});
const crossApp = (fields: object = {}) => ({
  type: "xaa",
  xaa: {
    idpTokenUrl: TOKEN_URL,
    targetTokenUrl: "https://auth.chat.example/token",
    targetAudience: "https://auth.chat.example",
    ...fields,
  },
});

describe("ToolHive's strategies", () => {
  it("are taken as they are: header_injection and token_exchange, with its short names of token types", () => {
    expect(backendWith(header({ headerName: "X-API-Key", headerValueEnv: "KEY" }))?.auth).toEqual({
      type: "header",
      headerName: "x-api-key",
      prefix: "",
      value: { kind: "variable", name: "KEY" },
    });
    const given = {
      clientId: "us",
      clientSecretEnv: "SECRET",
      audience: "b",
      scopes: ["read"],
      subjectTokenType: "id_token",
    };
    expect(backendWith(exchange(given))?.auth).toEqual({
      type: "token_exchange",
      tokenUrl: TOKEN_URL,
      client: {
        id: "us",
        method: "client_secret_basic",
        secret: { kind: "variable", name: "SECRET" },
      },
      audience: "b",
      scopes: ["read"],
      subjectTokenType: "urn:ietf:params:oauth:token-type:id_token",
    });
  });

  it("are taken as they are: aws_sts with the roles by priority, and xaa with its two servers", () => {
    const other = "arn:aws-cn:iam::123456789012:role/path/other";
    const roleMappings = [
      { matcher: "claims.sub == 'a'", roleArn: ROLE },
      { claim: "b", roleArn: ROLE, priority: 7 },
      { claim: "a", roleArn: other, priority: -1 },
    ];
    expect(backendWith(aws({ region: "cn-north-1", roleMappings }))?.auth).toEqual({
      type: "aws_sts",
      region: "cn-north-1",
      service: "aws-mcp",
      stsUrl: "https://sts.cn-north-1.amazonaws.com.cn/",
      roles: [
        { claim: "a", roleArn: other },
        { claim: "b", roleArn: ROLE },
        { matcher: "claims.sub == 'a'", roleArn: ROLE },
      ],
      fallbackRoleArn: ROLE,
      roleClaim: "groups",
      sessionSeconds: 3600,
      sessionNameClaim: "sub",
    });
    const given = { idpClientId: "us", idpClientSecretEnv: "IDP", scopes: ["read"] };
    expect(backendWith(crossApp(given))?.auth).toEqual({
      type: "xaa",
      idp: {
        tokenUrl: TOKEN_URL,
        client: {
          id: "us",
          method: "client_secret_basic",
          secret: { kind: "variable", name: "IDP" },
        },
        audience: "https://auth.chat.example",
        scopes: ["read"],
      },
      target: { tokenUrl: "https://auth.chat.example/token", scopes: ["read"] },
      subjectTokenType: "urn:ietf:params:oauth:token-type:access_token",
    });
  });

  test("that need what is not there are refused by name", () => {
    for (const type of ["upstream_inject", "obo"]) {
      expect(faultsOf({ type })).toEqual([
        "type: must not be upstream_inject or obo, which are not supported",
      ]);
    }
    const rule =
      "is not supported: there is no authorization server, so there are no tokens of its providers";
    expect(faultsOf(aws({ subjectProviderName: "github" }))).toEqual([
      `awsSts.subjectProviderName: ${rule}`,
    ]);
    expect(faultsOf(crossApp({ subjectProviderName: "okta" }))).toEqual([
      `xaa.subjectProviderName: ${rule}`,
    ]);
  });
});

test("a backend without a strategy of its own has the default one, and none with unauthenticated", () => {
  const backends = ["a", "b"].map((name) => ({ name, url: `http://${name}/mcp` }));
  const outgoingAuth = {
    default: header({ headerName: "X-Key", headerValue: "v" }),
    backends: { b: { type: "unauthenticated" } },
  };
  const [a, b] = validate({ backends, outgoingAuth }).backends;
  expect([a?.auth?.type, b?.auth]).toEqual(["header", undefined]);
});

test("lists of a backend with token_exchange, aws_sts or xaa are each session's own, unless discoveryAuth reads them", () => {
  const own = { webIdentityTokenFile: "/token" };
  expect(backendWith(aws())?.catalog).toBe("perSession");
  expect(backendWith(aws(own))?.catalog).toBe("shared");
  expect(backendWith(aws(), { discoveryAuth: aws(own) })?.catalog).toBe("shared");
  expect(backendWith(crossApp())?.catalog).toBe("perSession");
  expect(backendWith(exchange())?.catalog).toBe("perSession");
  const discoveryAuth = { type: "bearer_token", bearerToken: { tokenFile: "/token" } };
  expect(backendWith(exchange(), { discoveryAuth })?.catalog).toBe("shared");
});

test("a server of HTTP+SSE gets no signatures, and an anonymous client none of its own", () => {
  expect(faultsOf(aws(), { transport: "sse" })).toEqual([
    "backends[0].transport: must not be sse if the backend's strategy is aws_sts",
  ]);
  const anonymous = { incomingAuth: { type: "anonymous" } };
  expect(faultsOf(aws(), {}, anonymous)).toEqual([
    "type: must not be aws_sts where clients bring no tokens",
  ]);
  expect(faultsOf(crossApp(), {}, anonymous)).toEqual([
    "type: must not be xaa where clients bring no tokens",
  ]);
  expect(faultsOf(aws({ webIdentityTokenFile: "/token" }), {}, anonymous)).toEqual([]);
  expect(faultsOf(aws(), { discoveryAuth: aws() })).toEqual([
    "backends[0].discoveryAuth.awsSts.webIdentityTokenFile: is required here",
  ]);
});

test.each<[string, object, string[]]>([
  [
    "nobody's role",
    aws({ fallbackRoleArn: undefined }),
    ["awsSts.fallbackRoleArn: one of roleMappings, fallbackRoleArn is required"],
  ],
  [
    "a role that is none, and one for nobody or twice",
    aws({
      roleMappings: [
        { claim: "a", roleArn: "arn:aws:iam::123456789012:user/a" },
        { roleArn: ROLE },
        { claim: "a", matcher: "true", roleArn: ROLE },
      ],
    }),
    [
      "awsSts.roleMappings[0].roleArn: must be the ARN of an IAM role",
      "awsSts.roleMappings[1].claim: one of claim, matcher is required",
      "awsSts.roleMappings[2].matcher: must be absent if claim is set",
    ],
  ],
  [
    "an STS that can be read on the way",
    aws({ stsUrl: "http://sts.example.com/" }),
    ["awsSts.stsUrl: must be an https URL"],
  ],
  [
    "two servers that can be read on the way, of which one may",
    crossApp({
      idpTokenUrl: "http://login.example.com/",
      targetTokenUrl: "http://auth.example.com/",
      insecureTargetTokenUrl: true,
    }),
    ["xaa.idpTokenUrl: must be an https URL"],
  ],
  [
    "a secret of nobody, and another one twice",
    crossApp({
      idpClientSecret: "s",
      targetClientId: "us",
      targetClientSecretEnv: "S",
      targetClientSecretFile: "/s",
    }),
    [
      "xaa.targetClientSecretFile: must be absent if targetClientSecretEnv is set",
      "xaa.idpClientId: is required",
    ],
  ],
  [
    "a header without a value",
    header({ headerName: "X-Key" }),
    [
      "headerInjection.headerValueFile: one of headerValue, headerValueEnv, headerValueFile is required",
    ],
  ],
  [
    "a header with two values",
    header({ headerName: "X-Key", headerValue: "v", headerValueEnv: "V" }),
    ["headerInjection.headerValueEnv: must be absent if headerValue is set"],
  ],
  [
    "a header of MCP",
    header({ headerName: "Mcp-Session-Id", headerValue: "v" }),
    [
      "headerInjection.headerName: must be the name of an HTTP header that neither HTTP nor MCP uses itself",
    ],
  ],
  [
    "a name that is none",
    header({ headerName: "X Key:", headerValue: "v" }),
    [
      "headerInjection.headerName: must be the name of an HTTP header that neither HTTP nor MCP uses itself",
    ],
  ],
  [
    "a value of two lines",
    header({ headerName: "X-Key", headerValue: "v\r\nHost: elsewhere" }),
    [
      "headerInjection.headerValue: must be one line of printable characters without spaces around it",
    ],
  ],
  [
    "a section of another type",
    {
      ...header({ headerName: "X-Key", headerValue: "v" }),
      tokenExchange: { tokenUrl: TOKEN_URL },
    },
    ["tokenExchange: must be absent unless type is token_exchange"],
  ],
  [
    "a type without its section",
    { type: "token_exchange" },
    ["tokenExchange: is required with type token_exchange"],
  ],
  [
    "a token endpoint that can be read on the way",
    client({ tokenUrl: "http://login.example.com/token", clientSecretEnv: "S" }),
    ["clientCredentials.tokenUrl: must be an https URL"],
  ],
  [
    "client credentials without a secret",
    client({}),
    [
      "clientCredentials.clientSecretFile: one of clientSecret, clientSecretEnv, clientSecretFile is required",
    ],
  ],
  [
    "a signing client without a key, and with a secret",
    client({ clientAuth: "private_key_jwt", clientSecretEnv: "S" }),
    [
      "clientCredentials.clientSecretEnv: must be absent with private_key_jwt",
      "clientCredentials.privateKeyFile: is required with private_key_jwt",
    ],
  ],
  [
    "a secret of nobody",
    exchange({ clientSecretEnv: "S" }),
    ["tokenExchange.clientId: is required"],
  ],
])("%s is refused", (_, strategy, faults) => {
  expect(faultsOf(strategy)).toEqual(faults);
});

test("http to a token endpoint is allowed on the loopback address, and elsewhere by name", () => {
  const there = { clientSecretEnv: "S", tokenUrl: "http://login.example.com/token" };
  expect(faultsOf(client({ ...there, insecureAllowHttp: true }))).toEqual([]);
  expect(faultsOf(client({ ...there, tokenUrl: "http://127.0.0.1:8080/token" }))).toEqual([]);
});

test("token_exchange is refused where clients bring no tokens", () => {
  expect(faultsOf(exchange(), {}, {})).toEqual([
    "type: must not be token_exchange where clients bring no tokens",
  ]);
});

test("discoveryAuth is refused where it would have no effect, and where it needs a client itself", () => {
  const own = { type: "bearer_token", bearerToken: { tokenFile: "/token" } };
  expect(faultsOf({ type: "unauthenticated" }, { discoveryAuth: own })).toEqual([
    "backends[0].discoveryAuth: must be absent unless the backend's strategy is token_exchange, aws_sts, xaa",
  ]);
  expect(faultsOf(exchange(), { discoveryAuth: exchange() })).toEqual([
    "backends[0].discoveryAuth.type: must be one of header_injection, bearer_token, client_credentials, aws_sts",
  ]);
});

test("a fault of a secret does not show it", () => {
  const value = "sesame \r\n open";
  const strategies = [
    header({ headerName: "X-Key", headerValue: value }),
    { type: "bearer_token", bearerToken: { token: value } },
  ];
  for (const strategy of strategies) {
    expect(() => backendWith(strategy)).toThrow("(hidden)");
    expect(() => backendWith(strategy)).not.toThrow("sesame");
  }
});
