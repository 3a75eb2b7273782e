import {
  completed,
  completedServer,
  processPlan,
  proxyInputs,
  serverPlan,
} from "@mcp-fleet/contract/capacity";
import { validate } from "@mcp-fleet/contract/settings";
import * as k8s from "@pulumi/kubernetes";
import { output, secret } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import {
  AuthorizationType,
  IncomingAuthType,
  McpServer,
  NofileMode,
  Scaling,
  Spread,
  VirtualMcpServer,
  WorkloadKind,
} from "../../infra/index.ts";
import {
  CONTAINER,
  configurationOf,
  POD,
  STORE,
  serverStack,
  variablesOf,
} from "../../testkit/pulumi/components.ts";
import type { RecordedResource } from "../../testkit/pulumi/recorded-resource.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const podsOf = (stack: RecordedStack) => stack.one("StatefulSet", "files-server");
const proxiesOf = (stack: RecordedStack) => stack.one("Deployment", "files-proxy");

/** What the contract says of 1,000 sessions on 3 pods. */
const LOAD = completedServer(
  { name: "files", stateful: true, sessions: 1000, replicas: 3 },
  completed({ sessions: 1000, backends: 1 }),
);
const PLAN = serverPlan(LOAD);

/** And of the proxies before them, which hand on all that a server says. */
const PROXIES = processPlan(
  proxyInputs({ ...LOAD, pushes: true }, completed({ sessions: 1000, backends: 1 })),
);

const PROXIED = {
  image: "files:1",
  stateful: true,
  backendReplicas: 3,
  sessionStorage: STORE,
} as const;

const mebibytes = (value: number) => `${value / 2 ** 20}Mi`;

describe("the pods of a server with 1,000 sessions", () => {
  test("are 3, the fullest with 550 while one is gone, and each with room for all 1,000", async () => {
    const stack = await serverStack(PROXIED);
    expect(podsOf(stack).at("spec.replicas")).toBe(3);
    expect([PLAN.sessionsPerPod.value, PLAN.podSessions.value]).toEqual([550, 1000]);
    const memory = mebibytes(PLAN.memory.value);
    expect(podsOf(stack).at(`${CONTAINER}.resources`)).toEqual({
      requests: { cpu: "100m", memory, "ephemeral-storage": "64Mi" },
      limits: { memory },
    });
    expect(stack.one("McpServer", "files").at("sessionsPerPod")).toBe(550);
  });

  test("are the same at 1,000 and at 5,000 sessions where they have room for 5,000, and their proxies go from 2 to 4", async () => {
    const small = await serverStack({ ...PROXIED, podSessions: 5000 });
    const large = await serverStack({ ...PROXIED, podSessions: 5000, sessions: 5000 });
    expect(podsOf(large).at("spec")).toEqual(podsOf(small).at("spec"));
    const resources = `${CONTAINER}.resources`;
    expect(podsOf(small).at(resources)).not.toEqual(
      podsOf(await serverStack(PROXIED)).at(resources),
    );
    const proxies = (stack: RecordedStack) => stack.one("Deployment", "files-proxy");
    expect([small, large].map((stack) => proxies(stack).at("spec.replicas"))).toEqual([2, 4]);
  });

  test("start at once, keep their names, and are named ready or not", async () => {
    const stack = await serverStack(PROXIED);
    expect(podsOf(stack).at("spec.podManagementPolicy")).toBe("Parallel");
    expect(podsOf(stack).at("spec.serviceName")).toBe("files-server");
    expect(stack.one("Service", "files-server").at("spec")).toEqual({
      clusterIP: "None",
      publishNotReadyAddresses: true,
      selector: podsOf(stack).at("spec.selector.matchLabels"),
      ports: [{ name: "mcp", port: 8080, targetPort: "mcp" }],
    });
  });

  test("have 330 s to end, or 630 s with calls of at most 10 min", async () => {
    const graceOf = async (callTimeoutMax?: string) => {
      const stack = await serverStack({ ...PROXIED, ...(callTimeoutMax && { callTimeoutMax }) });
      return podsOf(stack).at(`${POD}.terminationGracePeriodSeconds`);
    };
    expect([await graceOf(), await graceOf("10m")]).toEqual([330, 630]);
    const stack = await serverStack(PROXIED);
    expect(podsOf(stack).at(`${CONTAINER}.lifecycle`)).toEqual({
      preStop: { sleep: { seconds: 5 } },
    });
    expect(podsOf(stack).timeouts.update).toBe(`${3 * (30 + 330) + 500}s`);
  });

  test("end calls after 20 s where that is the longest of all, without being told twice", async () => {
    const stack = await serverStack({ ...PROXIED, callTimeoutMax: "20s" });
    const { limits } = validate(configurationOf(stack, "files-proxy"), [], "proxy");
    expect([limits.callTimeoutSeconds, limits.callTimeoutMaxSeconds]).toEqual([20, 20]);
    expect(podsOf(stack).at(`${POD}.terminationGracePeriodSeconds`)).toBe(50);
  });

  test("are asked whether their port is open, since MCP has no health endpoint", async () => {
    const stack = await serverStack({ ...PROXIED, port: 3001 });
    const container = podsOf(stack).map(CONTAINER);
    expect(container.ports).toEqual([{ name: "mcp", containerPort: 3001 }]);
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      expect(container[probe]).toMatchObject({ tcpSocket: { port: "mcp" } });
    }
    expect(container.startupProbe).toMatchObject({ periodSeconds: 1, failureThreshold: 30 });
  });

  test("lose 1 at a time to drained nodes", async () => {
    const stack = await serverStack(PROXIED);
    expect(stack.one("PodDisruptionBudget", "files-server").at("spec")).toEqual({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: podsOf(stack).at("spec.selector"),
    });
  });

  test("run the user's image with arguments, variables and secrets, without root and token", async () => {
    const stack = await serverStack({
      ...PROXIED,
      args: ["--stdio", output("no")],
      env: [{ name: "ROOT", value: secret("hush") }],
      secrets: [{ targetEnvName: "TOKEN", name: "github", key: "token" }],
      imagePullPolicy: "Always",
    });
    expect(podsOf(stack).map(CONTAINER)).toMatchObject({
      name: "server",
      image: "files:1",
      args: ["--stdio", "no"],
      imagePullPolicy: "Always",
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    });
    expect(variablesOf(podsOf(stack))).toEqual({
      ROOT: "hush",
      TOKEN: { secretKeyRef: { name: "github", key: "token" } },
    });
    // Where a part of an input is secret, Pulumi keeps all of it so.
    expect(podsOf(stack).secrets).toEqual(["spec"]);
    expect(podsOf(stack).at(`${POD}.securityContext.runAsNonRoot`)).toBe(true);
    expect(podsOf(stack).at(`${POD}.automountServiceAccountToken`)).toBe(false);
  });

  test("may have more than the plan: memory, CPU and time", async () => {
    const stack = await serverStack({
      ...PROXIED,
      resources: { memory: "8Gi", cpu: "1", cpuLimit: "1500m" },
      terminationGracePeriodSeconds: 600,
    });
    expect(podsOf(stack).at(`${CONTAINER}.resources`)).toEqual({
      requests: { cpu: "1", memory: "8192Mi", "ephemeral-storage": "64Mi" },
      limits: { cpu: "1500m", memory: "8192Mi" },
    });
    expect(podsOf(stack).at(`${POD}.terminationGracePeriodSeconds`)).toBe(600);
    // Each of three pods may take 600 s to end, and so may the one before the last that starts.
    expect(podsOf(stack).timeouts.update).toBe(`${3 * (30 + 600) + (500 - 330 + 600)}s`);
    expect(podsOf(stack).timeouts.delete).toBe("610s");
  });

  test("cost what the user says: 2 MiB a session and 64 MiB at rest", async () => {
    const cost = { sessionBytes: "2Mi", processBytes: "64Mi" };
    const stack = await serverStack({ ...PROXIED, cost });
    const load = { ...LOAD, sessionBytes: 2 ** 21, processBytes: 2 ** 26 };
    expect(podsOf(stack).at(`${CONTAINER}.resources.limits.memory`)).toBe(
      mebibytes(serverPlan(load).memory.value),
    );
  });

  test("are spread over nodes and zones, and have what the user adds", async () => {
    const stack = await serverStack({
      ...PROXIED,
      spread: Spread.Required,
      podTemplate: {
        metadata: { labels: { team: "eng" } },
        spec: { nodeSelector: { pool: "mcp" } },
      },
    });
    for (const workload of [podsOf(stack), proxiesOf(stack)]) {
      expect(workload.at(`${POD}.topologySpreadConstraints.0`)).toMatchObject({
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: workload.at("spec.selector"),
      });
      expect(workload.at(`${POD}.nodeSelector`)).toEqual({ pool: "mcp" });
      expect(workload.at("spec.template.metadata.labels")).toMatchObject({ team: "eng" });
    }
    // A StatefulSet has no hash of its template to tell two generations by.
    expect(podsOf(stack).map(`${POD}.topologySpreadConstraints.0`)).not.toHaveProperty(
      "matchLabelKeys",
    );
  });
});

describe("a server without state", () => {
  const ELASTIC = {
    image: "files:1",
    backendReplicas: 3,
    backendAutoscaling: { maxReplicas: 9 },
  } as const;
  const DEPLOYED = { ...ELASTIC, workload: WorkloadKind.Deployment };
  const deployedOf = (stack: RecordedStack) => stack.one("Deployment", "files-server");

  test("is a StatefulSet unless it says otherwise, and then a Deployment under the same names", async () => {
    const before = podsOf(await serverStack({ image: "files:1" }));
    const stack = await serverStack({ image: "files:1", workload: WorkloadKind.Deployment });
    const after = deployedOf(stack);
    expect(stack.ofType("StatefulSet")).toEqual([]);
    for (const path of ["metadata", "spec.selector", "spec.replicas", CONTAINER]) {
      expect(after.at(path)).toEqual(before.at(path));
    }
    expect(stack.one("Service", "files-server").at("spec.selector")).toEqual(
      after.at("spec.selector.matchLabels"),
    );
  });

  test("as a Deployment starts a new pod before it stops an old one, and only ready ones are named", async () => {
    const stack = await serverStack(DEPLOYED);
    expect(deployedOf(stack).map("spec")).toMatchObject({
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      // 120 s for the image, 30 s to start, 330 s for the pod before it, and 10 s.
      progressDeadlineSeconds: 490,
    });
    expect(deployedOf(stack).map(`${POD}.topologySpreadConstraints.0`)).toMatchObject({
      matchLabelKeys: ["pod-template-hash"],
    });
    expect(stack.one("Service", "files-server").at("spec")).toMatchObject({
      clusterIP: "None",
      publishNotReadyAddresses: false,
    });
  });

  test.each([
    ["StatefulSet", ELASTIC],
    ["Deployment", DEPLOYED],
  ] as const)("as a %s scales from 3 pods to 9, at 80 % of a pod's CPU", async (kind, args) => {
    const scaler = (await serverStack(args)).one("HorizontalPodAutoscaler", "files-server");
    expect(scaler.at("spec")).toMatchObject({
      scaleTargetRef: { apiVersion: "apps/v1", kind, name: "files-server" },
      minReplicas: 3,
      maxReplicas: 9,
      metrics: [
        { resource: { name: "cpu", target: { type: "AverageValue", averageValue: "80m" } } },
      ],
    });
    const larger = await serverStack({ ...args, resources: { cpu: "2" } });
    expect(
      larger
        .one("HorizontalPodAutoscaler", "files-server")
        .at("spec.metrics.0.resource.target.averageValue"),
    ).toBe("1600m");
  });

  test.each([
    ["StatefulSet", { ...ELASTIC, backendAutoscaling: undefined }, ELASTIC],
    ["Deployment", { ...DEPLOYED, backendAutoscaling: undefined }, DEPLOYED],
  ] as const)(
    "as a %s is handed over without a pod less: its 3 stay until a scaler says another number",
    async (kind, { backendAutoscaling: _, ...fixed }, scaled) => {
      const before = (await serverStack(fixed)).one(kind, "files-server");
      const after = (await serverStack(scaled)).one(kind, "files-server");
      expect([before, after].map((one) => one.at("spec.replicas"))).toEqual([3, 3]);
      expect([before, after].map((one) => one.ignoreChanges)).toEqual([[], ["spec.replicas"]]);
    },
  );

  test("may be scaled by somebody else: the range of 3 to 9 pods is in the facts, and there is none of ours", async () => {
    const backendAutoscaling = { maxReplicas: 9, scaling: Scaling.External };
    const stack = await serverStack({ ...DEPLOYED, backendAutoscaling });
    expect(stack.ofType("HorizontalPodAutoscaler")).toEqual([]);
    expect(deployedOf(stack).ignoreChanges).toEqual(["spec.replicas"]);
    expect(deployedOf(stack).map("metadata.annotations")).toMatchObject({
      "mcp-fleet.dev/scaling": "External",
      "mcp-fleet.dev/backend-replicas": "3",
      "mcp-fleet.dev/max-replicas": "9",
    });
  });

  test("has room for all sessions on 3 pods less one, and time to replace 9", async () => {
    const [fixed, scaled] = [
      podsOf(await serverStack(PROXIED)),
      deployedOf(await serverStack(DEPLOYED)),
    ];
    expect(scaled.at(`${CONTAINER}.resources`)).toEqual(fixed.at(`${CONTAINER}.resources`));
    expect(scaled.timeouts.update).toBe(`${9 * (30 + 330) + 500}s`);
  });

  test("has the same facts as before where it does not scale", async () => {
    const facts = podsOf(await serverStack({ image: "files:1" })).map("metadata.annotations");
    expect(Object.keys(facts).filter((name) => /max-replicas|scaling/.test(name))).toEqual([]);
    expect(String(facts["mcp-fleet.dev/plan-inputs"])).not.toContain("maxReplicas");
  });
});

describe("the proxies of a server", () => {
  test("are 2 with a shared store, and learn its pods from DNS", async () => {
    const stack = await serverStack({ ...PROXIED, namespace: "mcp" });
    expect(proxiesOf(stack).at("spec.replicas")).toBe(2);
    const settings = validate(configurationOf(stack, "files-proxy"), [], "proxy");
    expect(settings).toMatchObject({
      name: "files",
      backends: [
        {
          name: "files",
          stateful: true,
          notifications: "session",
          address: {
            kind: "srv",
            service: "_mcp._tcp.files-server.mcp.svc.cluster.local",
            maxPods: 1000,
            path: "/mcp",
          },
        },
      ],
      session: { maxSessions: 1000, idleTtlSeconds: 7200 },
      sessionStorage: { provider: "redis", keyPrefix: "mcp-fleet:files:proxy:files:" },
      nofile: { required: PROXIES.requiredNofile.value },
    });
    expect(proxiesOf(stack).at(`${CONTAINER}.args.0`)).toBe("proxy");
    expect(proxiesOf(stack).at(`${CONTAINER}.resources.limits.memory`)).toBe(
      mebibytes(PROXIES.memory.value),
    );
  });

  test("ask for tokens and decide by policies where the server is called without a gateway, and admit everybody then", async () => {
    const policies = ['permit(principal in THVGroup::"eng", action, resource);'];
    const oidc = {
      issuer: "https://login.example.com:8443",
      audience: "files",
      clientSecret: "secret-of-the-proxy",
    };
    const authz = { type: AuthorizationType.Cedar, policies };
    const incomingAuth = { type: IncomingAuthType.Oidc, oidc, authz };
    const open = await serverStack(PROXIED);
    const asking = await serverStack({ ...PROXIED, incomingAuth });
    const settings = validate(configurationOf(asking, "files-proxy"), [], "proxy");
    expect(settings).toMatchObject({
      oidc: { issuers: [{ clientSecretFile: "/etc/mcp-fleet/login/client-secret" }] },
      authorization: { policies },
    });
    const policyOf = (stack: RecordedStack) => stack.one("NetworkPolicy", "files-proxy");
    expect(policyOf(open).at("spec.ingress.0.from")).toHaveLength(1);
    expect(policyOf(asking).at("spec.ingress.0.from")).toBeUndefined();
    expect(JSON.stringify(policyOf(asking).at("spec.egress"))).toContain('"port":8443');
    const memory = (stack: RecordedStack) =>
      Number.parseInt(String(proxiesOf(stack).at(`${CONTAINER}.resources.limits.memory`)), 10);
    // Tokens and proofs of 16 MiB each, lists of 32 MiB, and 89 MiB for decisions, with the reserve of a quarter of all,
    // each rounded to whole MiB.
    const more = (32 + 32 + 89) / 0.75;
    expect(Math.abs(memory(asking) - memory(open) - more)).toBeLessThanOrEqual(1);
  });

  test("speak HTTP+SSE to a server that does, at /sse", async () => {
    const stack = await serverStack({ ...PROXIED, transport: "sse" });
    const { backends } = validate(configurationOf(stack, "files-proxy"), [], "proxy");
    expect(backends).toMatchObject([{ transport: "sse", address: { path: "/sse" } }]);
    // Gateways speak streamable HTTP to the proxies all the same.
    expect(stack.outputs.backend).toEqual({
      name: "files",
      stateful: true,
      url: "http://files-proxy.default.svc.cluster.local:4483/mcp",
    });
  });

  test("are none without a store: gateways find the pods themselves", async () => {
    const stack = await serverStack({
      image: "files:1",
      backendReplicas: 3,
      path: "/api",
      port: 90,
    });
    expect(stack.ofType("Deployment")).toEqual([]);
    expect(stack.ofType("Secret")).toEqual([]);
    expect(stack.outputs.url).toBe("http://files-server.default.svc.cluster.local:90/api");
    expect(stack.outputs.backend).toEqual({
      name: "files",
      srv: "_mcp._tcp.files-server.default.svc.cluster.local",
      maxPods: 1000,
      path: "/api",
    });
  });

  test("are one that keeps sessions in its memory where 1 is asked for without a store", async () => {
    const stack = await serverStack({ image: "files:1", replicas: 1 });
    expect(proxiesOf(stack).at("spec.replicas")).toBe(1);
    expect(proxiesOf(stack).at("spec.strategy")).toEqual({ type: "Recreate" });
  });

  test("are none with replicas: 0, store or not", async () => {
    expect((await serverStack({ ...PROXIED, replicas: 0 })).ofType("Deployment")).toEqual([]);
  });

  test("ask for their limit of open files under the name of their container", async () => {
    const stack = await serverStack({
      ...PROXIED,
      proxy: { nofile: { mode: NofileMode.NriAnnotation } },
    });
    const limit = PROXIES.requiredNofile.value;
    expect(proxiesOf(stack).map("spec.template.metadata.annotations")).toMatchObject({
      "ulimits.noderesource.dev/container.proxy": JSON.stringify([
        { type: "RLIMIT_NOFILE", soft: limit, hard: limit },
      ]),
    });
    expect(podsOf(stack).map("spec.template.metadata.annotations")).toEqual({});
  });

  test("run their own image, the server keeping its own", async () => {
    const stack = await serverStack({ ...PROXIED, proxy: { image: "proxy:7", spareReplicas: 2 } });
    expect(proxiesOf(stack).at(`${CONTAINER}.image`)).toBe("proxy:7");
    expect(proxiesOf(stack).at("spec.replicas")).toBe(3);
    expect(podsOf(stack).at(`${CONTAINER}.image`)).toBe("files:1");
  });
});

describe("a server that runs elsewhere", () => {
  const url = "https://mcp.example.com/mcp";

  test("has no pods, and its address is its own", async () => {
    const stack = await serverStack({ url });
    expect(stack.childrenOf("files")).toEqual([]);
    expect(stack.outputs).toMatchObject({ url, backend: { name: "files", url } });
  });

  test("may have proxies of ours before it", async () => {
    const stack = await serverStack({ url, sessionStorage: STORE });
    expect(stack.ofType("StatefulSet")).toEqual([]);
    expect(proxiesOf(stack).at("spec.replicas")).toBe(2);
    const { backends } = validate(configurationOf(stack, "files-proxy"), [], "proxy");
    expect(backends).toMatchObject([{ address: { kind: "url", url } }]);
    expect(stack.outputs.url).toBe("http://files-proxy.default.svc.cluster.local:4483/mcp");
  });
});

describe("who may reach the pods of a server", () => {
  const policyOf = (stack: RecordedStack) => stack.one("NetworkPolicy", "files-server");
  const ports = [{ port: 8080, protocol: "TCP" }];

  test("with proxies only they", async () => {
    const stack = await serverStack(PROXIED);
    expect(policyOf(stack).at("spec.ingress")).toEqual([
      {
        ports,
        from: [{ podSelector: { matchLabels: proxiesOf(stack).at("spec.selector.matchLabels") } }],
      },
    ]);
  });

  const callers = (namespaceSelector: object) => ({
    namespaceSelector,
    podSelector: {
      matchLabels: {
        "app.kubernetes.io/name": "mcp-fleet",
        "app.kubernetes.io/component": "gateway",
        "mcp-fleet.dev/calls-files": "true",
      },
    },
  });

  test("without proxies the gateways that call it, of any namespace or of those that are named", async () => {
    const any = await serverStack({ image: "files:1" });
    expect(policyOf(any).at("spec.ingress")).toEqual([{ ports, from: [callers({})] }]);
    const some = await serverStack({
      image: "files:1",
      networkPolicy: { clientNamespaces: { team: "eng" } },
    });
    expect(policyOf(some).at("spec.ingress")).toEqual([
      { ports, from: [callers({ matchLabels: { team: "eng" } })] },
    ]);
  });

  test("of its proxies, the gateways that call it and whom the user names, since proxies ask nobody for a token", async () => {
    const clients = [{ podLabels: { app: "agent" } }];
    const stack = await serverStack({ ...PROXIED, networkPolicy: { clients } });
    const named = { namespaceSelector: {}, podSelector: { matchLabels: { app: "agent" } } };
    const policy = stack.one("NetworkPolicy", "files-proxy");
    expect(policy.at("spec.ingress.0")).toEqual({
      ports: [{ port: 4483, protocol: "TCP" }],
      from: [callers({}), named],
    });
    expect(policyOf(stack).at("spec.ingress.0.from.1")).toEqual(named);
  });

  test("has the gateway's label, whatever the gateway is named", async () => {
    const stack = await RecordedStack.of(() => {
      const { backend } = new McpServer("files", { image: "files:1" });
      new VirtualMcpServer("eng", { sessions: 10, backends: [backend] });
    });
    const labels = stack.one("Deployment", "eng-gateway").map("spec.template.metadata.labels");
    const { matchLabels } = Object(policyOf(stack).at("spec.ingress.0.from.0.podSelector"));
    expect(labels).toMatchObject(matchLabels);
  });

  test("and its proxies reach it, DNS, each other and the store; it reaches all but metadata services", async () => {
    const stack = await serverStack(PROXIED);
    const pods = (workload: RecordedResource) => ({
      podSelector: { matchLabels: workload.at("spec.selector.matchLabels") },
    });
    const [dns, peers, own] = stack.one("NetworkPolicy", "files-proxy").list("spec.egress");
    expect(dns).toMatchObject({ ports: [{ port: 53 }, { port: 53 }] });
    expect(peers).toMatchObject({ ports: [{ port: 9090 }], to: [pods(proxiesOf(stack))] });
    expect(own).toEqual({ to: [pods(stack.one("StatefulSet", "files-server"))] });
    expect(policyOf(stack).list("spec.egress")).toEqual([
      dns,
      {
        to: [
          { namespaceSelector: {} },
          { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16", "100.100.100.200/32"] } },
          { ipBlock: { cidr: "::/0", except: ["fe80::/10", "fd00:ec2::254/128"] } },
        ],
      },
    ]);
    const egress = [{ cidr: "140.82.112.0/20", ports: [443] }];
    const narrow = await serverStack({ ...PROXIED, networkPolicy: { egress } });
    expect(policyOf(narrow).list("spec.egress")).toEqual([
      dns,
      {
        ports: [{ port: 443, protocol: "TCP" }],
        to: [{ ipBlock: { cidr: "140.82.112.0/20" } }],
      },
    ]);
  });

  test("anybody where policies are switched off", async () => {
    const stack = await serverStack({ ...PROXIED, networkPolicy: { enabled: false } });
    expect(stack.ofType("NetworkPolicy")).toEqual([]);
  });
});

describe("a server behind a gateway", () => {
  test("is given to it as one of its backends, its longest call of 10 min included", async () => {
    const stack = await RecordedStack.of(() => {
      const server = new McpServer("files", { ...PROXIED, callTimeoutMax: "10m" });
      new VirtualMcpServer("eng", {
        sessions: 1000,
        backends: [server.backend],
        sessionStorage: STORE,
      });
    });
    const { backends } = validate(configurationOf(stack, "eng-gateway"), [], "gateway");
    expect(backends).toMatchObject([
      {
        name: "files",
        stateful: true,
        address: { url: "http://files-proxy.default.svc.cluster.local:4483/mcp" },
      },
    ]);
    const gateway = stack.one("Deployment", "eng-gateway");
    expect(gateway.at(`${POD}.terminationGracePeriodSeconds`)).toBe(630);
  });

  test("says every figure, those of its proxies under a name of their own", async () => {
    const stack = await serverStack(PROXIED);
    expect(stack.outputs.capacity).toMatchObject({
      replicas: expect.stringMatching(/^3 pods = /),
      memory: expect.stringContaining(" = "),
      proxyReplicas: expect.stringMatching(/^2 pods = /),
      proxyRequiredNofile: expect.stringMatching(/^[\d,]+ descriptors = /),
    });
    expect(stack.said("info")).toEqual([
      expect.stringMatching(
        /^server files: 3 pods, 550 sessions and \S+Mi memory each, grace period 330 s$/,
      ),
      expect.stringMatching(/^proxies of files for 1,000 sessions: 2 pods, /),
    ]);
  });
});

describe("a transform", () => {
  test("has the last word on each child of the server, and on each of its proxies", async () => {
    const renamed =
      (name: string) =>
      <Args extends { metadata?: unknown }>(args: Args): Args => ({ ...args, metadata: { name } });
    const stack = await serverStack({
      ...PROXIED,
      transform: {
        statefulSet: renamed("a"),
        service: renamed("b"),
        disruptionBudget: renamed("c"),
        networkPolicy: renamed("d"),
        proxy: { deployment: renamed("e"), service: renamed("f") },
      },
    });
    const children = [
      ["StatefulSet", "files-server", "a"],
      ["Service", "files-server", "b"],
      ["PodDisruptionBudget", "files-server", "c"],
      ["NetworkPolicy", "files-server", "d"],
      ["Deployment", "files-proxy", "e"],
      ["Service", "files-proxy", "f"],
    ] as const;
    for (const [kind, child, name] of children) {
      expect([kind, stack.one(kind, child).at("metadata")]).toEqual([kind, { name }]);
    }
    expect(stack.one("PodDisruptionBudget", "files-proxy").at("metadata.name")).toBe("files-proxy");
  });
});

describe("the options of a server", () => {
  test("reach every child: protection, and the provider for Kubernetes", async () => {
    const stack = await RecordedStack.of(() => {
      const provider = new k8s.Provider("other", { kubeconfig: "{}" });
      new McpServer("files", PROXIED, { provider, protect: true });
    });
    const children = stack.childrenOf("files");
    expect(children.length).toBeGreaterThan(12);
    for (const { name, type, isProtected, provider } of children) {
      expect([name, isProtected]).toEqual([name, true]);
      expect([name, provider]).toEqual([
        name,
        type.startsWith("kubernetes:") ? expect.stringMatching(/::other::other-id$/) : "",
      ]);
    }
  });
});
