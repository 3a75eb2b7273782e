import { describe, expect, test } from "vitest";
import { edited, type FactValues, withFacts, without } from "../../policies/examples/edit.ts";
import { gatewayStack, proxyStack } from "../../policies/examples/gateway.ts";
import { manifest, service } from "../../policies/examples/manifest.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import { serverStack } from "../../policies/examples/server.ts";
import { toolHiveStack } from "../../policies/examples/toolhive.ts";
import type { ResourceDescription } from "../../policies/index.ts";
import { balancedAffinity } from "../../policies/sessions/balanced-affinity.ts";
import { declaredStorage } from "../../policies/sessions/declared-storage.ts";
import { keyPrefix } from "../../policies/sessions/key-prefix.ts";
import { routedState } from "../../policies/sessions/routed-state.ts";
import { sharedStorage } from "../../policies/sessions/shared-storage.ts";
import { stateAffinity } from "../../policies/sessions/state-affinity.ts";
import { ttlOrder } from "../../policies/sessions/ttl-order.ts";
import { judged, UNKNOWN } from "../../testkit/pulumi/judged-stack.ts";

const GATEWAY = "Deployment eng-gateway";
const PROXY = "Deployment github-proxy";
const SERVER = "StatefulSet github-server";

/** The gateway of the examples, with other facts. */
const gatewayThat = (facts: FactValues) => withFacts(gatewayStack(), GATEWAY, facts);

/** A Deployment with no more than what is given. */
const minimal = (name: string, annotations: Readonly<Record<string, string>>, spec = {}) =>
  manifest("apps/v1:Deployment", name, {
    metadata: { annotations },
    spec: { ...spec, template: { metadata: { labels: { app: name } } } },
  });

const toolHive = (kind: string, name: string, spec: Parameters<typeof manifest>[2]) =>
  manifest(`toolhive.stacklok.dev/v1beta1:${kind}`, name, spec);

describe("shared-session-storage", () => {
  const alone = (replicas: number) =>
    edited(gatewayThat({ store: "memory" }), GATEWAY, { "spec.replicas": replicas });

  test("passes 1 pod with sessions in its memory, and not 2", () => {
    expect(judged(sharedStorage, alone(1))).toEqual([]);
    expect(judged(sharedStorage, alone(2))).toEqual([
      expect.stringMatching(/^Deployment eng-gateway: 2 pods, .* set sessionStorage to a Redis/),
    ]);
  });

  test("passes an autoscaler of at most 1 pod, and not one of 2, whatever it begins with", () => {
    const scaled = (maxReplicas: number) =>
      edited(withFacts(alone(1), GATEWAY, { maxReplicas, replicas: 1 }), GATEWAY, {
        "spec.replicas": undefined,
      });
    expect(judged(sharedStorage, scaled(1))).toEqual([]);
    expect(judged(sharedStorage, scaled(2))).toHaveLength(1);
  });

  test("takes a Deployment without replicas for 1 pod, as Kubernetes does", () => {
    const annotations = { "mcp-fleet.dev/role": "gateway", "mcp-fleet.dev/store": "memory" };
    expect(judged(sharedStorage, [minimal("tiny", annotations)])).toEqual([]);
    expect(judged(sharedStorage, [minimal("tiny", annotations, { replicas: 2 })])).toHaveLength(1);
  });

  test("says of 2 pods that do not say where sessions are which annotation to write", () => {
    expect(judged(sharedStorage, gatewayThat({ store: undefined }))).toEqual([
      expect.stringContaining("mcp-fleet.dev/store is missing"),
    ]);
  });

  test("says of a number of pods that is not known yet to write a plain value", () => {
    const stack = edited(gatewayThat({ store: "memory" }), GATEWAY, { "spec.replicas": UNKNOWN });
    expect(judged(sharedStorage, stack)).toEqual([
      "Deployment eng-gateway: spec.replicas is not known before the update, so it cannot be checked; use a plain value",
    ]);
  });

  test("passes ToolHive's servers with 1 pod or a Redis, and no others", () => {
    const of = (spec: Record<string, number | { provider: string }>) =>
      judged(sharedStorage, [toolHive("VirtualMCPServer", "eng", { spec })]).length;
    expect(of({})).toBe(0);
    expect(of({ replicas: 1 })).toBe(0);
    expect(of({ replicas: 2 })).toBe(1);
    expect(of({ replicas: 2, sessionStorage: { provider: "memory" } })).toBe(1);
    expect(of({ replicas: 2, sessionStorage: { provider: "redis" } })).toBe(0);
  });
});

describe("session-storage-declared", () => {
  const storedAt = (...storeAddresses: string[]) => [
    ...gatewayThat({ storeAddresses }),
    ...redisStack(),
  ];

  test.each([
    "sessions-redis:6379",
    "sessions-redis.mcp:6379",
    "sessions-redis.mcp.:6379",
    "sessions-redis.mcp.svc:6379",
    "sessions-redis.mcp.svc.cluster.local:6379",
    "sessions-redis.mcp.svc.cluster.local.:6379",
    "sessions-redis.mcp.svc.example.internal:6379",
    "SESSIONS-redis.mcp.svc:6379",
    "sessions-redis-2:6379",
    "sessions-redis-0.sessions-redis:6379",
    "sessions-redis-0.sessions-redis.mcp:6379",
    "sessions-redis-0.sessions-redis.mcp.svc.cluster.local:6379",
  ])("finds the Redis of the stack at %s", (address) => {
    expect(judged(declaredStorage, storedAt(address))).toEqual([]);
  });

  test.each([
    ["sessions-redis.other.svc:6379", "is not a Service of this stack"],
    ["sessions-redi:6379", "is not a Service of this stack"],
    ["sessions-redis-0.sessions-redis-1.mcp.svc:6379", "is not a Service of this stack"],
    ["redis.example.com:6379", "is not a Service of this stack"],
    ["10.0.0.7:6379", "is not a Service of this stack"],
    ["sessions-redis-0:6380", "is not a port of Service sessions-redis-0, which has only 6379"],
    ["eng-gateway:4483", "selects pods of the role gateway"],
  ])("finds none at %s, which %s", (address, says) => {
    expect(judged(declaredStorage, storedAt(address))).toEqual([
      expect.stringMatching(`^Deployment eng-gateway: ${address} .*${says}.*externalStores$`),
    ]);
  });

  test("says each of 3 Sentinels of which 2 are misspelt", () => {
    const stack = storedAt("sessions-sentinel-0:26379", "sentinel-1:26379", "sentinel-2:26379");
    expect(judged(declaredStorage, stack)).toHaveLength(2);
  });

  test("passes a store elsewhere that is declared by host, or by host and port", () => {
    const stack = storedAt("Redis.example.com:6379", "[fd00::1]:6380");
    const of = (...externalStores: string[]) => judged(declaredStorage, stack, { externalStores });
    expect(of()).toHaveLength(2);
    expect(of("redis.example.com", "[fd00::1]:6380")).toEqual([]);
    expect(of("redis.example.com:6379", "[fd00::1]")).toEqual([]);
    expect(of("redis.example.com:6380", "[fd00::1]:6379")).toHaveLength(2);
    expect(of("example.com", "[fd00::10]")).toHaveLength(2);
  });

  test("passes a Redis written by hand without annotations, by its Service alone", () => {
    const redis = [minimal("redis", {}), service("redis", 6379)];
    const stack = [...gatewayThat({ storeAddresses: ["redis:6379"] }), ...redis];
    expect(judged(declaredStorage, stack)).toEqual([]);
    expect(judged(declaredStorage, without(stack, "Service redis"))).toHaveLength(1);
    const moved = edited(stack, "Deployment redis", { "metadata.namespace": "other" });
    expect(judged(declaredStorage, moved)).toHaveLength(1);
    expect(judged(declaredStorage, without(stack, "Deployment redis"))).toEqual([
      expect.stringContaining("is Service redis, which selects no pods of this stack"),
    ]);
  });

  test("has nothing to say of sessions in the memory of a pod", () => {
    const facts = { store: "memory", storeAddresses: undefined };
    expect(judged(declaredStorage, gatewayThat(facts))).toEqual([]);
  });

  test("fails closed where the addresses are not there, not known or none", () => {
    const of = (storeAddresses: string | string[] | undefined) =>
      judged(declaredStorage, gatewayThat({ storeAddresses })).join();
    expect(of(undefined)).toContain("mcp-fleet.dev/store-addresses is missing");
    expect(of(UNKNOWN)).toContain("store-addresses is not known before the update");
    expect(of([])).toContain("its session store has no address");
    expect(of("redis:6379")).toContain("must be JSON");
  });

  test("prints no password that stands in an address", () => {
    const [says = ""] = judged(declaredStorage, storedAt("redis://:hunter2@redis:6379"));
    expect(says).toContain("redis:6379 is not a Service");
    expect(says).not.toContain("hunter2");
  });

  test("judges ToolHive's sessionStorage.address by the same rule", () => {
    const externalStores = ["redis.mcp.svc.cluster.local:6379"];
    expect(judged(declaredStorage, toolHiveStack(), { externalStores })).toEqual([]);
    expect(judged(declaredStorage, toolHiveStack())).toHaveLength(2);
    const redis = [minimal("redis", {}), service("redis", 6379)];
    expect(judged(declaredStorage, [...toolHiveStack(), ...redis])).toEqual([]);
    const bare = toolHive("MCPServer", "x", { spec: { sessionStorage: { provider: "redis" } } });
    expect(judged(declaredStorage, [bare])).toEqual([
      expect.stringContaining("spec.sessionStorage.address is missing"),
    ]);
  });
});

describe("key-prefixes-apart", () => {
  const both = (gateway: string, proxy: string) =>
    judged(
      keyPrefix,
      withFacts([...gatewayThat({ keyPrefix: gateway }), ...proxyStack()], PROXY, {
        keyPrefix: proxy,
      }),
    );

  test("finds equal prefixes and beginnings of another, at both ends", () => {
    expect(both("a:", "b:")).toEqual([]);
    expect(both("a:", "ab:")).toEqual([]);
    expect(both("a:", "a:")).toHaveLength(2);
    expect(both("a:", "a:b:")).toHaveLength(2);
    expect(both("a:b:", "a:")).toHaveLength(2);
  });

  test("passes proxies below the prefix of a gateway, where it writes nothing", () => {
    expect(both("a:", "a:proxy:github:")).toEqual([]);
    expect(both("a:", "a:proxies:github:")).toHaveLength(2);
  });

  test("finds two proxies of one server, and passes those of two with one prefix", () => {
    const [pods] = proxyStack();
    if (pods === undefined) throw new Error("no pods");
    const second = { ...pods, name: "wiki-proxy" };
    const of = (prefix: string) =>
      judged(keyPrefix, withFacts([pods, second], "Deployment wiki-proxy", { keyPrefix: prefix }));
    expect(of("mcp-fleet:github:proxy:github:")).toHaveLength(2);
    expect(of("mcp-fleet:github:proxy:wiki:")).toEqual([]);
  });

  test("finds a prefix without a colon at its end", () => {
    expect(both("a", "b:")).toEqual([
      "Deployment eng-gateway: the key prefix a does not end with a colon; set it to a:",
    ]);
  });

  test("compares by the store, however its address is written, and by the database", () => {
    const at = (facts: FactValues) => {
      const stack = [...gatewayStack(), ...proxyStack(), ...redisStack()];
      const one = {
        keyPrefix: "a:",
        storeAddresses: ["sessions-redis.mcp.svc.cluster.local:6379"],
      };
      const other = { keyPrefix: "a:", ...facts };
      return judged(keyPrefix, withFacts(withFacts(stack, GATEWAY, one), PROXY, other)).length;
    };
    expect(at({ storeAddresses: ["sessions-redis:6379"] })).toBe(2);
    expect(at({ storeAddresses: ["sessions-redis.mcp:6379"] })).toBe(2);
    expect(at({ storeAddresses: ["sessions-redis:6380"] })).toBe(0);
    expect(at({ storeAddresses: ["sessions-redis.other:6379"] })).toBe(0);
    expect(at({ storeAddresses: ["sessions-redis:6379"], storeDb: 0 })).toBe(2);
    expect(at({ storeAddresses: ["sessions-redis:6379"], storeDb: 1 })).toBe(0);
  });

  test("knows ToolHive's defaults, which all servers share, and none of which begins another", () => {
    const sessionStorage = { provider: "redis", address: "redis:6379" };
    const server = (kind: string, name: string, own: object = {}) =>
      toolHive(kind, name, { spec: { sessionStorage: { ...sessionStorage, ...own } } });
    const of = (...stack: ResourceDescription[]) => judged(keyPrefix, stack);
    expect(of(server("MCPServer", "a"), server("VirtualMCPServer", "a"))).toEqual([]);
    expect(of(server("MCPServer", "a"), server("MCPServer", "b"))).toEqual([
      expect.stringContaining("those of MCPServer b in the same store with thv:proxy:session:"),
      expect.stringContaining("those of MCPServer a in the same store with thv:proxy:session:"),
    ]);
    expect(of(server("MCPServer", "a"), server("MCPServer", "b", { db: 1 }))).toEqual([]);
    expect(of(server("MCPServer", "a", { keyPrefix: "vmcp-sessions" }))).toEqual([
      expect.stringContaining("set it to vmcp-sessions:"),
    ]);
    const reached = { keyPrefix: "a:" };
    const below = { keyPrefix: "a:proxy:x:" };
    expect(of(server("MCPServer", "a", reached), server("MCPServer", "b", below))).toHaveLength(2);
  });

  test("blames the one whose prefix or store is not known, not its neighbours", () => {
    const stack = [...gatewayStack(), ...proxyStack()];
    for (const fact of ["keyPrefix", "storeAddresses"] as const) {
      for (const value of [UNKNOWN, undefined]) {
        const messages = judged(keyPrefix, withFacts(stack, PROXY, { [fact]: value }));
        expect(messages).toHaveLength(1);
        expect(messages[0]).toMatch(/^Deployment github-proxy: .*(?:not known|is missing)/);
      }
    }
  });
});

describe("session-ttl-order", () => {
  const pair = (gateway?: number, proxy?: number) => [
    ...gatewayStack(gateway === undefined ? {} : { idleTtlSeconds: gateway }),
    ...proxyStack(proxy === undefined ? {} : { idleTtlSeconds: proxy }),
  ];

  test("passes 7200 s before 7200 s, and not 7201 s", () => {
    expect(judged(ttlOrder, pair(7200))).toEqual([]);
    expect(judged(ttlOrder, pair(7201))).toEqual([
      expect.stringContaining("after 7201 s, but after 7200 s at Deployment github-proxy"),
    ]);
  });

  test("takes 1800 s where the plan says nothing", () => {
    expect(judged(ttlOrder, pair(undefined, 1800))).toEqual([]);
    expect(judged(ttlOrder, pair(undefined, 1799))).toHaveLength(1);
    const silent = withFacts(pair(1801), PROXY, { planInputs: {} });
    expect(judged(ttlOrder, silent)).toHaveLength(1);
    expect(judged(ttlOrder, withFacts(pair(1800), PROXY, { planInputs: {} }))).toEqual([]);
  });

  test("passes what is called elsewhere, and what keeps no sessions", () => {
    const elsewhere = { github: "mcp.example.com", wiki: "github-proxy.other.svc" };
    const stack = withFacts(pair(10_800), GATEWAY, { backendHosts: elsewhere });
    expect(judged(ttlOrder, stack)).toEqual([]);
    const direct = withFacts(
      [...gatewayStack({ idleTtlSeconds: 10_800 }), ...serverStack()],
      GATEWAY,
      {
        backendHosts: { github: "github-server" },
      },
    );
    expect(judged(ttlOrder, direct)).toEqual([]);
  });

  test("knows the 2 h of ToolHive's proxies and the 30 min of its gateway", () => {
    const calling = (host: string, idleTtlSeconds: number) =>
      judged(
        ttlOrder,
        withFacts([...gatewayStack({ idleTtlSeconds }), ...toolHiveStack()], GATEWAY, {
          backendHosts: { github: host },
        }),
      ).length;
    expect(calling("mcp-github-proxy.mcp.svc", 7200)).toBe(0);
    expect(calling("mcp-github-proxy.mcp.svc", 7201)).toBe(1);
    expect(calling("vmcp-eng", 1800)).toBe(0);
    expect(calling("vmcp-eng", 1801)).toBe(1);
    expect(calling("vmcp-eng.other", 1801)).toBe(0);
  });

  test("fails closed where hosts or inputs are not there or not known", () => {
    expect(judged(ttlOrder, gatewayThat({ backendHosts: undefined })).join()).toContain(
      "mcp-fleet.dev/backend-hosts is missing",
    );
    expect(judged(ttlOrder, gatewayThat({ backendHosts: UNKNOWN })).join()).toContain(
      "backend-hosts is not known before the update",
    );
    expect(judged(ttlOrder, withFacts(pair(), PROXY, { planInputs: undefined })).join()).toContain(
      "mcp-fleet.dev/plan-inputs is missing",
    );
  });
});

/** A route to a Service of the examples. */
const ingress = (to: string) =>
  manifest("networking.k8s.io/v1:Ingress", "eng", {
    spec: { rules: [{ http: { paths: [{ backend: { service: { name: to } } }] } }] },
  });
const httpRoute = (to: string, namespace?: string) =>
  manifest("gateway.networking.k8s.io/v1:HTTPRoute", "eng", {
    spec: { rules: [{ backendRefs: [{ name: to, ...(namespace && { namespace }) }] }] },
  });

describe("affinity-behind-balancer", () => {
  const affine = (spec: Readonly<Record<string, string>> = {}) =>
    edited(gatewayStack(), "Service eng-gateway", {
      "spec.sessionAffinity": "ClientIP",
      ...Object.fromEntries(Object.entries(spec).map(([name, value]) => [`spec.${name}`, value])),
    });
  const count = (stack: readonly ResourceDescription[]) => judged(balancedAffinity, stack).length;

  test("finds load balancers and node ports, but where they keep the addresses of clients", () => {
    expect(count(affine())).toBe(0);
    expect(count(affine({ type: "ClusterIP" }))).toBe(0);
    expect(count(affine({ type: "LoadBalancer" }))).toBe(1);
    expect(count(affine({ type: "NodePort" }))).toBe(1);
    expect(count(affine({ type: "LoadBalancer", externalTrafficPolicy: "Cluster" }))).toBe(1);
    expect(count(affine({ type: "LoadBalancer", externalTrafficPolicy: "Local" }))).toBe(0);
  });

  test("finds an Ingress and an HTTPRoute that lead to the Service, also from another namespace", () => {
    expect(count([...affine(), ingress("eng-gateway")])).toBe(1);
    expect(count([...affine(), httpRoute("eng-gateway")])).toBe(1);
    expect(count([...affine(), httpRoute("eng-gateway", "mcp")])).toBe(1);
    expect(count([...affine(), ingress("eng-gateway"), httpRoute("eng-gateway")])).toBe(2);
    expect(count([...affine(), ingress("wiki")])).toBe(0);
    expect(count([...affine(), httpRoute("eng-gateway", "other")])).toBe(0);
    expect(count([...gatewayStack(), ingress("eng-gateway")])).toBe(0);
  });

  test("passes 1 pod, for which there is no choice", () => {
    const one = edited(affine({ type: "NodePort" }), GATEWAY, { "spec.replicas": 1 });
    expect(count(one)).toBe(0);
  });

  test("finds a Service of a stack's own before proxies and servers, too", () => {
    const behindNodes = (stack: ResourceDescription[], title: string) =>
      count(edited(stack, title, { "spec.sessionAffinity": "ClientIP", "spec.type": "NodePort" }));
    expect(behindNodes(proxyStack(), "Service github-proxy")).toBe(1);
    expect(behindNodes(serverStack(), "Service github-server")).toBe(1);
  });

  test("takes the word of pods whose Service is not in the stack", () => {
    const stack = without(gatewayStack(), "Service eng-gateway");
    const of = (facts: FactValues) => count(withFacts(stack, GATEWAY, facts));
    expect(of({ sessionAffinity: "ClientIP", exposed: true })).toBe(1);
    expect(of({ sessionAffinity: "ClientIP", exposed: false })).toBe(0);
    expect(of({ sessionAffinity: "None", exposed: true })).toBe(0);
  });

  test("knows that ToolHive's Services choose by address where nobody says otherwise", () => {
    const of = (kind: string, spec: Readonly<Record<string, string | number>>) =>
      toolHive(kind, "eng", { spec: { replicas: 2, ...spec } });
    expect(count([of("VirtualMCPServer", {})])).toBe(0);
    expect(count([of("VirtualMCPServer", { serviceType: "LoadBalancer" })])).toBe(1);
    expect(count([of("VirtualMCPServer", { serviceType: "NodePort" })])).toBe(1);
    expect(count([of("VirtualMCPServer", { serviceType: "NodePort", replicas: 1 })])).toBe(0);
    const none = { serviceType: "NodePort", sessionAffinity: "None" };
    expect(count([of("VirtualMCPServer", none)])).toBe(0);
    expect(count([of("VirtualMCPServer", {}), ingress("vmcp-eng")])).toBe(1);
    expect(count([of("MCPServer", {}), httpRoute("mcp-eng-proxy")])).toBe(1);
    expect(count([of("MCPServer", {}), httpRoute("vmcp-eng")])).toBe(0);
  });

  test("fails closed where affinity or type are not known", () => {
    expect(judged(balancedAffinity, affine({ type: UNKNOWN })).join()).toContain(
      "spec.type is not known",
    );
    expect(judged(balancedAffinity, affine({ sessionAffinity: UNKNOWN })).join()).toContain(
      "spec.sessionAffinity is not known",
    );
  });
});

describe("affinity-for-state", () => {
  const FLEET = [...gatewayStack(), ...proxyStack(), ...serverStack({ stateful: true })];
  const affine = (stack: readonly ResourceDescription[], name: string) =>
    edited(stack, `Service ${name}`, { "spec.sessionAffinity": "ClientIP" });

  test("finds a Service by address before stateful pods, and passes one before others or 1 pod", () => {
    expect(judged(stateAffinity, affine(FLEET, "github-server"))).toHaveLength(1);
    expect(judged(stateAffinity, affine(serverStack(), "github-server"))).toEqual([]);
    const one = edited(FLEET, SERVER, { "spec.replicas": 1 });
    expect(judged(stateAffinity, affine(one, "github-server"))).toEqual([]);
  });

  test("finds gateways and proxies by address before stateful backends", () => {
    const gateway = affine(FLEET, "eng-gateway");
    expect(judged(stateAffinity, gateway)).toEqual([]);
    const says = judged(
      stateAffinity,
      withFacts(gateway, GATEWAY, { statefulBackends: ["github"] }),
    );
    expect(says).toEqual([
      expect.stringMatching(/^Deployment eng-gateway: Service eng-gateway .* kept by github;/),
    ]);
    const direct = withFacts(gateway, GATEWAY, { backendHosts: { git: "github-server" } });
    expect(judged(stateAffinity, direct).join()).toContain("kept by git;");
    const proxies = withFacts(FLEET, PROXY, {
      statefulBackends: ["github"],
      sessionAffinity: "ClientIP",
    });
    expect(judged(stateAffinity, proxies)).toEqual([
      expect.stringMatching(/^Deployment github-proxy: its Service chooses among 2 pods/),
    ]);
  });

  test("asks of 2 pods of ToolHive's whether they keep state", () => {
    const of = (backendReplicas: number, annotations = {}) =>
      judged(stateAffinity, [
        toolHive("MCPServer", "x", { metadata: { annotations }, spec: { backendReplicas } }),
      ]).join();
    expect(of(1)).toBe("");
    expect(of(2)).toContain("mcp-fleet.dev/stateful is missing");
    expect(of(2, { "mcp-fleet.dev/stateful": "false" })).toBe("");
    expect(of(2, { "mcp-fleet.dev/stateful": "true" })).toContain("Service mcp-x chooses among 2");
  });

  test("fails closed where nobody says what keeps state", () => {
    const server = withFacts(affine(FLEET, "github-server"), SERVER, { stateful: undefined });
    expect(judged(stateAffinity, server).join()).toContain("mcp-fleet.dev/stateful is missing");
    const proxies = withFacts(affine(FLEET, "github-proxy"), PROXY, {
      statefulBackends: undefined,
    });
    expect(judged(stateAffinity, proxies).join()).toContain("stateful-backends is missing");
  });
});

describe("state-needs-session-routing", () => {
  const FLEET = [...gatewayStack(), ...proxyStack(), ...serverStack({ stateful: true })];
  const calling = (host: string, stack: readonly ResourceDescription[] = FLEET) =>
    judged(routedState, withFacts(stack, GATEWAY, { backendHosts: { github: host } }));

  test("finds 3 stateful pods behind one host, and passes proxies before them", () => {
    expect(calling("github-server")).toHaveLength(1);
    expect(calling("GitHub-Server.mcp")).toHaveLength(1);
    expect(calling("github-server.mcp.svc.cluster.local")).toHaveLength(1);
    expect(calling("github-proxy")).toEqual([]);
    const proxies = withFacts(FLEET, PROXY, { backendHosts: { github: "github-server" } });
    expect(judged(routedState, proxies)).toEqual([
      expect.stringMatching(
        /^Deployment github-proxy: its backend github is Service github-server/,
      ),
    ]);
  });

  test("passes the name of one pod, 1 pod, and pods without state", () => {
    expect(calling("github-server-0.github-server")).toEqual([]);
    const own = service("github-server-1", 8080, {
      selector: { "statefulset.kubernetes.io/pod-name": "github-server-1" },
    });
    expect(calling("github-server-1", [...FLEET, own])).toEqual([]);
    expect(calling("github-server", edited(FLEET, SERVER, { "spec.replicas": 1 }))).toEqual([]);
    expect(calling("github-server", edited(FLEET, SERVER, { "spec.replicas": 2 }))).toHaveLength(1);
    expect(calling("github-server", withFacts(FLEET, SERVER, { stateful: false }))).toEqual([]);
  });

  test("finds a route that leads past the proxies", () => {
    expect(judged(routedState, [...FLEET, ingress("github-server")])).toEqual([
      expect.stringMatching(/^StatefulSet github-server: Ingress eng leads to any of 3 pods/),
    ]);
    expect(judged(routedState, [...FLEET, ingress("github-proxy")])).toEqual([]);
    const balanced = edited(FLEET, "Service github-server", { "spec.type": "LoadBalancer" });
    expect(judged(routedState, balanced)).toHaveLength(1);
  });

  test("asks of 2 pods of ToolHive's whether they keep state", () => {
    const of = (backendReplicas: number, annotations = {}) =>
      judged(routedState, [
        toolHive("MCPServer", "x", { metadata: { annotations }, spec: { backendReplicas } }),
      ]).join();
    expect(of(1)).toBe("");
    expect(of(2)).toContain("mcp-fleet.dev/stateful is missing");
    expect(of(2, { "mcp-fleet.dev/stateful": "false" })).toBe("");
    expect(of(2, { "mcp-fleet.dev/stateful": "true" })).toContain(
      "reach 2 pods through one Service",
    );
  });

  test("fails closed where hosts are not known, or nobody says whether pods keep state", () => {
    expect(judged(routedState, gatewayThat({ backendHosts: UNKNOWN })).join()).toContain(
      "backend-hosts is not known before the update",
    );
    const silent = withFacts(FLEET, SERVER, { stateful: undefined });
    expect(calling("github-server", silent).join()).toContain("mcp-fleet.dev/stateful");
  });
});
