import { describe, expect, test } from "vitest";
import { edited, type Json, withFacts } from "../../policies/examples/edit.ts";
import { proxyStack } from "../../policies/examples/gateway.ts";
import { manifest } from "../../policies/examples/manifest.ts";
import { toolHiveStack } from "../../policies/examples/toolhive.ts";
import { Fleet, type Policy, Resource, type ResourceDescription } from "../../policies/index.ts";
import { redisAuthentication } from "../../policies/redis/redis-authentication.ts";
import { ttlOrder } from "../../policies/sessions/ttl-order.ts";
import { toolHiveAutoscaling } from "../../policies/toolhive/toolhive-autoscaling.ts";
import { toolHiveDescriptors } from "../../policies/toolhive/toolhive-descriptors.ts";

type Changes = Readonly<Record<string, Json | undefined>>;

const API = "toolhive.stacklok.dev/v1beta1";
const SESSIONS = "metadata.annotations[mcp-fleet.dev/sessions]";

const judged = (policy: Policy, stack: readonly ResourceDescription[], settings: object = {}) =>
  policy
    .check(new Fleet(stack.map((one) => new Resource(one))), settings)
    .map(({ message }) => message);

const gateway = (changes: Changes) => edited(toolHiveStack(), "VirtualMCPServer eng", changes);
const server = (changes: Changes) => edited(toolHiveStack(), "MCPServer github", changes);

const hpa = (kind: string, name: string, minReplicas: number, maxReplicas: number) =>
  manifest("autoscaling/v2:HorizontalPodAutoscaler", name, {
    spec: { scaleTargetRef: { kind, name }, minReplicas, maxReplicas },
  });
const keda = (name: string, spec: Readonly<Record<string, Json>> = {}) =>
  manifest("keda.sh/v1alpha1:ScaledObject", name, { spec: { scaleTargetRef: { name }, ...spec } });

describe("toolhive-autoscaling", () => {
  const open = { "spec.replicas": undefined, "spec.sessionStorage": undefined };
  const of = (stack: readonly ResourceDescription[], scaler: ResourceDescription) =>
    judged(toolHiveAutoscaling, [...stack, scaler]);

  test.each([
    ["the resource itself", hpa("VirtualMCPServer", "eng", 2, 5)],
    ["the operator's Deployment", hpa("Deployment", "eng", 2, 5)],
    ["KEDA", keda("eng", { minReplicaCount: 2, maxReplicaCount: 5 })],
  ])("does not pass 5 pods without a store, scaled by %s", (_, scaler) => {
    const left = { ...open, [SESSIONS]: undefined };
    expect(of(gateway(left), scaler)).toEqual([
      expect.stringContaining("runs up to 5 pods, but sessions are in the memory of a single pod"),
    ]);
    expect(of(gateway({ "spec.replicas": undefined }), scaler)).toEqual([]);
  });

  test("is silent about the autoscaler of something else, in this namespace or another", () => {
    expect(of(gateway(open), hpa("Deployment", "shop", 1, 5))).toEqual([]);
    const elsewhere = edited([hpa("Deployment", "eng", 1, 5)], "HorizontalPodAutoscaler eng", {
      "metadata.namespace": "other",
    });
    expect(judged(toolHiveAutoscaling, [...gateway(open), ...elsewhere])).toEqual([]);
  });

  test("does not pass stdio with 2 pods, and passes it with 1", () => {
    const stdio = server({ "spec.transport": "stdio", "spec.replicas": undefined });
    expect(of(stdio, hpa("MCPServer", "github", 1, 2))[0]).toContain("stdio has a single process");
    expect(of(stdio, hpa("MCPServer", "github", 1, 1))).toEqual([]);
  });

  test("does not pass KEDA from zero, nor replicas that the operator would restore", () => {
    expect(of(server({ "spec.replicas": undefined }), keda("github"))).toEqual([
      "MCPServer github: ScaledObject github may take away all pods; set minReplicaCount to 1 or more",
    ]);
    expect(of(server({}), hpa("MCPServer", "github", 1, 4))[0]).toContain(
      "spec.replicas is 2, which the operator restores",
    );
  });

  test("counts the declared sessions against the minimum, with one pod lost", () => {
    const many = gateway({ "spec.replicas": undefined, [SESSIONS]: "2000" });
    expect(of(many, hpa("VirtualMCPServer", "eng", 3, 9))).toEqual([]);
    expect(of(many, hpa("VirtualMCPServer", "eng", 2, 9))[0]).toContain("set minReplicas to 3");
  });
});

describe("toolhive-descriptors", () => {
  test("multiplies sessions of a pod with the backends of the group, entries and remote proxies too", () => {
    const entry = (kind: string, name: string) =>
      manifest(`${API}:${kind}`, name, { spec: { groupRef: { name: "engineering" } } });
    const stack = [
      ...gateway({ [SESSIONS]: "500" }),
      entry("MCPServerEntry", "a"),
      entry("MCPRemoteProxy", "b"),
      manifest(`${API}:MCPServer`, "other", { spec: { groupRef: { name: "other" } } }),
    ];
    // 500 × 3 backends + 500 clients + 32 of the process.
    expect(judged(toolHiveDescriptors, stack, { nodeNofile: 2032 })).toEqual([]);
    expect(judged(toolHiveDescriptors, stack, { nodeNofile: 2031 })[0]).toContain(
      "500 sessions × 3 backends + 500 clients + 32 = 2032 open files",
    );
  });

  test("counts no more sessions than a pod caches, and nothing where none are declared", () => {
    const of = (sessions: string | undefined, nodeNofile: number) =>
      judged(toolHiveDescriptors, gateway({ [SESSIONS]: sessions }), { nodeNofile });
    expect(of("9000", 2032)).toEqual([]);
    expect(of("9000", 2031)).toHaveLength(1);
    expect(of(undefined, 1)).toEqual([]);
  });
});

test("redis-authentication asks ToolHive's resources for a password, where they have a Redis", () => {
  const path = "spec.sessionStorage.passwordRef";
  expect(judged(redisAuthentication, gateway({ [path]: undefined }))[0]).toContain(
    "VirtualMCPServer eng: it uses its Redis without a password",
  );
  expect(judged(redisAuthentication, toolHiveStack())).toEqual([]);
  const alone = gateway({ "spec.sessionStorage": undefined, "spec.replicas": 1 });
  expect(judged(redisAuthentication, alone)).toEqual([]);
});

describe("session-ttl-order, of ToolHive's gateway in front of proxies of ours", () => {
  const proxies = (idleTtlSeconds: number) =>
    withFacts(proxyStack(), "Deployment github-proxy", { planInputs: { idleTtlSeconds } });
  const url = "http://github-proxy.mcp.svc:4483/mcp";

  test("finds them by its own configuration", () => {
    const calling = gateway({ "spec.config.backends": [{ name: "github", url }] });
    expect(judged(ttlOrder, [...calling, ...proxies(1800)])).toEqual([]);
    expect(judged(ttlOrder, [...calling, ...proxies(1799)])[0]).toContain(
      "expires after 1800 s, which cannot be set, but after 1799 s at Deployment github-proxy",
    );
  });

  test("finds them by an entry of its group, and not by one of another group", () => {
    const entry = (group: string) =>
      manifest(`${API}:MCPServerEntry`, "github-entry", {
        spec: { groupRef: { name: group }, remoteUrl: url },
      });
    const of = (group: string) =>
      judged(ttlOrder, [...toolHiveStack(), entry(group), ...proxies(1799)]);
    expect(of("engineering")).toHaveLength(1);
    expect(of("other")).toEqual([]);
  });
});
