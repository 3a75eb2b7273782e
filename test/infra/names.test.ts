import { InputPropertiesError } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { IncomingAuthType, McpServer, RedisSentinel, VirtualMcpServer } from "../../infra/index.ts";
import { type Declared, declare, renamed } from "../../testkit/pulumi/component-arbitraries.ts";
import { configurationOf, GITHUB, STORE } from "../../testkit/pulumi/components.ts";
import type { RecordedResource } from "../../testkit/pulumi/recorded-resource.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const monitoring = { serviceMonitor: true, grafanaDashboard: true };
const ownerKey = "b3duZXIta2V5LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE=";

/** One of each component, with everything that has a name. */
const EVERYTHING: readonly Declared[] = [
  {
    component: "VirtualMcpServer",
    name: "shop",
    args: {
      sessions: 1000,
      backends: [GITHUB],
      sessionStorage: STORE,
      autoscaling: { maxReplicas: 9 },
      incomingAuth: {
        type: IncomingAuthType.Jwt,
        jwt: {
          issuer: "https://id.example.com",
          audience: "mcp",
          jwks: "https://id.example.com/k",
        },
      },
      discovery: { groupRef: "tools", services: { labelSelector: "mcp=yes", namespaces: ["a"] } },
      ingress: { host: "a.example.com" },
      httpRoute: { hostnames: ["b.example.com"], parentRefs: [{ name: "public" }] },
      monitoring,
      ownerKey,
    },
  },
  {
    component: "McpServer",
    name: "shop",
    args: { image: "a:1", stateful: true, sessionStorage: STORE, proxy: { monitoring, ownerKey } },
  },
  {
    component: "RedisSentinel",
    name: "shop",
    args: {
      sessions: 1000,
      tls: { issuer: { name: "ca" } },
      users: [{ name: "eng" }],
      exporter: {},
    },
  },
];

const isKubernetes = ({ type }: RecordedResource) => type.startsWith("kubernetes:");

/** What the provider names after the name in Pulumi, with a suffix: no manifest but its own knows it before. */
const isNamedByProvider = (one: RecordedResource) =>
  isKubernetes(one) && one.at("metadata.name") === undefined;

/** Secrets and values that are generated once for each resource in Pulumi. */
const GENERATED = /password-of-[\w-]+|[A-Za-z0-9+/]{43}=|#[0-9a-f]{64}/g;

/** The inputs of each resource as text, by how its name in Pulumi goes on, with names of the provider's left out. */
function manifests({ resources }: RecordedStack, name: string): Map<string, string> {
  const generated = resources.filter(isNamedByProvider).map((one) => `${one.name}-0f1e2d3c`);
  return new Map(
    resources
      .filter(({ type }) => type !== "pulumi:pulumi:Stack")
      .map((one) => {
        const text = JSON.stringify(one.inputs).replaceAll(GENERATED, "(generated)");
        const kept = generated.reduce((all, each) => all.replaceAll(each, "(named)"), text);
        return [`${one.type} ${one.name.replace(name, "…")}`, kept];
      }),
  );
}

describe.each(EVERYTHING)("the name in Kubernetes of a $component", (one) => {
  test("makes the manifests that the same name in Pulumi makes, with everything switched on", async () => {
    const plain = await RecordedStack.of(() => declare(one));
    const other = renamed({ ...one, name: "in-pulumi" }, "shop");
    const named = await RecordedStack.of(() => declare(other));
    const made = manifests(named, "in-pulumi");
    expect(made).toEqual(manifests(plain, "shop"));
    expect([...made.values()].join("\n")).not.toContain("in-pulumi");
  });

  test("leaves the names in Pulumi, which begin with that of the component, as its aliases need it", async () => {
    const { resources } = await RecordedStack.of(() => declare(renamed(one, "in-kubernetes")));
    const names = resources.filter(({ kind }) => kind !== "Stack").map(({ name }) => name);
    expect(names.filter((name) => !/^shop(?:-|$)/.test(name))).toEqual([]);
  });

  test.each(["", "Eng", "a_b", "a".repeat(41)])("must not be %j", async (name) => {
    const { errors } = await refusal(() => declare(renamed(one, name)));
    expect(errors.map(({ propertyPath }) => propertyPath)).toEqual(["name"]);
  });

  test("and that in Pulumi are both reported, since generated names begin with the latter", async () => {
    const { message } = await refusal(() => declare(renamed({ ...one, name: "Pulumi's" }, "K8s")));
    expect(message).toContain("name: invalid value Pulumi's: must be 1 to 40 lowercase letters");
    expect(message).toContain("name: invalid value K8s: must be 1 to 40 lowercase letters");
  });
});

async function refusal(program: () => unknown): Promise<InputPropertiesError> {
  let refused: unknown;
  await RecordedStack.of(() => {
    try {
      program();
    } catch (error) {
      refused = error;
    }
  });
  if (refused instanceof InputPropertiesError) return refused;
  throw new Error("nothing is refused", { cause: refused });
}

describe("one server in two namespaces of one stack", () => {
  const image = "github:1";
  const pair = () =>
    RecordedStack.of(() => {
      const [dev, prod] = ["dev", "prod"].map((namespace) => {
        const args = { name: "github", namespace, image, sessionStorage: STORE };
        return new McpServer(`github-${namespace}`, args);
      });
      return { dev: dev?.backend, prod: prod?.backend };
    });

  test("has the same names in both, and no URN twice", async () => {
    const { resources } = await pair();
    const urns = resources.map(({ urn }) => urn);
    expect(urns).toEqual([...new Set(urns)]);
    const sets = resources.filter(({ kind }) => kind === "StatefulSet");
    expect(sets.map((set) => `${set.at("metadata.namespace")}/${set.at("metadata.name")}`)).toEqual(
      ["dev/github-server", "prod/github-server"],
    );
  });

  test("is the backend github of both gateways, each at its own address", async () => {
    const { outputs } = await pair();
    expect(outputs).toMatchObject({
      dev: { name: "github", url: "http://github-proxy.dev.svc.cluster.local:4483/mcp" },
      prod: { name: "github", url: "http://github-proxy.prod.svc.cluster.local:4483/mcp" },
    });
  });
});

describe("backendName of a server", () => {
  const program = (backendName: string, sessionStorage = STORE) =>
    RecordedStack.of(() => {
      const server = new McpServer("github-v2", { image: "a:1", sessionStorage, backendName });
      new VirtualMcpServer("eng", { sessions: 1000, sessionStorage, backends: [server.backend] });
      return server.backend;
    });

  test("is what gateways call it by, and what its policies admit them by", async () => {
    const stack = await program("github");
    expect(stack.outputs.name).toBe("github");
    expect(configurationOf(stack, "eng-gateway")).toMatchObject({ backends: [{ name: "github" }] });
    const label = { "mcp-fleet.dev/calls-github": "true" };
    expect(
      stack.one("Deployment", "eng-gateway").at("spec.template.metadata.labels"),
    ).toMatchObject(label);
    expect(
      stack
        .one("NetworkPolicy", "github-v2-proxy")
        .at("spec.ingress.0.from.0.podSelector.matchLabels"),
    ).toMatchObject(label);
  });

  test("admits gateways where it has no proxies, too", async () => {
    const stack = await RecordedStack.of(() => {
      new McpServer("github-v2", { image: "a:1", backendName: "github" });
    });
    expect(
      stack
        .one("NetworkPolicy", "github-v2-server")
        .at("spec.ingress.0.from.0.podSelector.matchLabels"),
    ).toHaveProperty("mcp-fleet.dev/calls-github");
  });

  test("changes nothing of its proxies: neither their configuration nor their keys", async () => {
    const [one, other] = [await program("github"), await program("git")];
    const proxies = (stack: RecordedStack) => [
      configurationOf(stack, "github-v2-proxy"),
      stack.one("McpServer", "github-v2").at("proxy.keyPrefix"),
    ];
    expect(proxies(one)).toEqual(proxies(other));
    expect(proxies(one)[1]).toBe("mcp-fleet:github-v2:proxy:github-v2:");
  });

  test.each(["", "a b", "-a", "a.", "a".repeat(58)])("must fit a label: not %j", async (name) => {
    const { errors } = await refusal(
      () => new McpServer("github", { image: "a:1", backendName: name }),
    );
    expect(errors.map(({ propertyPath }) => propertyPath)).toEqual(["backendName"]);
  });
});

describe("a store by the name of another stack's", () => {
  test("has addresses, Secrets and certificates of that name", async () => {
    const { resources, outputs } = await RecordedStack.of(() => {
      const tls = { issuer: { name: "ca" } };
      return new RedisSentinel("new", { name: "sessions", sessions: 1000, tls }).connection;
    });
    expect(outputs).toMatchObject({
      sentinel: { addresses: expect.arrayContaining(["sessions-sentinel-0.default.svc:26379"]) },
      tls: {
        caRef: { name: "sessions-redis-tls", key: "ca.crt" },
        servername: "sessions-redis.default.svc",
      },
    });
    const secrets = resources.filter(({ kind }) => kind === "Secret");
    expect(secrets.map((secret) => secret.at("metadata.name")).sort()).toEqual([
      "sessions-redis-secrets",
      "sessions-sentinel-secrets",
    ]);
  });
});
