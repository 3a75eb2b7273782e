import { readFileSync } from "node:fs";
import type { Path } from "@mcp-fleet/contract";
import { validate } from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { SCHEMA } from "../../infra/package-schema.ts";
import { asArguments } from "../../runtime/import/as-arguments.ts";
import { ImportError } from "../../runtime/import/import-error.ts";
import { type ImportOptions, importToolHive } from "../../runtime/import/import-toolhive.ts";
import { ResourceReader } from "../../runtime/import/resource-reader.ts";
import { IMPORT_ARGUMENTS_FILE, importArguments } from "../../tools/docs/import-arguments.ts";

const API = "toolhive.stacklok.dev/v1beta1";

const resource = (kind: string, name: string, spec: object, apiVersion = API) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "tools" },
  spec,
});

const server = (name: string, spec: object = {}) =>
  resource("MCPServer", name, {
    image: `registry.example.com/${name}:1`,
    transport: "streamable-http",
    groupRef: { name: "team" },
    ...spec,
  });

const gateway = (spec: object = {}) =>
  resource("VirtualMCPServer", "vmcp", {
    groupRef: { name: "team" },
    incomingAuth: { type: "anonymous" },
    ...spec,
  });

const group = resource("MCPGroup", "team", { description: "the tools of the team" });

function read(...documents: readonly object[]): ResourceReader {
  const text = documents.map((document) => stringify(document)).join("---\n");
  return new ResourceReader([{ path: "all.yaml", text }]);
}

const OPTIONS: ImportOptions = { language: "typescript", acceptOpen: [], keepServers: false };

function imported(documents: readonly object[], options: Partial<ImportOptions> = {}) {
  const { resources, faults } = read(...documents);
  expect(faults).toEqual([]);
  return importToolHive(resources, { ...OPTIONS, ...options });
}

function faultsOf(documents: readonly object[], options: Partial<ImportOptions> = {}) {
  try {
    imported(documents, options);
  } catch (error) {
    if (error instanceof ImportError) return error.faults;
    throw error;
  }
  throw new Error("it is imported");
}

const remarks = (documents: readonly object[], options: Partial<ImportOptions> = {}) =>
  imported(documents, options).report.resources.flatMap((one) => one.remarks);

const left = (documents: readonly object[], options: Partial<ImportOptions> = {}) =>
  remarks(documents, options)
    .filter(({ outcome }) => outcome === "left")
    .map(({ resource: of, path }) => `${of} ${path.join(".")}`);

describe("a gateway and 2 servers of its group", () => {
  const documents = [group, server("github"), server("wiki", { transport: "sse" }), gateway()];

  it("become a gateway.yaml that calls ToolHive's 2 proxies, and is valid", () => {
    const { configurations } = imported(documents);
    const configuration = configurations.get("gateway.yaml");
    expect(configuration?.backends).toEqual([
      { name: "github", url: "http://mcp-github-proxy.tools.svc.cluster.local:8080/mcp" },
      {
        name: "wiki",
        url: "http://mcp-wiki-proxy.tools.svc.cluster.local:8080/sse",
        transport: "sse",
      },
    ]);
    expect(validate(configuration).backends).toHaveLength(2);
  });

  it("become 2 McpServers and 1 VirtualMcpServer in TypeScript, and nothing is left", () => {
    const { files } = imported(documents);
    expect([...files.keys()]).toEqual(["gateway.yaml", "index.ts", "Pulumi.yaml", "REPORT.md"]);
    const program = files.get("index.ts");
    expect(program).toContain('const githubServer = new McpServer("github", {');
    expect(program).toContain("backends: [githubServer, wikiServer]");
    expect(left(documents)).toEqual([]);
  });

  it.each([
    ["python", "__main__.py", '"srv": "_mcp._tcp.github-server.tools.svc.cluster.local"'],
    ["yaml", "Pulumi.yaml", "srv: _mcp._tcp.github-server.tools.svc.cluster.local"],
  ] as const)("the same in %s, where a backend is its address", (language, file, line) => {
    expect(imported(documents, { language }).files.get(file)).toContain(line);
  });

  it("with --keep-servers there is 1 component, which calls the proxies", () => {
    const { components } = imported(documents, { keepServers: true });
    expect(components.map(({ type }) => type)).toEqual(["VirtualMcpServer"]);
  });

  it("with 3 replicas there is a store, for 3,000 sessions", () => {
    const { components } = imported([group, server("github"), gateway({ replicas: 3 })]);
    expect(components.map(({ type, name }) => `${type} ${name}`)).toEqual([
      "RedisSentinel vmcp-sessions",
      "McpServer github",
      "VirtualMcpServer vmcp",
    ]);
    expect(components.map(({ args }) => args.sessions)).toEqual([3000, undefined, 3000]);
  });
});

describe("nothing is dropped silently", () => {
  it.each([
    ["MCPServer", (extra: object) => [group, server("github", extra), gateway()]],
    ["VirtualMCPServer", (extra: object) => [group, server("github"), gateway(extra)]],
    [
      "MCPServerEntry",
      (extra: object) => [
        group,
        resource("MCPServerEntry", "far", {
          groupRef: { name: "team" },
          remoteUrl: "https://far.example.com/mcp",
          ...extra,
        }),
        gateway(),
      ],
    ],
    [
      "MCPRemoteProxy",
      (extra: object) => [
        group,
        resource("MCPRemoteProxy", "far", {
          groupRef: { name: "team" },
          remoteUrl: "https://far.example.com/mcp",
          ...extra,
        }),
        gateway(),
      ],
    ],
    ["MCPGroup", (extra: object) => [resource("MCPGroup", "team", extra)]],
  ])("an unknown field of a %s is reported, with its place", (kind, documents) => {
    const unknown = remarks(documents({ surprise: { inside: 1 } })).filter(({ path }) =>
      path.includes("surprise"),
    );
    expect(unknown).toHaveLength(1);
    expect(unknown[0]?.resource).toContain(kind);
    expect(unknown[0]?.outcome).toBe("left");
    expect(unknown[0]?.origin).toMatch(/^all\.yaml:\d+:\d+$/);
  });

  it("unknown fields deep in a configuration, a container and a reference are reported", () => {
    const documents = [
      group,
      server("github", { podTemplateSpec: { spec: { containers: [{ name: "mcp", tty: true }] } } }),
      gateway({ config: { operational: { failureHandling: { surprise: 1 } } } }),
    ];
    expect(left(documents)).toEqual([
      "MCPServer tools/github spec.podTemplateSpec",
      "VirtualMCPServer tools/vmcp spec.config.operational.failureHandling.surprise",
    ]);
  });

  it("stdio servers are named, and called through ToolHive's proxy", () => {
    const documents = [group, server("local", { transport: "stdio" }), gateway()];
    const [remark] = remarks(documents).filter(({ topic }) => topic === "stdio");
    expect(remark?.fix).toContain("keep its MCPServer");
    const { components } = imported(documents);
    expect(components.map(({ type }) => type)).toEqual(["VirtualMcpServer"]);
  });

  it("a file with audit, rate limits and an optimizer names 1 field, and takes the others over", () => {
    const config = {
      audit: { enabled: true },
      rateLimiting: { shared: { maxTokens: 1, refillPeriod: "1s" } },
      optimizer: {},
    };
    expect(left([group, server("github"), gateway({ config })])).toEqual([
      "VirtualMCPServer tools/vmcp spec.config.optimizer",
    ]);
  });
});

describe("an import never opens what was closed", () => {
  const cedar = { type: "inline", inline: { policies: ["permit(principal, action, resource);"] } };

  it.each([
    [
      "a login without its MCPOIDCConfig",
      "incomingAuth",
      [
        group,
        server("github"),
        gateway({
          incomingAuth: { type: "oidc", oidcConfigRef: { name: "nowhere", audience: "a" } },
        }),
      ],
    ],
    [
      "the login of a server's own proxy",
      "incomingAuth",
      [group, server("github", { oidcConfigRef: { name: "nowhere", audience: "a" } }), gateway()],
    ],
    [
      "policies of a server's own proxy",
      "authz",
      [group, server("github", { authzConfig: cedar }), gateway()],
    ],
    [
      "hidden tools of a server without a gateway",
      "tools",
      [
        server("github", { toolConfigRef: { name: "some" } }),
        resource("MCPToolConfig", "some", { toolsFilter: ["read"] }),
      ],
    ],
    [
      "hidden tools whose MCPToolConfig is not there",
      "tools",
      [group, server("github", { toolConfigRef: { name: "nowhere" } }), gateway()],
    ],
    [
      "webhooks that may refuse calls",
      "webhooks",
      [group, server("github", { webhookConfigRef: { name: "nowhere" } }), gateway()],
    ],
  ] as const)("%s: refused with place and fix, until --accept-open %s", (_, gate, documents) => {
    const faults = faultsOf(documents);
    expect(faults.length).toBeGreaterThan(0);
    for (const found of faults) {
      expect(found.fix).toContain(`--accept-open ${gate}`);
      expect(found.origin).toMatch(/^all\.yaml:\d+:\d+$/);
    }
    expect(imported(documents, { acceptOpen: [gate] }).files.has("REPORT.md")).toBe(true);
  });

  it("a filter in an entry without its backend is a guard, too", () => {
    const config = { aggregation: { tools: [{ filter: ["read"] }] } };
    const faults = faultsOf([group, server("github"), gateway({ config })]);
    expect(faults.length).toBeGreaterThan(0);
    for (const { fix } of faults) expect(fix).toContain("--accept-open tools");
  });

  it.each([
    ["incomingAuth", [gateway({ incomingAuth: "oidc" })]],
    ["toolConfigRef", [server("github", { toolConfigRef: 5 })]],
    ["oidcConfigRef", [server("github", { oidcConfigRef: ["login"] })]],
    ["authzConfig", [server("github", { authzConfig: "cedar" })]],
  ])("%s of a wrong type is a fault, and never nothing", (name, documents) => {
    const faults = faultsOf([group, ...documents], {
      acceptOpen: ["incomingAuth", "authz", "tools"],
    });
    expect(faults.map(({ path }) => path)).toEqual([expect.stringContaining(`spec.${name}`)]);
  });

  it("a login with the URL of the issuer's keys is taken over", () => {
    const documents = [
      group,
      server("github"),
      resource("MCPOIDCConfig", "login", {
        type: "inline",
        inline: {
          issuer: "https://login.example.com",
          jwksUrl: "https://login.example.com/keys",
        },
      }),
      gateway({
        incomingAuth: { type: "oidc", oidcConfigRef: { name: "login", audience: "vmcp" } },
      }),
    ];
    const configuration = imported(documents).configurations.get("gateway.yaml");
    expect(configuration?.incomingAuth).toMatchObject({ type: "oidc" });
    expect(validate(configuration)).toBeDefined();
    expect(left(documents)).toEqual([]);
  });

  it("a secret that the gateway needs is a reference to the Secret in the program, and a variable in gateway.yaml", () => {
    const dropped: Path[] = [];
    const secrets = new Map([["VARIABLE", { name: "login", key: "secret" }]]);
    const value = { tls: { certEnv: "VARIABLE", caEnv: "OTHER" } };
    expect(asArguments(value, "SessionStorageArgs", [], dropped, secrets)).toEqual({
      tls: { certRef: { name: "login", key: "secret" } },
    });
    expect(dropped).toEqual([["tls", "caEnv"]]);
  });

  it("an open gateway gets no load balancer, which policies would refuse", () => {
    const [component] = imported([
      group,
      server("github"),
      gateway({ serviceType: "LoadBalancer" }),
    ]).components.filter(({ type }) => type === "VirtualMcpServer");
    expect(component?.args.serviceType).toBeUndefined();
  });

  it("secrets in plain text are read from a Secret, and are in no file", () => {
    const env = [
      { name: "API_KEY", value: "hunter2" },
      { name: "LEVEL", value: "info" },
    ];
    const { files } = imported([group, server("github", { env }), gateway()]);
    expect([...files.values()].join("\n")).not.toContain("hunter2");
    expect(files.get("index.ts")).toContain(
      '{ targetEnvName: "API_KEY", name: "github-env", key: "api-key" }',
    );
  });
});

describe("wrong input", () => {
  it("values of 4 wrong types are 4 faults at once, each with its line", () => {
    const documents = [
      server("github", { image: 7, args: "none", backendReplicas: -1, env: [{ name: {} }] }),
    ];
    const faults = faultsOf(documents);
    expect(faults.map(({ path }) => path.replace(/^.*?\.spec/, "spec"))).toEqual(
      expect.arrayContaining([
        "spec.image",
        "spec.args",
        "spec.backendReplicas",
        "spec.env[0].name",
      ]),
    );
    expect(faults).toHaveLength(4);
    for (const found of faults) expect(found.origin).toMatch(/^all\.yaml:\d+:\d+$/);
  });

  it("2 resources of a name, another version of the API and a document without a kind are 3 faults", () => {
    const { faults } = read(
      server("github"),
      server("github"),
      resource("MCPServer", "old", {}, "toolhive.stacklok.dev/v9"),
      { hello: "world" },
    );
    expect(faults.map(({ rule }) => rule)).toEqual([
      "must be given once, and is at all.yaml:1:1 too",
      "must be toolhive.stacklok.dev/ and one of v1alpha1, v1beta1",
      expect.stringContaining("must have a kind"),
    ]);
  });

  it.each([
    [
      "aliases that grow",
      `a: &a [x]\n${"bcdefghij"
        .split("")
        .map((key, index) => `${key}: &${key} [${`*${"abcdefghi"[index]},`.repeat(9)}]`)
        .join("\n")}\n`,
    ],
    ["an alias of nothing", "a: *nothing\n"],
    ["10,000 lists inside each other", `a: ${"[".repeat(10_000)}${"]".repeat(10_000)}\n`],
    [
      "100 maps inside each other",
      `kind: MCPServer\na: ${"{b: ".repeat(100)}1${"}".repeat(100)}\n`,
    ],
    ["broken YAML", "a: [1\nb: 2\n"],
    ["a list", "- 1\n"],
    ["a text", "hello\n"],
  ])("%s: faults with the file, no exception", (_, text) => {
    const { faults } = new ResourceReader([{ path: "bad.yaml", text }]);
    expect(faults.length).toBeGreaterThan(0);
    for (const { path, origin } of faults) expect(`${path} ${origin}`).toContain("bad.yaml");
  });

  it("keys that every object has are keys like others", () => {
    const documents = [
      group,
      resource("MCPExternalAuthConfig", "odd", { type: "constructor" }),
      server("github", {
        externalAuthConfigRef: { name: "odd" },
        constructor: 1,
        toString: { a: 1 },
      }),
      gateway({ config: { constructor: { prototype: 1 }, aggregation: { hasOwnProperty: 1 } } }),
    ];
    expect(left(documents).length).toBeGreaterThan(3);
  });
});

it("the arguments that programs may have are those of the components", () => {
  expect(readFileSync(IMPORT_ARGUMENTS_FILE, "utf8")).toBe(importArguments(SCHEMA));
});

describe("a gateway with an MCPTelemetryConfig", () => {
  const telemetryConfig = resource("MCPTelemetryConfig", "otel", {
    openTelemetry: {
      enabled: true,
      endpoint: "otel.monitoring:4318",
      insecure: true,
      resourceAttributes: { team: "a" },
      sensitiveHeaders: [{ name: "Authorization", secretKeyRef: { name: "otlp", key: "token" } }],
      tracing: { enabled: true, samplingRate: "0.1" },
      metrics: { enabled: true },
    },
    prometheus: { enabled: true },
  });
  const telemetryConfigRef = { name: "otel", serviceName: "vmcp" };
  const documents = [group, server("github"), telemetryConfig, gateway({ telemetryConfigRef })];

  it("sends the same there, with the header from a variable", () => {
    const { configurations } = imported(documents);
    const configuration = configurations.get("gateway.yaml");
    expect(configuration?.telemetry).toEqual({
      endpoint: "otel.monitoring:4318",
      insecure: true,
      customAttributes: { team: "a" },
      headersEnv: { Authorization: "MCP_FLEET_IMPORTED_OTEL_AUTHORIZATION" },
      serviceName: "vmcp",
      tracingEnabled: true,
      metricsEnabled: true,
      samplingRate: "0.1",
      enablePrometheusMetricsPath: true,
    });
    expect(validate(configuration).telemetry?.tracing?.samplingRatio).toBe(0.1);
    expect(left(documents)).toEqual([]);
  });

  it("has telemetry and the Secret of the header in its program", () => {
    const program = imported(documents).files.get("index.ts");
    expect(program).toContain('endpoint: "otel.monitoring:4318"');
    expect(program).toMatch(
      /targetEnvName: "MCP_FLEET_IMPORTED_OTEL_AUTHORIZATION",\s+name: "otlp",\s+key: "token"/,
    );
  });
});
