import { bytes } from "@mcp-fleet/contract";
import { InputPropertiesError } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import {
  McpServer,
  type McpServerArgs,
  type PodTemplate,
  Scheme,
  VirtualMcpServer,
  type VirtualMcpServerArgs,
} from "../../infra/index.ts";
import {
  CONTAINER,
  configurationOf,
  GITHUB,
  gatewayStack,
  POD,
  STORE,
  serverStack,
  variablesOf,
} from "../../testkit/pulumi/components.ts";
import { verdict } from "../../testkit/pulumi/judged-stack.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const HTTPS = { name: "wiki", url: "https://wiki.example.com/mcp" };

const gateway = (args: Partial<VirtualMcpServerArgs>) =>
  new VirtualMcpServer("eng", {
    sessions: 100,
    backends: [GITHUB],
    sessionStorage: STORE,
    ...args,
  });

const server = (args: Partial<McpServerArgs>) =>
  new McpServer("files", { image: "files:1", sessionStorage: STORE, ...args });

/** The paths of the arguments that are refused. */
async function refused(program: () => unknown): Promise<string[]> {
  let found: unknown;
  await RecordedStack.of(() => {
    try {
      program();
    } catch (error) {
      found = error;
    }
  });
  if (!(found instanceof InputPropertiesError))
    throw new Error("nothing is refused", { cause: found });
  return found.errors.map(({ propertyPath }) => propertyPath);
}

describe("the variables of gateways and proxies", () => {
  const env = [{ name: "HTTPS_PROXY", value: "http://proxy.example.com:3128" }];
  const secrets = [{ targetEnvName: "PROXY_LOGIN", name: "proxy", key: "login" }];
  const login = { secretKeyRef: { name: "proxy", key: "login" } };

  test("are those that the user names, beside those of the component", async () => {
    const ofGateway = variablesOf(
      (await gatewayStack({ env, secrets })).one("Deployment", "eng-gateway"),
    );
    const ofProxy = variablesOf(
      (await serverStack({ image: "files:1", sessionStorage: STORE, proxy: { env, secrets } })).one(
        "Deployment",
        "files-proxy",
      ),
    );
    for (const variables of [ofGateway, ofProxy]) {
      expect(variables).toMatchObject({ HTTPS_PROXY: env[0]?.value, PROXY_LOGIN: login });
      expect(variables.NODE_OPTIONS).toMatch(/^--max-old-space-size=\d+$/);
    }
  });

  test.each(["NODE_OPTIONS", "MCP_FLEET_ADMIN_TOKEN", "MCP_FLEET_SESSION_MAX_SESSIONS", "a b"])(
    "are not %s, which has an argument of its own or is no name",
    async (name) => {
      const variable = { env: [{ name, value: "x" }] };
      expect(await refused(() => gateway(variable))).toEqual(["env[0].name"]);
      expect(await refused(() => server({ proxy: variable }))).toEqual(["proxy.env[0].name"]);
    },
  );

  test("have one value each: a name in env and in secrets is refused", async () => {
    const twice = { env: [{ name: "PROXY_LOGIN", value: "x" }], secrets };
    expect(await refused(() => gateway(twice))).toEqual(["secrets[0].targetEnvName"]);
  });
});

describe("the limits of a gateway", () => {
  const memoryOf = async (limits: VirtualMcpServerArgs["limits"]) =>
    bytes(
      (await gatewayStack({ limits: { ...limits } }))
        .one("Deployment", "eng-gateway")
        .text(`${CONTAINER}.resources.limits.memory`),
    );

  test("are in its configuration, and those that take memory in its plan: 64Mi more are held in 64Mi more at least", async () => {
    const stack = await gatewayStack({ limits: { heldBytes: "96Mi", bodyDepth: 32 } });
    expect(configurationOf(stack, "eng-gateway").limits).toMatchObject({
      heldBytes: "96Mi",
      bodyDepth: 32,
    });
    const more = (await memoryOf({ heldBytes: "96Mi" })) - (await memoryOf({ heldBytes: "32Mi" }));
    expect(more).toBeGreaterThanOrEqual(bytes("64Mi"));
  });

  test("are refused by name where they are no size or duration: 3 of them at once", async () => {
    const limits = { heldBytes: "much", sessionStreamLinger: "soon", keepAlive: "often" };
    expect((await refused(() => gateway({ limits }))).sort()).toEqual([
      "limits.heldBytes",
      "limits.keepAlive",
      "limits.sessionStreamLinger",
    ]);
  });
});

describe("the CA certificates of a backend", () => {
  test("are a file beside the configuration where they are a text", async () => {
    const stack = await gatewayStack({ backends: [GITHUB, { ...HTTPS, caBundle: CA }] });
    expect(configurationOf(stack, "eng-gateway").backends).toEqual([
      GITHUB,
      { ...HTTPS, caBundlePath: "/etc/mcp-fleet/configuration/ca-wiki.crt" },
    ]);
    expect(stack.one("ConfigMap", "eng-gateway-configuration").map("data")["ca-wiki.crt"]).toBe(CA);
  });

  test("are mounted from ConfigMaps of the user in one volume", async () => {
    const caBundleRef = { name: "corporate-ca", key: "bundle.pem" };
    const stack = await gatewayStack({ backends: [{ ...HTTPS, caBundleRef }] });
    const deployment = stack.one("Deployment", "eng-gateway");
    expect(deployment.list(`${POD}.volumes`)).toContainEqual({
      name: "backend-ca",
      projected: {
        sources: [
          {
            configMap: {
              name: "corporate-ca",
              items: [{ key: "bundle.pem", path: "ca-wiki.crt" }],
            },
          },
        ],
      },
    });
    const mountPath = "/etc/mcp-fleet/backend-ca";
    expect(deployment.list(`${CONTAINER}.volumeMounts`)).toContainEqual({
      name: "backend-ca",
      mountPath,
      readOnly: true,
    });
    expect(configurationOf(stack, "eng-gateway").backends).toEqual([
      { ...HTTPS, caBundlePath: `${mountPath}/ca-wiki.crt` },
    ]);
  });

  test("of a server are those of its proxies, and of gateways only where it has none", async () => {
    const caBundle = CA;
    const { url } = HTTPS;
    const proxied = await serverStack({ url, caBundle, sessionStorage: STORE });
    expect(configurationOf(proxied, "files-proxy").backends).toMatchObject([
      { url, caBundlePath: "/etc/mcp-fleet/configuration/ca-files.crt" },
    ]);
    expect(proxied.outputs.backend).not.toHaveProperty("caBundle");
    expect((await serverStack({ url, caBundle })).outputs.backend).toMatchObject({ url, caBundle });
    const pods = await serverStack({ image: "files:1", scheme: Scheme.Https, caBundle });
    expect(pods.outputs).toMatchObject({
      url: "https://files-server.default.svc.cluster.local:8080/mcp",
      backend: { scheme: "https", caBundle },
    });
  });

  test("are refused without TLS, and where they are given twice", async () => {
    const both = { ...HTTPS, caBundle: CA, caBundleRef: { name: "ca", key: "ca.crt" } };
    const backends = [{ ...GITHUB, caBundle: CA }, both];
    expect(await refused(() => gateway({ backends }))).toEqual([
      "backends[0].caBundle",
      "backends[1].caBundleRef",
    ]);
    expect(await refused(() => server({ caBundle: CA }))).toEqual(["caBundle"]);
  });
});

describe("the autoscaler of proxies", () => {
  const sized = { image: `files@sha256:${"0".repeat(64)}`, sessions: 3000, sessionStorage: STORE };
  const declared = { "session-storage-declared": { externalStores: ["redis-0.example.com"] } };

  test("goes from the planned 3 to at most 8, and passes the policies", async () => {
    const stack = await serverStack({ ...sized, autoscaling: { maxReplicas: 8 } });
    const scaler = stack.one("HorizontalPodAutoscaler", "files-proxy");
    expect([scaler.at("spec.minReplicas"), scaler.at("spec.maxReplicas")]).toEqual([3, 8]);
    expect(stack.one("Deployment", "files-proxy").ignoreChanges).toEqual(["spec.replicas"]);
    expect(verdict(stack, declared)).toEqual([]);
  });

  test("may be one of the user's own, which passes the policies, too", async () => {
    const stack = await serverStack({
      ...sized,
      autoscaling: { maxReplicas: 8, scaling: "External" },
    });
    expect(stack.resources.filter(({ kind }) => kind === "HorizontalPodAutoscaler")).toEqual([]);
    expect(verdict(stack, declared)).toEqual([]);
  });

  test("needs a store, at least the planned pods, and replicas left out", async () => {
    const autoscaling = { maxReplicas: 8 };
    const none = { image: "files:1", autoscaling };
    expect(await refused(() => new McpServer("files", none))).toEqual(["autoscaling"]);
    expect(await refused(() => server({ autoscaling, replicas: 3 }))).toEqual(["replicas"]);
    const tooFew = { sessions: 9000, autoscaling: { maxReplicas: 2 } };
    expect(await refused(() => server(tooFew))).toEqual(["autoscaling.maxReplicas"]);
  });
});

describe("the probes of a server", () => {
  test("are HTTP where podTemplate says so, in the place of the port that is open", async () => {
    const probe = { httpGet: { path: "/healthz", port: 8080 } };
    const readinessProbe = { ...probe, tcpSocket: null };
    const spec = { containers: [{ name: "server", readinessProbe }] };
    // As programs in YAML write it: TypeScript's types of Kubernetes have no null.
    const podTemplate: PodTemplate = JSON.parse(JSON.stringify({ spec }));
    const stack = await RecordedStack.of(() => server({ podTemplate }));
    const pods = stack.one("StatefulSet", "files-server");
    expect(pods.at(`${CONTAINER}.readinessProbe`)).toEqual({
      ...probe,
      periodSeconds: 5,
      failureThreshold: 2,
    });
    expect(pods.at(`${CONTAINER}.livenessProbe`)).toHaveProperty("tcpSocket");
  });
});
