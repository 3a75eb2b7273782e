import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { rolesDeclared } from "../../policies/capacity/roles-declared.ts";
import { rolloutStrategy } from "../../policies/capacity/rollout-strategy.ts";
import { edited, type Json, withFacts } from "../../policies/examples/edit.ts";
import { gatewayStack } from "../../policies/examples/gateway.ts";
import { manifest, service } from "../../policies/examples/manifest.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import { serverStack } from "../../policies/examples/server.ts";
import { toolHiveStack } from "../../policies/examples/toolhive.ts";
import { Fleet, type Policy, Resource, type ResourceDescription } from "../../policies/index.ts";
import { podResources } from "../../policies/pods/pod-resources.ts";

const { unknownCheckingProxy, unknownStringValue } = createRequire(import.meta.url)(
  "@pulumi/policy/proxy",
);

type Changes = Readonly<Record<string, Json | undefined>>;

function judged(policy: Policy, stack: readonly ResourceDescription[]) {
  const resources = stack.map(
    (one) => new Resource({ ...one, props: unknownCheckingProxy(one.props) }),
  );
  return policy.check(new Fleet(resources)).map(({ message }) => message);
}

/** Pods as somebody writes them who knows nothing of annotations. */
const pods = (container: Readonly<Record<string, Json>>, kind = "apps/v1:Deployment") => [
  manifest(kind, "mine", {
    spec: { template: { spec: { containers: [{ name: "main", ...container }] } } },
  }),
];

describe("roles-declared", () => {
  test.each<[string, Readonly<Record<string, Json>>, string]>([
    [
      "our image",
      { image: "registry.example.com:5000/a/mcp-fleet:1.2.3", args: ["gateway"] },
      "the gateway of mcp-fleet",
    ],
    [
      "our image by digest",
      { image: "mcp-fleet@sha256:00", args: ["proxy", "--config", "/c"] },
      "the proxy of mcp-fleet",
    ],
    [
      "our program in another image",
      {
        image: "a/mcp:1",
        command: ["node", "/app/main.js", "gateway"],
        env: [{ name: "MCP_FLEET_PORT", value: "1" }],
      },
      "the gateway of mcp-fleet",
    ],
    [
      "our command in another image",
      { image: "a/mcp:1", command: ["/usr/bin/mcp-fleet", "proxy"] },
      "the proxy of mcp-fleet",
    ],
    [
      "our variables",
      { image: "a/mcp:1", args: ["gateway"], env: [{ name: "MCP_FLEET_OWNER_KEY", value: "1" }] },
      "the gateway of mcp-fleet",
    ],
    ["ToolHive's gateway", { image: "ghcr.io/stacklok/toolhive/vmcp:v0.44.0" }, "ToolHive's vmcp"],
    [
      "ToolHive's gateway, mirrored",
      { image: "registry.example.com/mirror/vmcp@sha256:00", args: ["serve"] },
      "ToolHive's vmcp",
    ],
    [
      "ToolHive's proxy",
      { image: "ghcr.io/stacklok/toolhive/proxyrunner:v0.44.0" },
      "ToolHive's proxyrunner",
    ],
  ])("knows %s", (_, container, program) => {
    expect(judged(rolesDeclared, pods(container))[0]).toContain(
      `it runs ${program}, but no policy`,
    );
  });

  test.each<[string, Readonly<Record<string, Json>>]>([
    ["a validation of ours", { image: "mcp-fleet:1", args: ["validate", "--config", "/c"] }],
    ["somebody's gateway", { image: "envoyproxy/gateway:1", args: ["gateway"] }],
    ["somebody's proxy", { image: "nginx:1", command: ["proxy"] }],
    ["ToolHive's operator", { image: "ghcr.io/stacklok/toolhive/operator:v0.44.0" }],
    ["no image at all", {}],
    ["an image that is not known yet", { image: unknownStringValue, args: [unknownStringValue] }],
  ])("is silent about %s", (_, container) => {
    expect(judged(rolesDeclared, pods(container))).toEqual([]);
  });

  test.each(["apps/v1:StatefulSet", "apps/v1:DaemonSet", "apps/v1:ReplicaSet"])(
    "looks into a %s",
    (kind) => {
      const found = judged(rolesDeclared, pods({ image: "mcp-fleet:1", args: ["gateway"] }, kind));
      expect(found).toHaveLength(1);
      const isJudged = kind === "apps/v1:StatefulSet";
      expect(found[0]?.includes("make it a Deployment or StatefulSet")).toBe(!isJudged);
    },
  );

  test("looks into a single pod", () => {
    const containers = [{ name: "main", image: "mcp-fleet:1", args: ["gateway"] }];
    expect(
      judged(rolesDeclared, [manifest("core/v1:Pod", "mine", { spec: { containers } })]),
    ).toHaveLength(1);
  });

  const BARE_REDIS = [
    service("cache", 6379),
    manifest("apps/v1:Deployment", "cache", {
      spec: {
        template: {
          metadata: { labels: { app: "cache" } },
          spec: { containers: [{ name: "redis", image: "docker.io/bitnami/redis:7" }] },
        },
      },
    }),
  ];

  test("finds the Redis that a gateway keeps its sessions in, and no other one", () => {
    const using = withFacts(gatewayStack(), "Deployment eng-gateway", {
      store: "redis",
      storeAddresses: ["cache.mcp.svc:6379"],
    });
    expect(judged(rolesDeclared, [...using, ...BARE_REDIS])).toEqual([
      "Deployment cache: Deployment eng-gateway keeps its sessions in it, but no policy judges it; set the annotation mcp-fleet.dev/role: redis",
    ]);
    expect(judged(rolesDeclared, [...gatewayStack(), ...redisStack(), ...BARE_REDIS])).toEqual([]);
  });

  test("finds the Redis of ToolHive's resources", () => {
    const using = edited(toolHiveStack(), "VirtualMCPServer eng", {
      "spec.sessionStorage.address": "cache:6379",
    });
    expect(judged(rolesDeclared, [...using, ...BARE_REDIS])[0]).toContain(
      "VirtualMCPServer eng keeps",
    );
  });
});

const gateway = (changes: Changes) => edited(gatewayStack(), "Deployment eng-gateway", changes);

const scaler = (kind: string, spec: Readonly<Record<string, Json>>) =>
  manifest(kind, "scaler", {
    spec: { scaleTargetRef: { kind: "Deployment", name: "eng-gateway" }, ...spec },
  });

describe("rollout-strategy", () => {
  test("lets pods be replaced one after the other, and not all at once", () => {
    const rolling = (maxUnavailable: Json) =>
      gateway({ "spec.strategy": { type: "RollingUpdate", rollingUpdate: { maxUnavailable } } });
    expect(judged(rolloutStrategy, rolling("25%"))).toEqual([]);
    expect(judged(rolloutStrategy, rolling(0))).toEqual([]);
    expect(judged(rolloutStrategy, rolling("100%"))[0]).toContain("may stop all 2 pods at once");
    expect(judged(rolloutStrategy, rolling(2))).toHaveLength(1);
    expect(
      judged(rolloutStrategy, gateway({ "spec.strategy": { type: "Recreate" } })),
    ).toHaveLength(1);
  });

  test("does not pass OnDelete, of servers and of a store", () => {
    const changes = { "spec.updateStrategy": { type: "OnDelete" } };
    expect(
      judged(rolloutStrategy, edited(serverStack(), "StatefulSet github-server", changes)),
    ).toHaveLength(1);
    expect(
      judged(rolloutStrategy, edited(redisStack(), "StatefulSet sessions-redis", changes)),
    ).toHaveLength(1);
  });

  test("does not pass KEDA from zero, nor an idle number of it, and passes 1", () => {
    const keda = (spec: Readonly<Record<string, Json>>) =>
      judged(rolloutStrategy, [...gatewayStack(), scaler("keda.sh/v1alpha1:ScaledObject", spec)]);
    expect(keda({})[0]).toContain("ScaledObject scaler may take away all pods");
    expect(keda({ minReplicaCount: 2, idleReplicaCount: 0 })).toHaveLength(1);
    expect(keda({ minReplicaCount: 1 })).toEqual([]);
  });

  test("is silent where the risk is accepted", () => {
    const stack = withFacts(
      gateway({ "spec.strategy": { type: "Recreate" } }),
      "Deployment eng-gateway",
      {
        acceptRisks: { belowPlan: "a demonstration" },
      },
    );
    expect(judged(rolloutStrategy, stack)).toEqual([]);
  });
});

describe("pod-resources", () => {
  const resources = (value: Json) =>
    judged(podResources, gateway({ "spec.template.spec.containers[0].resources": value }));

  test("takes a limit for the request that is not there, and no request for the limit of memory", () => {
    expect(resources({ limits: { cpu: "1", memory: "1Gi" } })).toEqual([]);
    expect(resources({ requests: { cpu: "1" }, limits: { memory: "1Gi" } })).toEqual([]);
    expect(resources({ requests: { cpu: "1", memory: "1Gi" } })[0]).toContain(
      "resources.limits.memory is not set",
    );
    expect(resources({ limits: { memory: "1Gi" } })[0]).toContain(
      "resources.requests.cpu is not set",
    );
  });
});
