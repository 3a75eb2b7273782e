import { createHash } from "node:crypto";
import { seconds } from "@mcp-fleet/contract";
import { validate } from "@mcp-fleet/contract/settings";
import * as k8s from "@pulumi/kubernetes";
import { describe, expect, test } from "vitest";
import {
  ClaimRetention,
  Engine,
  Eviction,
  Persistence,
  RedisSentinel,
  Spread,
  VirtualMcpServer,
} from "../../infra/index.ts";
import {
  CONTAINER,
  configurationOf,
  GITHUB,
  POD,
  redisStack,
  variablesOf,
} from "../../testkit/pulumi/components.ts";
import { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

const PARTS = ["redis", "sentinel"] as const;
const workloadOf = (stack: RecordedStack, part: string) =>
  stack.one("StatefulSet", `sessions-${part}`);

/** A line of redis.conf. */
function setting(stack: RecordedStack, name: string): string | undefined {
  const conf = String(
    stack.one("ConfigMap", "sessions-redis-configuration").map("data")["redis.conf"],
  );
  const limits = String(stack.one("ConfigMap", "sessions-redis-limits").map("data").limits);
  const line = `${conf}\n${limits}`.split("\n").find((text) => text.startsWith(`${name} `));
  return line?.slice(name.length + 1);
}

describe("a store for 10,000 sessions", () => {
  test("is 3 servers and 3 Sentinels that start at once and roll out one by one", async () => {
    const stack = await redisStack();
    for (const part of PARTS) {
      const workload = workloadOf(stack, part);
      expect(workload.at("spec.replicas")).toBe(3);
      expect(workload.at("spec.podManagementPolicy")).toBe("Parallel");
      expect(workload.number("spec.minReadySeconds")).toBeGreaterThan(0);
      expect(workload.at("spec.serviceName")).toBe(`sessions-${part}`);
    }
  });

  test("has the maxmemory and maxclients of its facts in redis.conf, and more memory than that in its container", async () => {
    const stack = await redisStack();
    const facts = stack.one("RedisSentinel", "sessions");
    const maxMemory = facts.number("maxMemoryBytes");
    expect(setting(stack, "maxmemory")).toBe(String(maxMemory));
    expect(setting(stack, "maxclients")).toBe(String(facts.number("maxClients")));
    const container = facts.number("containerBytes");
    expect(container).toBeGreaterThan(maxMemory);
    expect(workloadOf(stack, "redis").at(`${CONTAINER}.resources`)).toEqual({
      requests: { cpu: "250m", memory: `${container / 2 ** 20}Mi`, "ephemeral-storage": "64Mi" },
      limits: { memory: `${container / 2 ** 20}Mi`, "ephemeral-storage": "1024Mi" },
    });
  });

  test("has volumes for 100,000, so that more sessions change none: with 90,000 they are the same", async () => {
    const claim = "spec.volumeClaimTemplates.0";
    const stack = await redisStack();
    expect(workloadOf(stack, "redis").at(claim)).toEqual({
      metadata: { name: "data" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: {
          requests: {
            storage: `${stack.one("RedisSentinel", "sessions").number("volumeBytes") / 2 ** 20}Mi`,
          },
        },
      },
    });
    const grown = await redisStack({ sessions: 90_000 });
    expect(workloadOf(grown, "redis").at(claim)).toEqual(workloadOf(stack, "redis").at(claim));
    expect(setting(grown, "maxmemory")).not.toBe(setting(stack, "maxmemory"));
  });

  test("keeps its volumes when it is deleted, unless they should go with it", async () => {
    const retention = "spec.persistentVolumeClaimRetentionPolicy";
    const kept = workloadOf(await redisStack(), "redis");
    expect(kept.at(retention)).toEqual({ whenDeleted: "Retain", whenScaled: "Retain" });
    const whenDeleted = ClaimRetention.Delete;
    const gone = await redisStack({ persistentVolumeClaimRetentionPolicy: { whenDeleted } });
    expect(workloadOf(gone, "redis").at(retention)).toEqual({
      whenDeleted: "Delete",
      whenScaled: "Retain",
    });
  });

  test("without volumes has room on the nodes for what its volumes would hold, and 1 GiB", async () => {
    const stack = await redisStack({ persistence: Persistence.None });
    const volume = stack.one("RedisSentinel", "sessions").number("volumeBytes") / 2 ** 20;
    expect(workloadOf(stack, "redis").at(`${CONTAINER}.resources`)).toMatchObject({
      requests: { "ephemeral-storage": `${64 + volume}Mi` },
      limits: { "ephemeral-storage": `${1024 + volume}Mi` },
    });
    expect(workloadOf(stack, "redis").at("spec.persistentVolumeClaimRetentionPolicy")).toBe(
      undefined,
    );
  });

  test("refuses new sessions when it is full, and demands one replica that confirms", async () => {
    const stack = await redisStack();
    expect(setting(stack, "maxmemory-policy")).toBe("noeviction");
    expect(setting(stack, "min-replicas-to-write")).toBe("1");
    expect(setting(stack, "appendonly")).toBe("yes");
  });

  test("may drop what expires next, and keep nothing on disk: then there are no volumes", async () => {
    const stack = await redisStack({
      eviction: Eviction.VolatileTtl,
      persistence: Persistence.None,
    });
    expect(setting(stack, "maxmemory-policy")).toBe("volatile-ttl");
    expect(setting(stack, "appendonly")).toBe("no");
    for (const part of PARTS) {
      expect(workloadOf(stack, part).map("spec")).not.toHaveProperty("volumeClaimTemplates");
      expect(workloadOf(stack, part).at(`${POD}.volumes`)).toContainEqual({
        name: "data",
        emptyDir: {},
      });
    }
  });

  test("runs Valkey 9.1.2, or Redis 7.2.11, whose user for Sentinels may not do what only Valkey knows", async () => {
    const valkey = await redisStack();
    const redis = await redisStack({ engine: Engine.Redis });
    const imageOf = (stack: RecordedStack) => workloadOf(stack, "redis").at(`${CONTAINER}.image`);
    expect(imageOf(valkey)).toBe("docker.io/valkey/valkey:9.1.2");
    expect(imageOf(redis)).toBe("docker.io/library/redis:7.2.11");
    expect(imageOf(await redisStack({ image: "own:1" }))).toBe("own:1");
    expect(aclOf(valkey, "sentinel")).toContain("+failover");
    expect(aclOf(redis, "sentinel")).not.toContain("+failover");
    expect(variablesOf(workloadOf(redis, "redis")).ENGINE).toBe("Redis");
  });

  test("gives servers 60 s to hand over before they end, and Sentinels 10 s", async () => {
    const stack = await redisStack();
    const [servers, sentinels] = PARTS.map((part) => workloadOf(stack, part));
    expect(servers?.at(`${POD}.terminationGracePeriodSeconds`)).toBe(60);
    expect(sentinels?.at(`${POD}.terminationGracePeriodSeconds`)).toBe(10);
    expect(servers?.at(`${CONTAINER}.lifecycle.preStop.exec.command`)).toEqual([
      "sh",
      "/mcp-fleet/scripts/pre-stop.sh",
    ]);
    // Three pods, one after the other, each with its start, its minReadySeconds and its end.
    expect(seconds(servers?.timeouts.update ?? "0s")).toBeGreaterThanOrEqual(3 * (60 + 300 + 15));
    expect(seconds(sentinels?.timeouts.update ?? "0s")).toBeGreaterThanOrEqual(3 * (10 + 300 + 10));
  });

  test("says what it was planned to be", async () => {
    const stack = await redisStack();
    expect(stack.said("info")).toEqual([
      expect.stringMatching(
        /^store sessions for 10,000 sessions and 50 client pods: maxmemory \d+Mi, maxclients \d+, volumes of \d+Gi; /,
      ),
    ]);
    expect(stack.outputs.capacity).toMatchObject({
      memory: expect.stringContaining(" = "),
      clients: expect.stringContaining(" = "),
      volume: expect.stringContaining(" = "),
    });
  });
});

describe("the addresses of a store", () => {
  test("are a Service before each pod, there before the pod and whether it is ready or not", async () => {
    const stack = await redisStack();
    for (const part of PARTS) {
      for (const ordinal of [0, 1, 2]) {
        const name = `sessions-${part}-${ordinal}`;
        const service = stack.one("Service", name);
        expect(service.at("metadata.annotations")).toEqual({ "pulumi.com/skipAwait": "true" });
        expect(service.map("spec")).toMatchObject({
          publishNotReadyAddresses: true,
          selector: { "statefulset.kubernetes.io/pod-name": name },
        });
        expect(service.map("spec")).not.toHaveProperty("clusterIP");
      }
      expect(stack.one("Service", `sessions-${part}`).at("spec.clusterIP")).toBe("None");
    }
    const { NODES, SENTINELS, QUORUM } = variablesOf(workloadOf(stack, "redis"));
    const addresses = (part: string) =>
      [0, 1, 2].map((pod) => `sessions-${part}-${pod}.$(POD_NAMESPACE).svc`).join(" ");
    expect(NODES).toBe(addresses("redis"));
    expect(SENTINELS).toBe(addresses("sentinel"));
    expect(QUORUM).toBe("2");
  });

  test("reach a gateway through connection, which its configuration accepts", async () => {
    const stack = await RecordedStack.of(() => {
      const store = new RedisSentinel("sessions", { sessions: 10_000, namespace: "data" });
      const { connection: sessionStorage } = store;
      new VirtualMcpServer("eng", { sessions: 5000, backends: [GITHUB], sessionStorage });
    });
    const { sessionStorage } = validate(configurationOf(stack, "eng-gateway"), [], "gateway");
    expect(sessionStorage).toMatchObject({
      keyPrefix: "mcp-fleet:eng:",
      username: "gateway",
      sentinel: {
        masterName: "mcp-fleet",
        addresses: [0, 1, 2].map((ordinal) => ({
          host: `sessions-sentinel-${ordinal}.data.svc`,
          port: 26_379,
        })),
        username: "gateway",
      },
    });
    const secret = stack.one("Secret", "eng-gateway-storage");
    expect(secret.at("stringData")).toEqual({ password: "password-of-sessions-password-gateway" });
    expect(stack.one("VirtualMcpServer", "eng").inputs).toMatchObject({
      store: "sentinel",
      storeSessions: 10_000,
      storeClientPods: 50,
    });
  });
});

describe("the users of a store", () => {
  test("are 5 with passwords of 40 letters and digits that the stack keeps as secrets", async () => {
    const stack = await redisStack();
    const passwords = stack.ofType("RandomPassword");
    expect(passwords).toHaveLength(5);
    for (const { inputs, secretOutputs } of passwords) {
      expect(inputs).toEqual({ length: 40, special: false });
      expect(secretOutputs).toContain("result");
    }
  });

  test("know their passwords from Secrets alone, which hold those of clients as digests", async () => {
    const stack = await redisStack();
    const secrets = stack.ofType("Secret");
    expect(secrets.map(({ name }) => name).sort()).toEqual([
      "sessions-redis-secrets",
      "sessions-sentinel-secrets",
    ]);
    for (const secret of secrets) expect(secret.secrets).toEqual(["stringData"]);
    const others = stack.resources.filter((resource) => !secrets.includes(resource));
    expect(JSON.stringify(others)).not.toContain("password-of-");
    const gateway = "password-of-sessions-password-gateway";
    expect(JSON.stringify(secrets)).not.toContain(gateway);
    expect(aclOf(stack, "gateway")).toContain(
      `#${createHash("sha256").update(gateway).digest("hex")}`,
    );
  });

  test("of gateways reach the keys of the fleet and no others", async () => {
    const acl = aclOf(await redisStack(), "gateway");
    expect(acl).toContain(" resetkeys resetchannels ~mcp-fleet:* -@all ");
  });
});

describe("the users of 2 clients", () => {
  const USERS = [{ name: "eng" }, { name: "files", keyPrefix: "mcp-fleet:old:" }];

  test("have a password and keys each, and are in Secrets whose names never change", async () => {
    const stack = await redisStack({ users: USERS });
    expect(aclOf(stack, "eng")).toContain(" resetkeys resetchannels ~mcp-fleet:eng:* -@all ");
    expect(aclOf(stack, "files")).toContain(" ~mcp-fleet:old:* ");
    for (const part of PARTS) {
      const { "users.acl": users } = stack
        .one("Secret", `sessions-${part}-secrets`)
        .map("stringData");
      expect(users).toContain("user eng on #");
      expect(stack.one("Secret", `sessions-${part}-secrets`).at("metadata.name")).toBe(
        `sessions-${part}-secrets`,
      );
    }
  });

  test("are connected with by name, and with nobody else's", async () => {
    const stack = await RecordedStack.of(() => {
      const store = new RedisSentinel("sessions", { sessions: 100, users: USERS });
      const { files, nobody } = {
        files: store.connectionOf("files"),
        nobody: () => store.connectionOf("nobody"),
      };
      expect(nobody).toThrow("nobody is not in users of the store, which has eng, files");
      return { files };
    });
    expect(stack.outputs.files).toMatchObject({
      username: "files",
      password: "password-of-sessions-password-user-files",
      keyPrefix: "mcp-fleet:old:",
      sentinel: { username: "files" },
    });
  });
});

describe("an exporter", () => {
  test("is a second container with a user of its own, which Prometheus may reach, or who is named", async () => {
    const stack = await redisStack({ exporter: {} });
    const exporter = workloadOf(stack, "redis").map(`${POD}.containers.1`);
    expect(exporter).toMatchObject({
      name: "exporter",
      image: "docker.io/oliver006/redis_exporter:v1.90.0",
      ports: [{ name: "metrics", containerPort: 9121 }],
    });
    expect(workloadOf(stack, "sentinel").list(`${POD}.containers`)).toHaveLength(1);
    const secret = stack.one("Secret", "sessions-redis-secrets").map("stringData");
    expect(secret["exporter-password"]).toBe("password-of-sessions-password-exporter");
    expect(aclOf(stack, "exporter")).toContain("-@all");
    expect(stack.one("NetworkPolicy", "sessions-redis").list("spec.ingress")).toContainEqual({
      ports: [{ port: 9121, protocol: "TCP" }],
      from: [
        {
          namespaceSelector: {},
          podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
        },
      ],
    });
    const named = await redisStack({ exporter: { from: [{ cidr: "10.0.0.0/8" }] } });
    expect(named.one("NetworkPolicy", "sessions-redis").list("spec.ingress")).toContainEqual({
      ports: [{ port: 9121, protocol: "TCP" }],
      from: [{ ipBlock: { cidr: "10.0.0.0/8" } }],
    });
  });

  test("is not there unless it is asked for, nor are its user, its password and its hole in the policy", async () => {
    const stack = await redisStack();
    expect(workloadOf(stack, "redis").list(`${POD}.containers`)).toHaveLength(1);
    expect(aclOf(stack, "exporter")).toBe("");
    expect(stack.one("NetworkPolicy", "sessions-redis").list("spec.ingress")).toHaveLength(1);
  });
});

describe("TLS", () => {
  test("with a Secret of the user's mounts it in all pods, and clients trust its authorities", async () => {
    const stack = await redisStack({ tls: { secretName: "own", servername: "redis.example.com" } });
    expect(stack.ofType("Certificate")).toEqual([]);
    for (const part of PARTS) {
      const workload = workloadOf(stack, part);
      expect(workload.at(`${POD}.volumes`)).toContainEqual({
        name: "tls",
        secret: { secretName: "own", defaultMode: 0o440 },
      });
      expect(variablesOf(workload).TLS).toBe("/mcp-fleet/tls");
    }
    expect(stack.outputs.connection).toMatchObject({
      tls: { caRef: { name: "own", key: "ca.crt" }, servername: "redis.example.com" },
    });
  });

  test("with an issuer asks cert-manager for a certificate of the name that clients ask for", async () => {
    const stack = await redisStack({
      namespace: "data",
      tls: { issuer: { name: "ca", kind: "ClusterIssuer" } },
    });
    const certificate = stack.one("Certificate", "sessions-redis-tls");
    expect(certificate.at("apiVersion")).toBe("cert-manager.io/v1");
    expect(certificate.at("spec")).toEqual({
      secretName: "sessions-redis-tls",
      dnsNames: ["sessions-redis.data.svc", "localhost"],
      usages: ["server auth", "client auth"],
      issuerRef: { name: "ca", kind: "ClusterIssuer" },
    });
    expect(workloadOf(stack, "sentinel").at(`${POD}.volumes`)).toContainEqual({
      name: "tls",
      secret: { secretName: "sessions-redis-tls", defaultMode: 0o440 },
    });
    expect(stack.outputs.connection).toMatchObject({
      tls: {
        caRef: { name: "sessions-redis-tls", key: "ca.crt" },
        servername: "sessions-redis.data.svc",
      },
    });
  });

  test.each([
    [{ caCertificate: "PEM" }, { ca: "PEM" }],
    [
      { caConfigMapRef: { name: "fleet-ca", key: "ca.crt" } },
      { caConfigMapRef: { name: "fleet-ca", key: "ca.crt" } },
    ],
  ])("with %j is trusted by clients of any namespace", async (given, trusted) => {
    const stack = await redisStack({ tls: { secretName: "own", ...given } });
    expect(stack.outputs.connection).toMatchObject({ tls: trusted });
    expect(stack.outputs.connection).not.toHaveProperty("tls.caRef");
  });

  test("is not there unless it is asked for", async () => {
    const stack = await redisStack();
    expect(variablesOf(workloadOf(stack, "redis")).TLS).toBe("");
    expect(stack.outputs.connection).not.toHaveProperty("tls");
  });
});

describe("the loss of a node", () => {
  test("takes one server and one Sentinel at most, where nothing else is said", async () => {
    const stack = await redisStack();
    for (const part of PARTS) {
      const workload = workloadOf(stack, part);
      expect(workload.at(`${POD}.affinity`)).toEqual({
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: "kubernetes.io/hostname", labelSelector: workload.at("spec.selector") },
          ],
        },
      });
      expect(stack.one("PodDisruptionBudget", `sessions-${part}`).at("spec")).toEqual({
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: "AlwaysAllow",
        selector: workload.at("spec.selector"),
      });
    }
  });

  test("may take more where pods only should be spread: on a cluster of one node", async () => {
    const stack = await redisStack({ spread: Spread.Preferred });
    for (const part of PARTS) {
      expect(workloadOf(stack, part).map(POD)).not.toHaveProperty("affinity");
      expect(
        workloadOf(stack, part).at(`${POD}.topologySpreadConstraints.0.whenUnsatisfiable`),
      ).toBe("ScheduleAnyway");
    }
  });
});

describe("who may reach a store", () => {
  const member = (component: string) => ({
    matchLabels: {
      "app.kubernetes.io/name": "mcp-fleet",
      "app.kubernetes.io/component": component,
    },
  });

  test("gateways and proxies of any namespace, servers and Sentinels; they reach each other and DNS", async () => {
    const stack = await redisStack();
    const [servers, sentinels] = PARTS.map((part) => ({
      podSelector: workloadOf(stack, part).at("spec.selector"),
    }));
    const clients = ["gateway", "proxy"].map((role) => ({
      namespaceSelector: {},
      podSelector: member(role),
    }));
    for (const [part, port] of [
      ["redis", 6379],
      ["sentinel", 26_379],
    ] as const) {
      expect(stack.one("NetworkPolicy", `sessions-${part}`).at("spec")).toEqual({
        podSelector: workloadOf(stack, part).at("spec.selector"),
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ ports: [{ port, protocol: "TCP" }], from: [...clients, servers, sentinels] }],
        egress: [
          { ports: [{ port: 6379, protocol: "TCP" }], to: [servers] },
          { ports: [{ port: 26_379, protocol: "TCP" }], to: [sentinels] },
          {
            ports: [
              { port: 53, protocol: "UDP" },
              { port: 53, protocol: "TCP" },
            ],
          },
        ],
      });
    }
  });

  test("clients of the named namespaces only, or everybody without policies", async () => {
    const some = await redisStack({ networkPolicy: { clientNamespaces: { team: "eng" } } });
    expect(some.one("NetworkPolicy", "sessions-redis").at("spec.ingress.0.from.0")).toEqual({
      namespaceSelector: { matchLabels: { team: "eng" } },
      podSelector: member("gateway"),
    });
    const off = await redisStack({ networkPolicy: { enabled: false } });
    expect(off.ofType("NetworkPolicy")).toEqual([]);
    expect(off.one("RedisSentinel", "sessions").at("networkPolicy")).toBe(false);
  });
});

describe("more than the plan", () => {
  test("of memory gives the container more, too: 512Mi of maxmemory do not end in a container for 100Mi", async () => {
    const stack = await redisStack({ maxMemory: "512Mi" });
    const facts = stack.one("RedisSentinel", "sessions");
    expect(facts.at("maxMemoryBytes")).toBe(2 ** 29);
    const planned = (await redisStack()).one("RedisSentinel", "sessions");
    // What the plan leaves beside maxmemory for copies and buffers is left beside more of it, too.
    const spare = planned.number("containerBytes") - planned.number("maxMemoryBytes");
    expect(facts.number("containerBytes") - 2 ** 29).toBeGreaterThanOrEqual(spare);
  });

  test("of clients stands in redis.conf, of CPU and memory in the container", async () => {
    const stack = await redisStack({
      maxClients: 5000,
      resources: { memory: "4Gi", cpu: "2" },
      storageClassName: "fast",
    });
    expect(setting(stack, "maxclients")).toBe("5000");
    expect(workloadOf(stack, "redis").at(`${CONTAINER}.resources`)).toEqual({
      requests: { cpu: "2", memory: "4096Mi", "ephemeral-storage": "64Mi" },
      limits: { memory: "4096Mi", "ephemeral-storage": "1024Mi" },
    });
    expect(workloadOf(stack, "redis").at("spec.volumeClaimTemplates.0.spec.storageClassName")).toBe(
      "fast",
    );
  });
});

describe("a transform and options", () => {
  test("have the last word on the servers and on the Sentinels", async () => {
    const stack = await redisStack({
      transform: {
        servers: (args) => ({ ...args, metadata: { name: "a" } }),
        sentinels: (args) => ({ ...args, metadata: { name: "b" } }),
      },
    });
    expect(PARTS.map((part) => workloadOf(stack, part).at("metadata"))).toEqual([
      { name: "a" },
      { name: "b" },
    ]);
  });

  test("reach every child: protection, and the provider for Kubernetes", async () => {
    const stack = await RecordedStack.of(() => {
      const provider = new k8s.Provider("other", { kubeconfig: "{}" });
      const tls = { issuer: { name: "ca" } };
      new RedisSentinel("sessions", { sessions: 10, tls }, { provider, protect: true });
    });
    const children = stack.childrenOf("sessions");
    expect(children.length).toBeGreaterThan(25);
    for (const { name, type, isProtected, provider } of children) {
      expect([name, isProtected]).toEqual([name, true]);
      expect([name, provider]).toEqual([
        name,
        type.startsWith("kubernetes:") ? expect.stringMatching(/::other::other-id$/) : "",
      ]);
    }
  });
});

/** The line of a user in the list of those whom the servers know. */
function aclOf(stack: RecordedStack, user: string): string {
  const acl = String(stack.one("Secret", "sessions-redis-secrets").map("stringData")["users.acl"]);
  return acl.split("\n").find((line) => line.startsWith(`user ${user} `)) ?? "";
}
