import { seconds } from "@mcp-fleet/contract";
import { completed, processPlan } from "@mcp-fleet/contract/capacity";
import { validate } from "@mcp-fleet/contract/settings";
import * as k8s from "@pulumi/kubernetes";
import { output } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import {
  IncomingAuthType,
  NofileMode,
  NofileShortage,
  Scaling,
  ServiceType,
  SessionAffinity,
  Spread,
  VirtualMcpServer,
} from "../../infra/index.ts";
import { VERSION } from "../../infra/version.ts";
import { keysOfFile } from "../../runtime/sessions/session-keys.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import {
  CONTAINER,
  configurationOf,
  GITHUB,
  gatewayStack,
  lonelyGatewayStack,
  POD,
  STORE,
  variablesOf,
} from "../../testkit/pulumi/components.ts";
import type { RecordedResource } from "../../testkit/pulumi/recorded-resource.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const deploymentOf = (stack: RecordedStack) => stack.one("Deployment", "eng-gateway");

/** What the contract says of 5,000 sessions, one backend and a store behind Sentinel. */
const PLAN = processPlan(completed({ sessions: 5000, backends: 1 }));

const mebibytes = (value: number) => `${value / 2 ** 20}Mi`;

describe("a gateway for 5,000 sessions", () => {
  test("is 4 pods, 3 that hold everything and 1 that may be gone", async () => {
    const deployment = deploymentOf(await gatewayStack());
    expect(deployment.at("spec.replicas")).toBe(4);
    expect(PLAN.replicas.value).toBe(4);
    expect(deployment.at("spec.strategy")).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
  });

  test("has the memory of the plan as request and limit, and its heap below it", async () => {
    const deployment = deploymentOf(await gatewayStack());
    const memory = mebibytes(PLAN.memory.value);
    expect(deployment.at(`${CONTAINER}.resources`)).toEqual({
      requests: { cpu: `${PLAN.cpu.value}m`, memory, "ephemeral-storage": "64Mi" },
      limits: { cpu: "2", memory, "ephemeral-storage": "1024Mi" },
    });
    const heap = Math.floor(PLAN.heap.value / 2 ** 20);
    expect(heap * 2 ** 20).toBeLessThan(PLAN.memory.value);
    expect(variablesOf(deployment).NODE_OPTIONS).toBe(`--max-old-space-size=${heap}`);
  });

  test("has 330 s to end: 5 s of preStop, 10 s of linger, 300 s of drain, 5 s to close, 10 s of headroom", async () => {
    const stack = await gatewayStack();
    const deployment = deploymentOf(stack);
    expect(deployment.at(`${POD}.terminationGracePeriodSeconds`)).toBe(5 + 10 + 300 + 5 + 10);
    expect(deployment.at(`${CONTAINER}.lifecycle`)).toEqual({ preStop: { sleep: { seconds: 5 } } });
    const { limits, drain } = configurationOf(stack, "eng-gateway");
    expect(limits).toEqual({ callTimeoutMax: "300s" });
    expect(drain).toEqual({ linger: "10s" });
  });

  test("is given up on after 490 s without progress, which its deployer waits for and 10 s more", async () => {
    const deployment = deploymentOf(await gatewayStack());
    expect(deployment.at("spec.progressDeadlineSeconds")).toBe(120 + 30 + 330 + 10);
    // Four pods, one after the other, each with 30 s to start and 330 s to end.
    const rollout = 4 * (30 + 330);
    expect(deployment.timeouts).toEqual({
      create: "500s",
      update: `${rollout + 500}s`,
      delete: "340s",
    });
  });

  test("is probed at its admin port: ready every second, alive every 10 s, 30 s to start", async () => {
    const deployment = deploymentOf(await gatewayStack());
    const get = (path: string) => ({ path, port: "admin" });
    expect(deployment.at(`${CONTAINER}.startupProbe`)).toEqual({
      httpGet: get("/livez"),
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: 30,
    });
    expect(deployment.at(`${CONTAINER}.readinessProbe`)).toEqual({
      httpGet: get("/readyz"),
      periodSeconds: 1,
      timeoutSeconds: 1,
      failureThreshold: 2,
    });
    expect(deployment.at(`${CONTAINER}.livenessProbe`)).toEqual({
      httpGet: get("/livez"),
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 3,
    });
  });

  test("loses 1 pod at a time to drained nodes, and unready ones without asking", async () => {
    const stack = await gatewayStack();
    const budget = stack.one("PodDisruptionBudget", "eng-gateway");
    expect(budget.at("spec.maxUnavailable")).toBe(1);
    expect(budget.at("spec.unhealthyPodEvictionPolicy")).toBe("AlwaysAllow");
    expect(budget.at("spec.selector")).toEqual(deploymentOf(stack).at("spec.selector"));
    const spare = await gatewayStack({ spareReplicas: 2 });
    expect(spare.one("PodDisruptionBudget", "eng-gateway").at("spec.maxUnavailable")).toBe(2);
    expect(deploymentOf(spare).at("spec.replicas")).toBe(5);
  });

  test("says in every preview what it was planned to be", async () => {
    const { lines } = await gatewayStack();
    expect(lines).toEqual([
      {
        severity: "info",
        message: expect.stringMatching(
          /^gateway eng for 5,000 sessions: 4 pods, \d+Mi memory and \d+m CPU each, nofile [\d,]+, grace period 330 s; the output "capacity" shows the arithmetic$/,
        ),
      },
    ]);
  });

  test("has every figure of the plan as an output, with its arithmetic", async () => {
    const { outputs } = await gatewayStack();
    expect(outputs.capacity).toMatchObject({
      replicas: "4 pods = holding 3 + spareReplicas 1",
      terminationGrace: "5m30s = preStop 5s + linger 10s + drain 5m + close 5s + headroom 10s",
      requiredNofile: expect.stringMatching(/^[\d,]+ descriptors = /),
    });
    expect(outputs.serviceName).toBe("eng-gateway");
  });

  test("runs restricted: no root, no capabilities, no token, a read-only disk", async () => {
    const stack = await gatewayStack();
    const deployment = deploymentOf(stack);
    expect(deployment.at(`${POD}.automountServiceAccountToken`)).toBe(false);
    expect(deployment.at(`${POD}.securityContext`)).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65_532,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(deployment.at(`${CONTAINER}.securityContext`)).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
    });
    const account = stack.one("ServiceAccount", "eng-gateway");
    expect(account.at("automountServiceAccountToken")).toBe(false);
    expect(deployment.at(`${POD}.serviceAccountName`)).toBe(account.at("metadata.name"));
    expect(deployment.at(`${CONTAINER}.terminationMessagePolicy`)).toBe("FallbackToLogsOnError");
  });

  test("runs the image of this version, or the user's", async () => {
    expect(deploymentOf(await gatewayStack()).at(`${CONTAINER}.image`)).toBe(
      `mcp-fleet:${VERSION}`,
    );
    const own = deploymentOf(
      await gatewayStack({ image: output("own:2"), imagePullPolicy: "Always" }),
    );
    expect(own.at(`${CONTAINER}.image`)).toBe("own:2");
    expect(own.at(`${CONTAINER}.imagePullPolicy`)).toBe("Always");
  });

  test("registers the same resources in a preview, where no output is known", async () => {
    const all = async (isPreview: boolean) => {
      const stack = await RecordedStack.of(() => {
        const backends = [{ name: "a", url: output("http://a/mcp") }];
        new VirtualMcpServer("eng", { sessions: 5000, backends, sessionStorage: STORE });
      }, isPreview);
      return stack.resources.map(({ urn }) => urn).sort();
    };
    expect(await all(true)).toEqual(await all(false));
  });
});

describe("the configuration of a gateway", () => {
  test("is accepted by the gateway itself, and says what the plan says", async () => {
    const settings = validate(configurationOf(await gatewayStack(), "eng-gateway"), [], "gateway");
    expect(settings).toMatchObject({
      name: "eng",
      host: "0.0.0.0",
      port: 4483,
      adminPort: 9090,
      session: {
        maxSessions: 5000,
        cacheEntries: 5000,
        keysFile: "/etc/mcp-fleet/keys/keys.json",
      },
      nofile: { mode: "enforce", required: PLAN.requiredNofile.value },
      sessionStorage: {
        provider: "redis",
        keyPrefix: "mcp-fleet:eng:",
        username: "gateway",
        passwordFile: "/etc/mcp-fleet/storage/password",
        sentinel: { masterName: "main" },
      },
    });
  });

  test("of a cluster names its nodes, has room for connections to 9 shards, and says which keys are its own", async () => {
    const cluster = { addresses: ["a.example.com:6379"], natMap: { "10.0.0.1:6379": "b:7000" } };
    const sessionStorage = { cluster: { ...cluster, shards: 9 }, tls: {} };
    const stack = await gatewayStack({ sessionStorage });
    const settings = validate(configurationOf(stack, "eng-gateway"), [], "gateway");
    expect(settings.sessionStorage).toMatchObject({
      keyPrefix: "{mcp-fleet:eng}:",
      cluster: {
        addresses: [{ host: "a.example.com", port: 6379 }],
        natMap: { "10.0.0.1:6379": { host: "b", port: 7000 } },
        shards: 9,
      },
    });
    const inputs = { sessions: 5000, backends: 1, store: "cluster", storeShards: 9 } as const;
    const planned = processPlan(completed(inputs));
    expect(settings.nofile.required).toBe(planned.requiredNofile.value);
    expect(deploymentOf(stack).map("metadata.annotations")).toMatchObject({
      "mcp-fleet.dev/store": "cluster",
      "mcp-fleet.dev/store-addresses": '["a.example.com:6379"]',
      "mcp-fleet.dev/key-prefix": "{mcp-fleet:eng}:",
    });
  });

  test("carries what the user says of sessions, limits, names, logins and operation", async () => {
    const stack = await gatewayStack({
      session: { idleTtl: "10m", maxLifetime: "1d", cacheEntries: 1000, maxPerPrincipal: 5 },
      limits: { callTimeout: "90s", callTimeoutMax: "15m", bodyBytes: "1Mi", views: 8 },
      aggregation: {
        conflictResolution: "priority",
        prefixFormat: "{workload}.",
        priorityOrder: ["github"],
        tools: [{ workload: "github", overrides: { a: { annotations: { readOnlyHint: true } } } }],
        resources: [{ workload: "github", filter: ["file:///1"] }],
      },
      operational: { logLevel: "warn", timeouts: { perWorkload: { github: "20s" } } },
      incomingAuth: {
        type: "jwt",
        jwt: {
          issuer: "https://issuer.example.com",
          audience: "eng",
          jwks: "https://issuer.example.com/keys",
        },
      },
      allowedOrigins: ["https://app.example.com"],
      nofile: { shortage: NofileShortage.Degrade },
      backends: [{ ...GITHUB, stateful: true, notifications: "session", callTimeout: "30s" }],
    });
    const settings = validate(configurationOf(stack, "eng-gateway"), [], "gateway");
    expect(settings).toMatchObject({
      logLevel: "warn",
      session: {
        idleTtlSeconds: 600,
        maxLifetimeSeconds: 86_400,
        cacheEntries: 1000,
        maxPerPrincipal: 5,
      },
      limits: { callTimeoutSeconds: 90, callTimeoutMaxSeconds: 900, bodyBytes: 2 ** 20, views: 8 },
      aggregation: {
        conflictResolution: "priority",
        prefixFormat: "{workload}.",
        priorityOrder: ["github"],
        tools: [{ overrides: { a: { annotations: { readOnlyHint: true } } } }],
        resources: [{ filter: ["file:///1"] }],
      },
      jwt: { audience: "eng" },
      allowedOrigins: ["https://app.example.com"],
      nofile: { mode: "degrade" },
      backends: [
        { name: "github", stateful: true, notifications: "session", callTimeoutSeconds: 30 },
      ],
    });
    // 900 s of drain instead of 300.
    expect(deploymentOf(stack).at(`${POD}.terminationGracePeriodSeconds`)).toBe(930);
  });

  test("hands policies on to its pods, and plans 89 MiB for the thread and 50,000 decisions", async () => {
    const policies = ['permit(principal in THVGroup::"eng", action, resource);'];
    const planOf = (stack: Awaited<ReturnType<typeof gatewayStack>>) =>
      deploymentOf(stack).at(`${CONTAINER}.resources.limits.memory`);
    const authz = { type: "cedar" as const, policies };
    const open = planOf(await gatewayStack());
    const stack = await gatewayStack({ incomingAuth: { type: "anonymous", authz } });
    const { authorization } = validate(configurationOf(stack, "eng-gateway"), [], "gateway");
    expect(authorization).toMatchObject({ policies, groupEntityType: "THVGroup" });
    const mebibytes = (memory: unknown) => Number.parseInt(String(memory), 10);
    // With the reserve of a quarter of all memory.
    const more = mebibytes(planOf(stack)) - mebibytes(open);
    expect(more).toBeGreaterThanOrEqual(Math.floor(89 / 0.75));
    expect(more).toBeLessThanOrEqual(Math.ceil(89 / 0.75));
  });

  test("keeps the client secret of a login in a Secret, and its CA beside the configuration", async () => {
    const login = {
      issuer: "https://login.example.com",
      audience: "https://mcp.example.com/mcp",
      clientId: "gateway",
      clientSecret: "secret-of-the-gateway",
      caBundle: "-----BEGIN CERTIFICATE-----",
      moreIssuers: [{ issuer: "https://other.example.com:8443", jwksAllowPrivateIp: true }],
    };
    const stack = await gatewayStack({
      incomingAuth: { type: IncomingAuthType.Oidc, oidc: login },
    });
    const { oidc } = validate(configurationOf(stack, "eng-gateway"), [], "gateway");
    const caBundlePath = "/etc/mcp-fleet/configuration/login-ca.crt";
    expect(oidc?.issuers).toMatchObject([
      { clientSecretFile: "/etc/mcp-fleet/login/client-secret", caBundlePath },
      { issuer: "https://other.example.com:8443", jwksAllowPrivateIp: true, caBundlePath },
    ]);
    const file = stack.one("ConfigMap", "eng-gateway-configuration");
    expect(JSON.stringify(file.at("data"))).not.toContain(login.clientSecret);
    expect(stack.one("Secret", "eng-gateway-login").at("stringData")).toEqual({
      "client-secret": login.clientSecret,
    });
    const mounted = deploymentOf(stack).at(`${CONTAINER}.volumeMounts`);
    expect(mounted).toContainEqual({
      name: "login",
      mountPath: "/etc/mcp-fleet/login",
      readOnly: true,
    });
    const policy = stack.one("NetworkPolicy", "eng-gateway");
    expect(JSON.stringify(policy.at("spec.egress"))).toContain('"port":8443');
  });

  test("takes the client secret from a Secret of the user, and has none of its own then", async () => {
    const oidc = {
      issuer: "https://login.example.com",
      audience: "mcp",
      clientId: "gateway",
      clientSecretRef: { name: "own", key: "secret" },
    };
    const stack = await gatewayStack({ incomingAuth: { type: IncomingAuthType.Oidc, oidc } });
    expect(stack.resources.map(({ name }) => name)).not.toContain("eng-gateway-login");
    expect(deploymentOf(stack).at(`${POD}.volumes`)).toContainEqual({
      name: "login",
      secret: {
        secretName: "own",
        items: [{ key: "secret", path: "client-secret" }],
        defaultMode: 0o440,
      },
    });
  });

  test("changes with a setting in the ConfigMap, whose name stays, and in a checksum of the pods", async () => {
    const first = await gatewayStack();
    const other = await gatewayStack({ operational: { logLevel: "debug" } });
    const file = (stack: RecordedStack) => stack.one("ConfigMap", "eng-gateway-configuration");
    expect(file(first).at("metadata.name")).toBe("eng-gateway-configuration");
    expect(file(first).at("data")).not.toEqual(file(other).at("data"));
    const checksum = (stack: RecordedStack) =>
      deploymentOf(stack).map("spec.template.metadata.annotations")[
        "mcp-fleet.dev/configuration-checksum"
      ];
    expect(checksum(first)).toMatch(/^[0-9a-f]{16}$/);
    expect(checksum(other)).not.toBe(checksum(first));
    expect(deploymentOf(first).at(`${POD}.volumes`)).toContainEqual({
      name: "configuration",
      configMap: { name: "eng-gateway-configuration" },
    });
    expect(deploymentOf(first).at(`${CONTAINER}.args`)).toEqual([
      "gateway",
      "--config",
      "/etc/mcp-fleet/configuration/configuration.json",
    ]);
  });

  test("changes in the ConfigMap alone where gateways take it over, also to what is known after the update only", async () => {
    const backends = [{ ...GITHUB, url: output("http://later.example.com/mcp") }];
    const [before, after] = [await gatewayStack(), await gatewayStack({ backends })];
    const file = (stack: RecordedStack) => stack.one("ConfigMap", "eng-gateway-configuration");
    expect(file(before).at("data")).not.toEqual(file(after).at("data"));
    expect(deploymentOf(after).at("spec")).toEqual(deploymentOf(before).at("spec"));
  });

  test("of more than 1 MiB is refused by its longest argument", async () => {
    const policies = Array.from(
      { length: 1100 },
      (_, index) => `permit(principal == Client::"${index}${"x".repeat(1000)}", action, resource);`,
    );
    let refused: unknown;
    await RecordedStack.of(() => {
      try {
        const authz = { type: "cedar" as const, policies };
        new VirtualMcpServer("eng", {
          sessions: 100,
          backends: [GITHUB],
          incomingAuth: { type: "anonymous", authz },
        });
      } catch (error) {
        refused = error;
      }
    });
    expect(String(refused)).toMatch(
      /incomingAuth\.authz: makes the configuration \S+, but a ConfigMap has at most 1Mi; shorten it/,
    );
  });

  test("drains as long as the longest call of a single backend, 600 s, and never less than the default of 300 s", async () => {
    const longest = (callTimeoutMax: string) =>
      gatewayStack({ backends: [GITHUB, { ...GITHUB, name: "slow", callTimeoutMax }] });
    const drain = async (callTimeoutMax: string) => {
      const { limits } = configurationOf(await longest(callTimeoutMax), "eng-gateway");
      return limits;
    };
    expect(await drain("10m")).toEqual({ callTimeoutMax: "600s" });
    expect(await drain("100s")).toEqual({ callTimeoutMax: "300s" });
    expect(deploymentOf(await longest("10m")).at(`${POD}.terminationGracePeriodSeconds`)).toBe(630);
  });
});

describe("the store of a gateway", () => {
  test("is reached with a password that stands in a Secret and nowhere else", async () => {
    const stack = await gatewayStack();
    const secret = stack.one("Secret", "eng-gateway-storage");
    expect(secret.at("stringData")).toEqual({ password: "the-password-of-the-store" });
    expect(secret.secrets).toEqual(["stringData"]);
    const others = stack.resources.filter((resource) => resource !== secret);
    expect(JSON.stringify(others)).not.toContain("the-password-of-the-store");
  });

  test("may have its password and its authorities in Secrets of the user, which pods mount", async () => {
    const { password: _, ...store } = STORE;
    const stack = await gatewayStack({
      sessionStorage: {
        ...store,
        passwordRef: { name: "own-password", key: "pass" },
        tls: { caRef: { name: "own-ca", key: "root.pem" }, servername: "redis" },
      },
    });
    const secrets = stack.ofType("Secret").map(({ name }) => name);
    expect(secrets.sort()).toEqual(["eng-gateway-admin-token", "eng-gateway-keys"]);
    expect(deploymentOf(stack).at(`${POD}.volumes`)).toEqual(
      expect.arrayContaining([
        {
          name: "storage-password",
          secret: {
            secretName: "own-password",
            items: [{ key: "pass", path: "password" }],
            defaultMode: 0o440,
          },
        },
        {
          name: "storage-ca",
          secret: {
            secretName: "own-ca",
            items: [{ key: "root.pem", path: "ca.crt" }],
            defaultMode: 0o440,
          },
        },
      ]),
    );
    const { sessionStorage } = validate(configurationOf(stack, "eng-gateway"), [], "gateway");
    expect(sessionStorage).toMatchObject({
      passwordFile: "/etc/mcp-fleet/storage-password/password",
      tls: { caFile: "/etc/mcp-fleet/storage-ca/ca.crt", servername: "redis" },
      sentinel: { tls: { caFile: "/etc/mcp-fleet/storage-ca/ca.crt", servername: "redis" } },
    });
    expect(mountPaths(deploymentOf(stack))).toEqual([
      "/etc/mcp-fleet/configuration",
      "/etc/mcp-fleet/keys",
      "/etc/mcp-fleet/storage-password",
      "/etc/mcp-fleet/storage-ca",
    ]);
  });

  test("may be a single Redis, with a Sentinel's worth of connections less", async () => {
    const stack = await gatewayStack({
      sessionStorage: { address: "redis.example.com:6379", db: 3 },
    });
    const { sessionStorage } = validate(configurationOf(stack, "eng-gateway"), [], "gateway");
    expect(sessionStorage).toMatchObject({
      address: { host: "redis.example.com", port: 6379 },
      db: 3,
    });
    const required = (of: RecordedStack) =>
      of.one("VirtualMcpServer", "eng").number("requiredNofile");
    expect(required(stack)).toBeLessThan(required(await gatewayStack()));
  });

  test("is the memory of its only pod where nobody names one: never 2 at a time, not even in a rollout", async () => {
    const stack = await lonelyGatewayStack();
    expect(deploymentOf(stack).at("spec.replicas")).toBe(1);
    expect(deploymentOf(stack).at("spec.strategy")).toEqual({ type: "Recreate" });
    const { sessionStorage } = validate(configurationOf(stack, "eng-gateway"), [], "gateway");
    expect(sessionStorage).toEqual({ provider: "memory" });
  });
});

describe("the keys of a gateway", () => {
  test("are one of 32 random bytes, called first, in a Secret", async () => {
    const stack = await gatewayStack();
    const secret = stack.one("Secret", "eng-gateway-keys");
    expect(secret.secrets).toEqual(["stringData"]);
    expect(keysOf(secret)).toEqual([{ id: "first", secret: expect.any(Buffer) }]);
    const [random, ...others] = stack.ofType("RandomBytes");
    expect(others).toEqual([]);
    expect(random?.inputs).toEqual({ length: 32 });
    expect(random?.secretOutputs).toEqual(["base64", "hex"]);
  });

  test("rotate by adding one that signs later: the old one is neither registered nor written anew", async () => {
    const before = await gatewayStack();
    const signAfter = "2026-12-01T12:00:00Z";
    const after = await gatewayStack({
      sessionKeys: [{ id: "first" }, { id: "2026-12", signAfter }],
    });
    const [old, added] = keysOf(after.one("Secret", "eng-gateway-keys"));
    expect(old).toEqual(keysOf(before.one("Secret", "eng-gateway-keys"))[0]);
    expect(added).toEqual({
      id: "2026-12",
      secret: expect.any(Buffer),
      signAfterMs: Date.parse(signAfter),
    });
    const registered = (stack: RecordedStack) =>
      stack.ofType("RandomBytes").map(({ urn, inputs }) => ({ urn, inputs }));
    expect(registered(after)).toEqual(expect.arrayContaining(registered(before)));
    expect(registered(after)).toHaveLength(2);
  });

  test("and the key of owners are mounted or read, never shown", async () => {
    const stack = await gatewayStack({ ownerKey: "b3duZXIta2V5LW9mLTMyLXJhbmRvbS1ieXRlcy4uLi4=" });
    expect(stack.one("Secret", "eng-gateway-owner").secrets).toEqual(["stringData"]);
    expect(variablesOf(deploymentOf(stack)).MCP_FLEET_OWNER_KEY).toEqual({
      secretKeyRef: { name: "eng-gateway-owner-0f1e2d3c", key: "owner-key" },
    });
    expect(deploymentOf(stack).at(`${POD}.volumes`)).toContainEqual({
      name: "keys",
      secret: { secretName: "eng-gateway-keys-0f1e2d3c", defaultMode: 0o440 },
    });
  });
});

describe("the limit of open files", () => {
  test("is asked of the NRI plugin under both of its keys, for the container by name", async () => {
    const stack = await gatewayStack({ nofile: { mode: NofileMode.NriAnnotation } });
    const limit = PLAN.requiredNofile.value;
    const asked = JSON.stringify([{ type: "RLIMIT_NOFILE", soft: limit, hard: limit }]);
    expect(deploymentOf(stack).map("spec.template.metadata.annotations")).toMatchObject({
      "ulimits.noderesource.dev/container.gateway": asked,
      "ulimits.nri.containerd.io/container.gateway": asked,
    });
    expect(deploymentOf(stack).at(`${CONTAINER}.name`)).toBe("gateway");
  });

  test("is only verified where nobody asks: no pod has such an annotation", async () => {
    const annotations = deploymentOf(await gatewayStack()).map(
      "spec.template.metadata.annotations",
    );
    expect(Object.keys(annotations).filter((key) => key.startsWith("ulimits."))).toEqual([]);
  });

  test("bounds the sessions of a pod: with a ceiling of 2,048 there are more pods", async () => {
    const stack = await gatewayStack({ nofile: { ceiling: 2048 } });
    const facts = stack.one("VirtualMcpServer", "eng");
    expect(facts.number("requiredNofile")).toBeLessThanOrEqual(2048);
    expect(facts.number("replicas")).toBeGreaterThan(4);
  });
});

describe("an endpoint", () => {
  test("is a Service of its MCP port alone, cluster-internal and without affinity", async () => {
    const stack = await gatewayStack({ namespace: "mcp" });
    const service = stack.one("Service", "eng-gateway");
    expect(service.at("metadata.name")).toBe("eng-gateway");
    expect(service.at("spec")).toEqual({
      type: "ClusterIP",
      selector: deploymentOf(stack).at("spec.selector.matchLabels"),
      ports: [{ name: "mcp", port: 4483, targetPort: "mcp", appProtocol: "http" }],
      sessionAffinity: "None",
    });
    expect(stack.outputs.url).toBe("http://eng-gateway.mcp.svc.cluster.local:4483/mcp");
  });

  test("may be a load balancer with affinity for three hours", async () => {
    const stack = await gatewayStack({
      serviceType: ServiceType.LoadBalancer,
      sessionAffinity: SessionAffinity.ClientIP,
    });
    expect(stack.one("Service", "eng-gateway").at("spec")).toMatchObject({
      type: "LoadBalancer",
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
    });
  });

  test("behind an Ingress answers its host, its Service's names, and no other", async () => {
    const stack = await gatewayStack({
      namespace: "mcp",
      ingress: {
        host: "mcp.example.com",
        className: "nginx",
        tlsSecretName: "cert",
        annotations: { a: "b" },
      },
      allowedHosts: ["mcp.example.org"],
    });
    const ingress = stack.one("Ingress", "eng-gateway");
    expect(ingress.at("metadata.annotations")).toEqual({ a: "b" });
    expect(ingress.at("spec")).toEqual({
      ingressClassName: "nginx",
      tls: [{ hosts: ["mcp.example.com"], secretName: "cert" }],
      rules: [
        {
          host: "mcp.example.com",
          http: {
            paths: [
              {
                path: "/",
                pathType: "Prefix",
                backend: { service: { name: "eng-gateway", port: { number: 4483 } } },
              },
            ],
          },
        },
      ],
    });
    expect(hostsOf(stack)).toEqual([
      "mcp.example.com",
      "mcp.example.org",
      "eng-gateway",
      "eng-gateway.mcp",
      "eng-gateway.mcp.svc",
      "eng-gateway.mcp.svc.cluster.local",
      "localhost",
    ]);
    expect(stack.outputs.url).toBe("https://mcp.example.com/mcp");
  });

  test("behind an HTTPRoute answers its 2 host names, and the route cuts no stream", async () => {
    const hostnames = ["a.example.com", "b.example.com"];
    const stack = await gatewayStack({
      httpRoute: { hostnames, parentRefs: [{ name: "public" }] },
    });
    const route = stack.one("HTTPRoute", "eng-gateway-route");
    expect(route.at("apiVersion")).toBe("gateway.networking.k8s.io/v1");
    expect(route.at("spec")).toEqual({
      parentRefs: [{ name: "public" }],
      hostnames,
      rules: [
        {
          backendRefs: [{ name: "eng-gateway", port: 4483 }],
          timeouts: { request: "0s", backendRequest: "0s" },
        },
      ],
    });
    expect(hostsOf(stack)).toEqual(expect.arrayContaining(hostnames));
    expect(stack.outputs.url).toBe("https://a.example.com/mcp");
  });

  test("without either answers every name", async () => {
    expect(hostsOf(await gatewayStack())).toBeUndefined();
  });
});

describe("who may reach its pods", () => {
  const port = (number: number) => ({ port: number, protocol: "TCP" });
  const DNS = { ports: [{ port: 53, protocol: "UDP" }, port(53)] };
  const NOT_LINK_LOCAL = [
    { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16", "100.100.100.200/32"] } },
    { ipBlock: { cidr: "::/0", except: ["fe80::/10", "fd00:ec2::254/128"] } },
  ];
  const PROMETHEUS = {
    namespaceSelector: {},
    podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
  };
  const inNamespace = (name: string) => ({
    to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } }],
  });
  const egressOf = (stack: RecordedStack) =>
    stack.one("NetworkPolicy", "eng-gateway").list("spec.egress");

  test("MCP everybody, the admin port only the gateways themselves", async () => {
    const stack = await gatewayStack();
    const policy = stack.one("NetworkPolicy", "eng-gateway");
    const own = deploymentOf(stack).at("spec.selector.matchLabels");
    expect(policy.at("spec.podSelector")).toEqual({ matchLabels: own });
    expect(policy.at("spec.policyTypes")).toEqual(["Ingress", "Egress"]);
    expect(policy.at("spec.ingress")).toEqual([
      { ports: [port(4483)] },
      { ports: [port(9090)], from: [{ podSelector: { matchLabels: own } }] },
    ]);
  });

  test("MCP only some namespaces and clients, the metrics port Prometheus by its label", async () => {
    const stack = await gatewayStack({
      networkPolicy: {
        clientNamespaces: { team: "eng" },
        clients: [{ podLabels: { app: "ui" } }, { cidr: "10.1.0.0/16" }],
      },
      monitoring: { serviceMonitor: true },
    });
    const own = deploymentOf(stack).at("spec.selector.matchLabels");
    expect(stack.one("NetworkPolicy", "eng-gateway").at("spec.ingress")).toEqual([
      {
        ports: [port(4483)],
        from: [
          { namespaceSelector: { matchLabels: { team: "eng" } } },
          { namespaceSelector: {}, podSelector: { matchLabels: { app: "ui" } } },
          { ipBlock: { cidr: "10.1.0.0/16" } },
        ],
      },
      { ports: [port(9090)], from: [{ podSelector: { matchLabels: own } }] },
      { ports: [port(9091)], from: [PROMETHEUS] },
    ]);
  });

  test("the metrics port only those scrapers that are named", async () => {
    const from = [{ namespaceLabels: { team: "ops" } }];
    const stack = await gatewayStack({ monitoring: { serviceMonitor: true, from } });
    expect(stack.one("NetworkPolicy", "eng-gateway").at("spec.ingress.2")).toEqual({
      ports: [port(9091)],
      from: [{ namespaceSelector: { matchLabels: { team: "ops" } } }],
    });
  });

  test("and its pods reach DNS, each other, and of 6 backends, a store and an issuer what their addresses say", async () => {
    const backends = [
      { name: "a", url: "http://a-proxy.tools.svc.cluster.local:4483/mcp" },
      { name: "b", url: "http://b:8080/mcp" },
      { name: "c", url: "https://c.example.com/mcp" },
      { name: "d", url: "http://10.2.3.4:81/mcp" },
      { name: "e", srv: "_mcp._tcp.e-server.e.svc.cluster.local" },
      {
        name: "f",
        statefulSet: { name: "f", service: "f", namespace: "data", replicas: 1, port: 80 },
      },
    ];
    const stack = await gatewayStack({
      backends,
      sessionStorage: { address: "cache.example.com:6380" },
      incomingAuth: {
        type: IncomingAuthType.Jwt,
        jwt: { issuer: "https://id", audience: "x", jwks: "https://id.example.com:8443/keys" },
      },
    });
    const own = deploymentOf(stack).at("spec.selector.matchLabels");
    expect(egressOf(stack)).toEqual([
      DNS,
      { ports: [port(9090)], to: [{ podSelector: { matchLabels: own } }] },
      inNamespace("tools"),
      { to: [{ podSelector: {} }] },
      { ports: [port(443)], to: NOT_LINK_LOCAL },
      { ports: [port(81)], to: [{ ipBlock: { cidr: "10.2.3.4/32" } }] },
      inNamespace("e"),
      inNamespace("data"),
      { ports: [port(8443)], to: NOT_LINK_LOCAL },
      { ports: [port(6380)], to: NOT_LINK_LOCAL },
    ]);
  });

  test("and more where that is named, such as a metadata service", async () => {
    const egress = [{ cidr: "169.254.169.254/32", ports: [80] }];
    expect(egressOf(await gatewayStack({ networkPolicy: { egress } }))).toContainEqual({
      ports: [port(80)],
      to: [{ ipBlock: { cidr: "169.254.169.254/32" } }],
    });
  });

  test("by a label for each backend, which policies of their pods admit", async () => {
    const stack = await gatewayStack();
    expect(deploymentOf(stack).map("spec.template.metadata.labels")).toMatchObject({
      "mcp-fleet.dev/calls-github": "true",
    });
    expect(deploymentOf(stack).map("spec.selector.matchLabels")).not.toHaveProperty([
      "mcp-fleet.dev/calls-github",
    ]);
  });

  test("nobody is kept out where policies are switched off", async () => {
    const stack = await gatewayStack({ networkPolicy: { enabled: false } });
    expect(stack.ofType("NetworkPolicy")).toEqual([]);
  });
});

describe("the token of the admin port", () => {
  test("is generated once, read by all pods from a Secret, and an output that is a secret", async () => {
    const stack = await gatewayStack();
    const secret = stack.one("Secret", "eng-gateway-admin-token");
    expect(secret.map("stringData")).toEqual({
      "admin-token": "password-of-eng-gateway-admin-token",
    });
    expect(secret.secrets).toEqual(["stringData"]);
    expect(deploymentOf(stack).list(`${CONTAINER}.env`)).toContainEqual({
      name: "MCP_FLEET_ADMIN_TOKEN",
      valueFrom: {
        secretKeyRef: { name: "eng-gateway-admin-token-0f1e2d3c", key: "admin-token" },
      },
    });
    expect(stack.outputs.adminToken).toBe("password-of-eng-gateway-admin-token");
  });
});

describe("an autoscaler", () => {
  test("has the plan's 4 pods as its least and 20 as its most, and alone says how many there are", async () => {
    const stack = await gatewayStack({ autoscaling: { maxReplicas: 20 } });
    const scaler = stack.one("HorizontalPodAutoscaler", "eng-gateway");
    expect(scaler.at("spec.minReplicas")).toBe(4);
    expect(scaler.at("spec.maxReplicas")).toBe(20);
    expect(scaler.at("spec.scaleTargetRef")).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      name: deploymentOf(stack).at("metadata.name"),
    });
    // 80 % of the half core that calls may take.
    expect(scaler.at("spec.metrics.0.resource.target")).toEqual({
      type: "AverageValue",
      averageValue: "400m",
    });
  });

  test("takes over without a pod less: the 4 of the plan stay until it says another number", async () => {
    const before = deploymentOf(await gatewayStack());
    const after = deploymentOf(await gatewayStack({ autoscaling: { maxReplicas: 20 } }));
    expect([before, after].map((one) => one.at("spec.replicas"))).toEqual([4, 4]);
    expect([before, after].map((one) => one.ignoreChanges)).toEqual([[], ["spec.replicas"]]);
  });

  test("may be somebody else's: the range of 4 to 20 pods is in the facts, and there is none of ours", async () => {
    const autoscaling = { maxReplicas: 20, scaling: Scaling.External };
    const stack = await gatewayStack({ autoscaling });
    expect(stack.ofType("HorizontalPodAutoscaler")).toEqual([]);
    expect(deploymentOf(stack).ignoreChanges).toEqual(["spec.replicas"]);
    expect(deploymentOf(stack).map("metadata.annotations")).toMatchObject({
      "mcp-fleet.dev/scaling": "External",
      "mcp-fleet.dev/replicas": "4",
      "mcp-fleet.dev/max-replicas": "20",
    });
    expect(deploymentOf(stack).timeouts.update).toBe(`${20 * (30 + 330) + 500}s`);
  });

  test("lets a rollout take as long as 20 pods need", async () => {
    const stack = await gatewayStack({ autoscaling: { maxReplicas: 20 } });
    expect(deploymentOf(stack).timeouts.update).toBe(`${20 * (30 + 330) + 500}s`);
  });

  test("is not there unless it is asked for", async () => {
    expect((await gatewayStack()).ofType("HorizontalPodAutoscaler")).toEqual([]);
  });
});

describe("monitoring", () => {
  test("is a ServiceMonitor that scrapes each pod's metrics port through a headless Service", async () => {
    const stack = await gatewayStack({
      monitoring: { serviceMonitor: true, labels: { release: "prometheus" } },
    });
    const monitor = stack.one("ServiceMonitor", "eng-gateway-monitor");
    const admin = stack.one("Service", "eng-gateway-admin");
    expect(admin.at("spec")).toMatchObject({
      clusterIP: "None",
      publishNotReadyAddresses: true,
      ports: [{ name: "metrics", port: 9091, targetPort: "metrics" }],
    });
    expect(monitor.at("metadata.labels")).toMatchObject({ release: "prometheus" });
    expect(monitor.at("spec.endpoints")).toEqual([
      { port: "metrics", path: "/metrics", interval: "15s" },
    ]);
    expect(admin.at("metadata.labels")).toMatchObject(monitor.map("spec.selector.matchLabels"));
    const mcp = stack.one("Service", "eng-gateway").map("metadata.labels");
    expect(mcp).not.toMatchObject(monitor.map("spec.selector.matchLabels"));
  });

  test("is a dashboard whose every metric is one that the runtime has", async () => {
    const stack = await gatewayStack({ monitoring: { grafanaDashboard: true } });
    const dashboard = stack.one("ConfigMap", "eng-gateway-dashboard");
    expect(dashboard.at("metadata.labels")).toMatchObject({ grafana_dashboard: "1" });
    const text = String(dashboard.map("data")["eng-gateway-dashboard.json"]);
    const used = new Set(text.match(/\b(?:mcp_fleet|process)_[a-z_]+/g));
    const known = (await new Metrics().text()).match(/^# TYPE (\S+)/gm) ?? [];
    const names = new Set(known.map((line) => line.slice("# TYPE ".length)));
    expect(used.size).toBeGreaterThan(8);
    for (const name of used) expect(names).toContain(name.replace(/_bucket$/, ""));
  });

  test("compares open files and memory with the plan, in a dashboard whose id Grafana takes", async () => {
    const stack = await gatewayStack({ monitoring: { grafanaDashboard: true } });
    const data = stack.one("ConfigMap", "eng-gateway-dashboard").map("data");
    const { uid, panels } = JSON.parse(String(data["eng-gateway-dashboard.json"]));
    expect(JSON.stringify(panels)).toContain(`"value":${PLAN.requiredNofile.value}`);
    expect(JSON.stringify(panels)).toContain(`"value":${PLAN.memory.value}`);
    expect(uid).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
  });

  test("has an id of at most 40 characters for the longest name, too", async () => {
    const name = "a".repeat(40);
    const stack = await RecordedStack.of(() => {
      const monitoring = { grafanaDashboard: true };
      new VirtualMcpServer(name, { sessions: 10, backends: [GITHUB], monitoring });
    });
    const data = stack.one("ConfigMap", `${name}-gateway-dashboard`).map("data");
    const { uid } = JSON.parse(String(data[`${name}-gateway-dashboard.json`]));
    expect(uid).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
  });
});

describe("pods", () => {
  test("should stand on different nodes and in different zones, each generation by itself", async () => {
    const stack = await gatewayStack();
    const selector = deploymentOf(stack).at("spec.selector");
    expect(deploymentOf(stack).at(`${POD}.topologySpreadConstraints`)).toEqual(
      ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: selector,
        matchLabelKeys: ["pod-template-hash"],
      })),
    );
  });

  test("have to be spread over nodes where that is required, and never over zones", async () => {
    const stack = await gatewayStack({ spread: Spread.Required });
    const rules = `${POD}.topologySpreadConstraints`;
    expect(deploymentOf(stack).at(`${rules}.0.whenUnsatisfiable`)).toBe("DoNotSchedule");
    expect(deploymentOf(stack).at(`${rules}.1.whenUnsatisfiable`)).toBe("ScheduleAnyway");
  });

  test("have what the user adds to all of them, beside what is ours", async () => {
    const stack = await gatewayStack({
      podTemplate: {
        metadata: { labels: { team: "eng" }, annotations: { note: "hello" } },
        spec: {
          nodeSelector: { pool: "mcp" },
          tolerations: [{ key: "mcp", operator: "Exists" }],
          priorityClassName: "high",
          imagePullSecrets: [{ name: "registry" }],
          securityContext: { runAsUser: 1234 },
        },
      },
    });
    const deployment = deploymentOf(stack);
    expect(deployment.at("spec.template.metadata.labels")).toMatchObject({
      team: "eng",
      ...deployment.map("spec.selector.matchLabels"),
    });
    expect(deployment.at("spec.template.metadata.annotations")).toMatchObject({ note: "hello" });
    expect(deployment.at(POD)).toMatchObject({
      nodeSelector: { pool: "mcp" },
      tolerations: [{ key: "mcp", operator: "Exists" }],
      priorityClassName: "high",
      imagePullSecrets: [{ name: "registry" }],
      securityContext: { runAsUser: 1234, runAsGroup: 65_532, runAsNonRoot: true },
    });
  });

  test("may be given more than the plan: 6 of them share the sessions, with more memory and time", async () => {
    const stack = await gatewayStack({
      replicas: 6,
      resources: { memory: "3Gi", cpu: "3", cpuLimit: "4" },
      terminationGracePeriodSeconds: 400,
    });
    const deployment = deploymentOf(stack);
    expect(deployment.at("spec.replicas")).toBe(6);
    expect(deployment.at(`${CONTAINER}.resources`)).toEqual({
      requests: { cpu: "3", memory: "3072Mi", "ephemeral-storage": "64Mi" },
      limits: { cpu: "4", memory: "3072Mi", "ephemeral-storage": "1024Mi" },
    });
    expect(deployment.at(`${POD}.terminationGracePeriodSeconds`)).toBe(400);
    // 70 s more than the plan's 330 s, wherever a pod's end is waited for.
    expect(deployment.at("spec.progressDeadlineSeconds")).toBe(490 + 70);
    expect(seconds(deployment.timeouts.delete)).toBe(340 + 70);
    const facts = stack.one("VirtualMcpServer", "eng");
    expect(facts.number("sessionsPerPod")).toBeLessThan(PLAN.sessionsPerPod.value);
    expect(facts.number("requiredNofile")).toBeLessThan(PLAN.requiredNofile.value);
  });

  test("whose CPU is asked to be 3 cores get a limit that is not below it", async () => {
    const stack = await gatewayStack({ resources: { cpu: "3" } });
    expect(deploymentOf(stack).at(`${CONTAINER}.resources`)).toMatchObject({
      requests: { cpu: "3" },
      limits: { cpu: "3" },
    });
  });
});

describe("a transform", () => {
  test("has the last word on the Deployment, the Service, the budget, the autoscaler and the policy", async () => {
    const seen: Record<string, unknown> = {};
    const note =
      (kind: string) =>
      <Args extends { metadata?: unknown }>(args: Args, opts: unknown): Args => {
        seen[kind] = opts;
        return { ...args, metadata: { name: `own-${kind}` } };
      };
    const stack = await gatewayStack({
      autoscaling: { maxReplicas: 9 },
      transform: {
        deployment: note("deployment"),
        service: note("service"),
        disruptionBudget: note("budget"),
        autoscaler: note("autoscaler"),
        networkPolicy: note("policy"),
      },
    });
    const nameOf = (kind: string) => stack.one(kind, "eng-gateway").at("metadata");
    expect(nameOf("Deployment")).toEqual({ name: "own-deployment" });
    expect(nameOf("Service")).toEqual({ name: "own-service" });
    expect(nameOf("PodDisruptionBudget")).toEqual({ name: "own-budget" });
    expect(nameOf("HorizontalPodAutoscaler")).toEqual({ name: "own-autoscaler" });
    expect(nameOf("NetworkPolicy")).toEqual({ name: "own-policy" });
    for (const opts of Object.values(seen)) expect(opts).toHaveProperty("parent");
  });

  test("may change the options of a child, such as its protection", async () => {
    const stack = await gatewayStack({
      transform: {
        service(args, opts) {
          opts.protect = true;
          return args;
        },
      },
    });
    expect(stack.one("Service", "eng-gateway").isProtected).toBe(true);
    expect(deploymentOf(stack).isProtected).toBe(false);
  });
});

describe("the options of a gateway", () => {
  test("reach every child: protection, and the provider for Kubernetes", async () => {
    const stack = await RecordedStack.of(() => {
      const provider = new k8s.Provider("other", { kubeconfig: "{}" });
      new VirtualMcpServer(
        "eng",
        { sessions: 10, backends: [GITHUB], monitoring: { serviceMonitor: true } },
        { provider, protect: true },
      );
    });
    const children = stack.childrenOf("eng");
    expect(children.length).toBeGreaterThan(8);
    for (const { name, type, isProtected, provider } of children) {
      expect([name, isProtected]).toEqual([name, true]);
      expect([name, provider]).toEqual([
        name,
        type.startsWith("kubernetes:") ? expect.stringMatching(/::other::other-id$/) : "",
      ]);
    }
  });
});

const hostsOf = (stack: RecordedStack) => configurationOf(stack, "eng-gateway").allowedHosts;

const keysOf = (secret: RecordedResource) =>
  keysOfFile("keys.json", String(secret.map("stringData")["keys.json"]));

const mountPaths = (workload: RecordedResource) =>
  workload
    .list(`${CONTAINER}.volumeMounts`)
    .map((_, index) => workload.at(`${CONTAINER}.volumeMounts.${index}.mountPath`));
