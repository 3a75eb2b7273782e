import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { autoscaledStack } from "../../policies/examples/autoscaled.ts";
import { edited, withFacts } from "../../policies/examples/edit.ts";
import { gatewayStack, proxyStack } from "../../policies/examples/gateway.ts";
import { manifest } from "../../policies/examples/manifest.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import { serverStack } from "../../policies/examples/server.ts";
import { Fleet, POLICIES, Resource, type ResourceDescription } from "../../policies/index.ts";

const { unknownCheckingProxy } = createRequire(import.meta.url)("@pulumi/policy/proxy");

const TEXT = readFileSync(join(import.meta.dirname, "ordinary.yaml"), "utf8");

/** What stands beside a fleet, as Pulumi knows it. */
const ORDINARY: readonly ResourceDescription[] = parseAllDocuments(TEXT).map((document) => {
  const { apiVersion, kind, ...props } = document.toJS();
  const version = apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`;
  const type = `kubernetes:${version}:${kind}`;
  const { name } = props.metadata;
  return { type, urn: `urn:pulumi:stack::project::${type}::${name}`, name, props };
});

const FLEET = [...gatewayStack(), ...proxyStack(), ...serverStack(), ...redisStack()];

function found(stack: readonly ResourceDescription[]): string[] {
  const fleet = new Fleet(
    stack.map((one) => new Resource({ ...one, props: unknownCheckingProxy(one.props) })),
  );
  return POLICIES.flatMap((policy) =>
    policy.check(fleet).map(({ message }) => `${policy.name}: ${message}`),
  );
}

describe("a stack of ordinary Kubernetes", () => {
  test("is 29 resources of 23 kinds, with what policies are about: secrets, Redis, scalers, strategies", () => {
    expect(ORDINARY).toHaveLength(29);
    expect(new Set(ORDINARY.map(({ type }) => type)).size).toBe(23);
  });

  test("has 0 violations by itself", () => {
    expect(found(ORDINARY)).toEqual([]);
  });

  test("adds 0 violations to a fleet in its namespace", () => {
    expect(found(FLEET)).toEqual([]);
    expect(found([...FLEET, ...ORDINARY])).toEqual([]);
  });

  test.each(ORDINARY.map(({ type, name }) => `${type.split(":").at(-1)} ${name}`))(
    "has 0 violations with %s in another namespace",
    (title) => {
      const moved = edited(ORDINARY, title, { "metadata.namespace": "elsewhere" });
      expect(found([...FLEET, ...moved])).toEqual([]);
    },
  );
});

describe("an autoscaler of one's own", () => {
  const target = { apiVersion: "apps/v1", kind: "Deployment", name: "eng-gateway" };
  const hpa = manifest("autoscaling/v2:HorizontalPodAutoscaler", "own", {
    spec: { scaleTargetRef: target, minReplicas: 2, maxReplicas: 12 },
  });
  const keda = manifest("keda.sh/v1alpha1:ScaledObject", "own", {
    spec: {
      scaleTargetRef: { name: "eng-gateway" },
      minReplicaCount: 2,
      maxReplicaCount: 12,
      triggers: [{ type: "prometheus", metadata: { query: "sum(mcp_fleet_sessions_cached)" } }],
    },
  });
  const external = withFacts(
    autoscaledStack().filter(({ type }) => !type.endsWith("HorizontalPodAutoscaler")),
    "Deployment eng-gateway",
    { scaling: "External" },
  );

  test.each([
    ["an HPA", hpa],
    ["KEDA", keda],
  ])("passes: %s within the range that is declared", (_, scaler) => {
    const store = redisStack({ sessions: 2000, storageSessions: 2000, clientPods: 40 });
    expect(found([...external, scaler, ...store])).toEqual([]);
  });
});
