import { completed, processPlan } from "@mcp-fleet/contract/capacity";
import { decode, validate, validateClusterDiscovery } from "@mcp-fleet/contract/settings";
import { InputPropertiesError, output } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { type DiscoveryArgs, VirtualMcpServer } from "../../infra/index.ts";
import {
  CONTAINER,
  configurationOf,
  GITHUB,
  gatewayStack,
  lonelyGatewayStack,
  POD,
  variablesOf,
} from "../../testkit/pulumi/components.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const GROUP = { groupRef: "eng-tools", namespaces: ["tools"] };
const SERVICES = { services: { labelSelector: "mcp=yes" } };

const found = (discovery: DiscoveryArgs, more: object = {}) =>
  gatewayStack({ backends: [], discovery, ...more });

const process = (stack: RecordedStack) => stack.one("Deployment", "eng-discover");

/** What the process that looks makes of its variables. */
function lookOf(stack: RecordedStack) {
  const texts = Object.entries(variablesOf(process(stack))).map(
    ([name, value]) => [name, String(value)] as const,
  );
  const { configuration, faults } = decode(Object.fromEntries(texts));
  return validateClusterDiscovery(configuration, faults);
}

async function faultsOf(discovery: unknown, more: object = {}): Promise<string[]> {
  const args = { sessions: 100, discovery, ...more };
  let faults: string[] = [];
  const { resources } = await RecordedStack.of(() => {
    try {
      new VirtualMcpServer("eng", args as never);
    } catch (error) {
      if (!(error instanceof InputPropertiesError)) throw error;
      faults = error.errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
    }
  });
  if (faults.length > 0) expect(resources).toHaveLength(1);
  return faults;
}

describe("backends of a group, found in one namespace", () => {
  test("are looked for by a process of its own, which understands its variables", async () => {
    const stack = await found({ ...GROUP, maxBackends: 40 }, { backends: [GITHUB] });
    expect(lookOf(stack)).toEqual({
      name: "eng",
      host: "0.0.0.0",
      adminPort: 9090,
      logLevel: "info",
      groupRef: "eng-tools",
      namespaces: ["tools"],
      configMap: "eng-backends",
      clusterDomain: "cluster.local",
      maxBackends: 39,
    });
    expect(process(stack).at(`${CONTAINER}.args`)).toEqual(["discover"]);
  });

  test("need 1 Role to write 1 ConfigMap, and 1 to read 3 kinds in that namespace: no other rights", async () => {
    const stack = await found(GROUP);
    const of = (wanted: string) =>
      stack.resources
        .filter(({ kind }) => kind === wanted)
        .toSorted((one, other) => (one.name < other.name ? -1 : 1));
    const roles = of("Role");
    expect(
      roles.map((role) => [
        `${role.at("metadata.namespace")}/${role.at("metadata.name")}`,
        role.at("rules"),
      ]),
    ).toEqual([
      [
        "default/eng-discover-backends",
        [
          {
            apiGroups: [""],
            resources: ["configmaps"],
            verbs: ["get", "update"],
            resourceNames: ["eng-backends"],
          },
        ],
      ],
      [
        "tools/eng-discover.default",
        [
          {
            apiGroups: ["toolhive.stacklok.dev"],
            resources: ["mcpservers", "mcpremoteproxies", "mcpserverentries"],
            verbs: ["get", "list", "watch"],
          },
        ],
      ],
    ]);
    const bindings = of("RoleBinding");
    for (const [index, binding] of bindings.entries()) {
      expect(binding.at("metadata")).toEqual(roles[index]?.at("metadata"));
      expect(binding.at("roleRef.name")).toBe(roles[index]?.at("metadata.name"));
      expect(binding.at("subjects")).toEqual([
        { kind: "ServiceAccount", name: "eng-discover", namespace: "default" },
      ]);
    }
    expect(stack.resources.filter(({ kind }) => kind.startsWith("Cluster"))).toEqual([]);
  });

  test("are asked for with a token that the gateways do not have", async () => {
    const stack = await found(GROUP);
    expect(process(stack).at(`${POD}.automountServiceAccountToken`)).toBe(true);
    expect(process(stack).at(`${POD}.serviceAccountName`)).toBe("eng-discover");
    const gateway = stack.one("Deployment", "eng-gateway");
    expect(gateway.at(`${POD}.automountServiceAccountToken`)).toBe(false);
    expect(gateway.at(`${POD}.serviceAccountName`)).toBe("eng-gateway");
  });

  test("reach the gateways as a folder, whose ConfigMap must be there and which no update empties", async () => {
    const stack = await found(GROUP);
    const { discovery, backends } = validate(configurationOf(stack, "eng-gateway"), [], "gateway");
    expect(backends).toEqual([]);
    expect(discovery).toMatchObject({ directory: "/etc/mcp-fleet/backends", maxBackends: 32 });
    const gateway = stack.one("Deployment", "eng-gateway");
    expect(gateway.at(`${POD}.volumes`)).toContainEqual({
      name: "backends",
      configMap: { name: "eng-backends" },
    });
    expect(gateway.at(`${CONTAINER}.volumeMounts`)).toContainEqual({
      name: "backends",
      mountPath: "/etc/mcp-fleet/backends",
      readOnly: true,
    });
    const configMap = stack.one("ConfigMap", "eng-discover-backends");
    expect(configMap.at("metadata.name")).toBe("eng-backends");
    expect(configMap.at("data")).toBeUndefined();
  });

  test("are planned for 32 of them, or as many as maxBackends says", async () => {
    const memory = (stack: RecordedStack) =>
      stack.one("VirtualMcpServer", "eng").number("requiredNofile");
    const planned = (backends: number) =>
      processPlan(completed({ sessions: 5000, backends, store: "sentinel" })).requiredNofile.value;
    expect(memory(await found(GROUP))).toBe(planned(32));
    expect(memory(await found({ ...GROUP, maxBackends: 100 }))).toBe(planned(100));
  });

  test("are reached in that namespace and outside of the cluster, and the process reaches the API server alone", async () => {
    const stack = await found(GROUP);
    const egress = JSON.stringify(stack.one("NetworkPolicy", "eng-gateway").at("spec.egress"));
    expect(egress).toContain('{"kubernetes.io/metadata.name":"tools"}');
    expect(egress).toContain("0.0.0.0/0");
    const policy = stack.one("NetworkPolicy", "eng-discover");
    expect(policy.at("spec.ingress")).toEqual([]);
    expect(policy.list("spec.egress")).toHaveLength(2);
    expect(policy.at("spec.egress.1.ports")).toEqual([
      { port: 443, protocol: "TCP" },
      { port: 6443, protocol: "TCP" },
    ]);
  });
});

describe("backends of Services", () => {
  test("are looked for in the namespace of the gateways, which reach its pods and nothing outside", async () => {
    const lonely = { sessions: 500, backends: [], discovery: SERVICES };
    const stack = await lonelyGatewayStack(lonely);
    expect(lookOf(stack)).toMatchObject({ services: { labelSelector: "mcp=yes" } });
    expect(stack.one("Role", "eng-discover-here").at("rules")).toEqual([
      { apiGroups: [""], resources: ["services"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["apps"], resources: ["statefulsets"], verbs: ["get", "list", "watch"] },
    ]);
    const policy = stack.one("NetworkPolicy", "eng-gateway");
    expect(policy.at("spec.egress")).toContainEqual({ to: [{ podSelector: {} }] });
    expect(JSON.stringify(policy.at("spec.egress"))).not.toContain("0.0.0.0/0");
  });

  test("in 2 namespaces, and of a group in a third, need 3 Roles to read and 2 rules to reach them", async () => {
    const services = { ...SERVICES.services, namespaces: ["a", "b"] };
    const stack = await found({ ...GROUP, services });
    const roles = stack.resources.filter(({ kind }) => kind === "Role");
    expect(roles.map((role) => role.at("metadata.namespace")).toSorted()).toEqual([
      "a",
      "b",
      "default",
      "tools",
    ]);
  });
});

describe("the process that looks", () => {
  test("bends: a ConfigMap, a service account and rights that are there, and pods as the template has them", async () => {
    const stack = await found(
      {
        ...GROUP,
        rbac: false,
        serviceAccount: { create: false, name: "reader" },
        configMapName: output("found"),
      },
      {
        image: "registry.example.com/mcp-fleet:2",
        podTemplate: {
          spec: {
            nodeSelector: { pool: "mcp" },
            containers: [{ name: "discover", resources: { limits: { memory: "512Mi" } } }],
          },
        },
      },
    );
    const kinds = new Set(stack.resources.map(({ kind }) => kind));
    expect(kinds).not.toContain("Role");
    expect(stack.resources.map(({ name }) => name)).not.toContain("eng-discover-backends");
    const pods = process(stack);
    expect(pods.at(`${POD}.serviceAccountName`)).toBe("reader");
    expect(pods.at(`${POD}.nodeSelector`)).toEqual({ pool: "mcp" });
    expect(pods.at(`${CONTAINER}.resources.limits.memory`)).toBe("512Mi");
    expect(pods.at(`${CONTAINER}.image`)).toBe("registry.example.com/mcp-fleet:2");
    expect(lookOf(stack).configMap).toBe("found");
    const gateway = stack.one("Deployment", "eng-gateway");
    expect(gateway.at(`${POD}.volumes`)).toContainEqual({
      name: "backends",
      configMap: { name: "found" },
    });
    expect(gateway.list(`${POD}.containers`)).toHaveLength(1);
  });

  test("is not there where somebody else writes the ConfigMap", async () => {
    const stack = await found({ configMapName: "by-git", namespaces: ["tools"] });
    expect(stack.resources.filter(({ name }) => name.includes("discover"))).toEqual([]);
    expect(stack.one("Deployment", "eng-gateway").at(`${POD}.volumes`)).toContainEqual({
      name: "backends",
      configMap: { name: "by-git" },
    });
  });

  test("shares no name with that of another gateway in its namespace, nor with a namesake's in another", async () => {
    const stack = await RecordedStack.of(() => {
      const args = { sessions: 100, discovery: GROUP };
      new VirtualMcpServer("eng", args);
      new VirtualMcpServer("ops", args);
      new VirtualMcpServer("eng-prod", { ...args, name: "eng", namespace: "prod" });
    });
    const places = stack.resources
      .filter(({ type }) => type.startsWith("kubernetes:"))
      .map(
        (one) =>
          `${one.kind} ${one.at("metadata.namespace")}/${one.at("metadata.name") ?? one.name}`,
      );
    expect(places).toEqual([...new Set(places)]);
  });

  test("is scraped, with a PodMonitor, where the gateways are", async () => {
    const stack = await found(GROUP, { monitoring: { serviceMonitor: true } });
    const monitor = stack.one("PodMonitor", "eng-discover-monitor");
    expect(monitor.at("spec.podMetricsEndpoints")).toEqual([
      { port: "admin", path: "/metrics", interval: "15s" },
    ]);
    expect(stack.one("NetworkPolicy", "eng-discover").list("spec.ingress")).toHaveLength(1);
  });
});

describe("discovery is refused", () => {
  test.each([
    [{}, "discovery.groupRef: is required, unless services or configMapName is set"],
    [
      { ...GROUP, maxBackends: 0 },
      "discovery.maxBackends: invalid value 0: must be a whole number from 1 to 1000",
    ],
    [{ ...GROUP, maxBackends: 1.5 }, "discovery.maxBackends: invalid value 1.5"],
    [
      { ...GROUP, namespaces: ["Tools"] },
      'discovery.namespaces[0]: invalid value "Tools": must be the name of a namespace',
    ],
    [
      { ...GROUP, configMapName: "A b" },
      'discovery.configMapName: invalid value "A b": must be the name of a ConfigMap',
    ],
    [{ services: { labelSelector: "" } }, "discovery.services.labelSelector: "],
    [
      { ...GROUP, clusterDomain: "a b" },
      'discovery.clusterDomain: invalid value "a b": must be a domain name',
    ],
    [
      { ...GROUP, serviceAccount: { create: false } },
      "discovery.serviceAccount.name: is required without create",
    ],
    [
      { configMapName: "x", rbac: true },
      "discovery.rbac: must be absent without groupRef and services",
    ],
    [{ ...GROUP, groups: [] }, "discovery.groups: is not a known argument"],
  ])("as %j, by the name of the argument", async (discovery, fault) => {
    expect(await faultsOf(discovery)).toEqual([expect.stringContaining(fault)]);
  });

  test("where it has room for no more backends than are listed", async () => {
    const backends = [GITHUB, { ...GROUP, ...GITHUB, name: "b" }].map(({ name, url }) => ({
      name,
      url,
    }));
    expect(await faultsOf({ ...GROUP, maxBackends: 2 }, { backends })).toEqual([
      "discovery.maxBackends: invalid value 2: must be more than the number of backends that are listed, which is 2; set it to 3 or more",
    ]);
  });

  test("and without it backends are required", async () => {
    expect(await faultsOf(undefined)).toEqual([expect.stringContaining("backends: ")]);
  });
});
