import { describe, expect, test } from "vitest";
import {
  annotations,
  edited,
  type FactValues,
  withFacts,
  without,
} from "../../policies/examples/edit.ts";
import { manifest } from "../../policies/examples/manifest.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import type { ResourceDescription } from "../../policies/index.ts";
import { redisAuthentication } from "../../policies/redis/redis-authentication.ts";
import { redisDownAfter } from "../../policies/redis/redis-down-after.ts";
import { redisEncryption } from "../../policies/redis/redis-encryption.ts";
import { redisEviction } from "../../policies/redis/redis-eviction.ts";
import { redisFailover } from "../../policies/redis/redis-failover.ts";
import { redisMinReplicas } from "../../policies/redis/redis-min-replicas.ts";
import { redisPersistence } from "../../policies/redis/redis-persistence.ts";
import { redisQuorum } from "../../policies/redis/redis-quorum.ts";
import { redisStack as componentStack } from "../../testkit/pulumi/components.ts";
import { judged, UNKNOWN } from "../../testkit/pulumi/judged-stack.ts";
import type { RecordedResource } from "../../testkit/pulumi/recorded-resource.ts";

const SERVERS = "StatefulSet sessions-redis";
const SENTINELS = "StatefulSet sessions-sentinel";
const CONTAINER = "spec.template.spec.containers[0]";

/** The store with another redis.conf. */
const configured = (...lines: string[]) =>
  edited(redisStack(), "ConfigMap sessions-redis", { "data[redis.conf]": lines.join("\n") });

/** The store with another sentinel.conf. */
const watched = (...lines: string[]) =>
  edited(redisStack(), "ConfigMap sessions-sentinel", { "data[sentinel.conf]": lines.join("\n") });

/** The store with another script before its servers stop. */
const stopped = (...lines: string[]) =>
  edited(redisStack(), "ConfigMap sessions-scripts", { "data[pre-stop.sh]": lines.join("\n") });

/** The least that somebody writes: a StatefulSet with a command. */
const lonely = (command: string[], facts: FactValues = {}): ResourceDescription[] => [
  manifest("apps/v1:StatefulSet", "cache", {
    metadata: { annotations: annotations({ role: "redis", ...facts }) as Record<string, string> },
    spec: { template: { spec: { containers: [{ name: "redis", command }] } } },
  }),
];

describe("redis-eviction", () => {
  test("takes the last of 2 lines, and an option of the command after the file", () => {
    const twice = ["maxmemory-policy noeviction", "maxmemory-policy volatile-ttl"];
    expect(judged(redisEviction, configured(...twice))).toHaveLength(1);
    expect(judged(redisEviction, configured(...twice.toReversed()))).toEqual([]);
    const command = ["redis-server", "/redis.conf", "--maxmemory-policy", "allkeys-lru"];
    const stack = edited(redisStack(), SERVERS, { [`${CONTAINER}.command`]: command });
    expect(judged(redisEviction, stack)[0]).toContain("maxmemory-policy is allkeys-lru");
  });

  test("takes what a setting allows, and without a line Redis' own, which is noeviction", () => {
    const stack = configured('maxmemory-policy "volatile-ttl"');
    const settings = { allowed: ["noeviction", "volatile-ttl"] };
    expect(judged(redisEviction, stack, settings)).toEqual([]);
    expect(judged(redisEviction, configured("# maxmemory-policy allkeys-lru"))).toEqual([]);
  });

  test("judges the options of a shell's command where there is no file", () => {
    const shell = (policy: string) => [
      "sh",
      "-c",
      `exec redis-server --maxmemory-policy ${policy}`,
    ];
    expect(judged(redisEviction, lonely(shell("allkeys-lfu")))).toHaveLength(1);
    expect(judged(redisEviction, lonely(shell("noeviction")))).toEqual([]);
  });

  test("fails where the configuration is not in the stack, included from elsewhere, or unknown", () => {
    const [message] = judged(redisEviction, without(redisStack(), "ConfigMap sessions-redis"));
    expect(message).toContain("a redis.conf in a ConfigMap of the stack is missing");
    expect(judged(redisEviction, lonely(["redis-server"]))).toHaveLength(1);
    expect(judged(redisEviction, lonely(["redis-server", "/a.conf", "--port", "1"]))).toHaveLength(
      1,
    );
    expect(judged(redisEviction, configured("include /etc/other.conf"))).toHaveLength(1);
    expect(judged(redisEviction, configured(UNKNOWN))[0]).toContain("not known before the update");
  });

  test("reads a file that another one includes", () => {
    const stack = edited(configured("include /etc/redis/more.conf"), "ConfigMap sessions-redis", {
      "data[more.conf]": "maxmemory-policy allkeys-lru",
    });
    expect(judged(redisEviction, stack)[0]).toContain("maxmemory-policy is allkeys-lru");
  });
});

describe("redis-min-replicas", () => {
  const of = (...lines: string[]) => judged(redisMinReplicas, configured(...lines));

  test("passes with 1 replica and a lag of 10 s, and fails with 0, with 11 s, and with none said", () => {
    expect(of("min-replicas-to-write 1", "min-replicas-max-lag 10")).toEqual([]);
    expect(of("min-replicas-to-write 1")).toEqual([]);
    expect(of("min-replicas-to-write 1", "min-replicas-max-lag 11")[0]).toContain("is 11 s");
    expect(of("min-replicas-to-write 1", "min-replicas-max-lag 0")[0]).toContain("disables");
    expect(of("min-replicas-to-write 0")).toHaveLength(1);
    expect(of("port 6379")).toHaveLength(1);
  });

  test("reads the name of before Redis 5, and fails on what is no number", () => {
    expect(of("min-slaves-to-write 1")).toEqual([]);
    expect(of("min-replicas-to-write one")[0]).toContain("must be a whole number");
  });

  test("takes a lag of 5 s from the setting: 6 s fail", () => {
    const stack = configured("min-replicas-to-write 1", "min-replicas-max-lag 6");
    expect(judged(redisMinReplicas, stack, { maxLagSeconds: 6 })).toEqual([]);
    expect(judged(redisMinReplicas, stack, { maxLagSeconds: 5 })).toHaveLength(1);
  });
});

describe("redis-down-after", () => {
  const line = (milliseconds: number | string) =>
    watched(`sentinel down-after-milliseconds sessions ${milliseconds}`);

  test("passes with 2,000 ms, and with Redis' own 30,000; fails with 1,999 and with no number", () => {
    expect(judged(redisDownAfter, line(2000))).toEqual([]);
    expect(judged(redisDownAfter, watched("port 26379"))).toEqual([]);
    expect(judged(redisDownAfter, line(1999))).toHaveLength(1);
    expect(judged(redisDownAfter, line("soon"))).toHaveLength(1);
  });

  test("takes the least from the setting, and judges each of 2 masters", () => {
    expect(judged(redisDownAfter, line(4999), { minMilliseconds: 5000 })).toHaveLength(1);
    const lines = ["a", "b"].map((name) => `sentinel down-after-milliseconds ${name} 1000`);
    expect(judged(redisDownAfter, watched(...lines))).toHaveLength(2);
  });
});

describe("redis-quorum", () => {
  const sentinels = (replicas: number, quorum: number) =>
    judged(
      redisQuorum,
      withFacts(
        edited(watched(`sentinel monitor sessions sessions-redis-0 6379 ${quorum}`), SENTINELS, {
          "spec.replicas": replicas,
        }),
        SENTINELS,
        { sentinels: replicas },
      ),
    );

  test.each([
    [3, 2],
    [5, 3],
    [5, 4],
  ])("passes %d Sentinels with a quorum of %d", (replicas, quorum) => {
    expect(sentinels(replicas, quorum)).toEqual([]);
  });

  test.each([
    [1, 1],
    [2, 2],
    [3, 1],
    [3, 3],
    [4, 3],
    [5, 2],
    [5, 5],
  ])("fails %d Sentinels with a quorum of %d", (replicas, quorum) => {
    expect(sentinels(replicas, quorum)).toHaveLength(1);
  });

  test("fails 2 servers, a StatefulSet that does not say how many, and one without Sentinels", () => {
    const servers = (replicas: number | undefined) =>
      judged(
        redisQuorum,
        withFacts(edited(redisStack(), SERVERS, { "spec.replicas": replicas }), SERVERS, {
          servers: undefined,
        }),
      );
    expect(servers(3)).toEqual([]);
    expect(servers(2)[0]).toContain("it has 2 servers; run at least 3");
    expect(servers(undefined)[0]).toContain("1 servers");
    const alone = judged(redisQuorum, without(redisStack(), SENTINELS));
    expect(alone).toEqual([expect.stringContaining("no Sentinels watch it")]);
  });

  test("fails where the manifest and its annotation differ by 1, and where replicas are unknown", () => {
    const said = withFacts(redisStack(), SERVERS, { servers: 4 });
    expect(judged(redisQuorum, said)[0]).toContain("servers is 4");
    const unknown = edited(redisStack(), SENTINELS, { "spec.replicas": UNKNOWN });
    expect(judged(redisQuorum, unknown)[0]).toContain("not known before the update");
  });

  test("takes the quorum that a start script is told, and fails where nobody says it", () => {
    const told3 = edited(watched("port 26379"), SENTINELS, {
      [`${CONTAINER}.env`]: [{ name: "QUORUM", value: "3" }],
    });
    expect(judged(redisQuorum, told3)[0]).toContain("its quorum is 3 of 3");
    expect(judged(redisQuorum, watched("port 26379"))[0]).toContain("sentinel monitor");
  });
});

describe("redis-authentication", () => {
  const PASSWORD = "correct-horse-battery";
  const users = (text: string) =>
    edited(redisStack(), "Secret sessions-redis", { "stringData[users.acl]": text });

  test.each([
    ["user default on nopass ~* +@all", 1],
    ["user gateway on #ab +@all", 1],
    ["user default on nopass >x ~* +@all", 0],
    ["user default on >x ~* +@all", 0],
    ["user default off nopass", 0],
  ])("judges a Secret with %s: %d faults", (text, faults) => {
    expect(judged(redisAuthentication, users(text))).toHaveLength(faults);
  });

  test("reads a Secret in base64", () => {
    const encoded = Buffer.from("user default on nopass +@all").toString("base64");
    const stack = edited(redisStack(), "Secret sessions-redis", {
      stringData: undefined,
      "data[users.acl]": encoded,
    });
    expect(judged(redisAuthentication, stack)[0]).toContain("lets everyone in");
  });

  test("takes the annotation's word for a Secret that is made by the update, or of another stack", () => {
    const unknown = edited(redisStack(), "Secret sessions-redis", { stringData: UNKNOWN });
    const elsewhere = without(redisStack(), "Secret sessions-redis");
    for (const stack of [unknown, elsewhere]) {
      expect(judged(redisAuthentication, stack)).toEqual([]);
      expect(judged(redisAuthentication, withFacts(stack, SERVERS, { acl: false }))).toHaveLength(
        1,
      );
      expect(
        judged(redisAuthentication, withFacts(stack, SERVERS, { acl: undefined })),
      ).toHaveLength(1);
    }
  });

  test("takes the annotation's word for an aclfile of the start script, with a Secret mounted alone", () => {
    const silent = configured("port 6379");
    expect(judged(redisAuthentication, silent)).toEqual([]);
    const bare = edited(silent, SERVERS, { "spec.template.spec.volumes[1]": { name: "secrets" } });
    expect(judged(redisAuthentication, bare)[0]).toContain("requires no password");
  });

  test("takes requirepass from a variable, and fails a Sentinel without any", () => {
    const options = ["redis-server", "--requirepass", "$(REDIS_PASSWORD)"];
    expect(judged(redisAuthentication, lonely(options))).toEqual([]);
    const open = withFacts(watched("port 26379"), SENTINELS, { acl: false });
    expect(judged(redisAuthentication, open)).toHaveLength(1);
  });

  test.each([
    ["requirepass", configured(`requirepass ${PASSWORD}`)],
    ["masterauth", configured("aclfile /users.acl", `masterauth "${PASSWORD}"`)],
    ["user gateway", configured("aclfile /users.acl", `user gateway on >${PASSWORD} +@all`)],
    ["sentinel auth-pass", watched("aclfile /a.acl", `sentinel auth-pass sessions ${PASSWORD}`)],
    ["-a", stopped(`valkey-cli -p 6379 -a ${PASSWORD} shutdown`)],
    ["requirepass", lonely(["redis-server", "--requirepass", PASSWORD])],
    ["requirepass", lonely(["sh", "-c", `redis-server --requirepass ${PASSWORD}`])],
    ["VALKEYCLI_AUTH", stopped(`VALKEYCLI_AUTH=${PASSWORD} valkey-cli shutdown`)],
  ])("says where a password stands in plain, after %s, and not what it is", (what, stack) => {
    const messages = judged(redisAuthentication, stack).filter((one) => one.includes("in plain"));
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.join()).toContain(what);
    expect(messages.join()).not.toContain(PASSWORD);
  });

  test.each([
    'requirepass ""',
    "# requirepass something",
    "masterauth $PASSWORD",
    'masterauth "$(cat /secrets/password)"',
    "user gateway on #0123456789 +@all",
  ])("takes %s for no password in plain", (line) => {
    expect(
      judged(redisAuthentication, configured("aclfile /users.acl", line)).join(),
    ).not.toContain("in plain");
  });
});

describe("redis-encryption", () => {
  const POLICY = "NetworkPolicy sessions-redis";

  test("passes plain connections behind a NetworkPolicy, unless TLS is required", () => {
    expect(judged(redisEncryption, redisStack(), { requireTls: true })).toHaveLength(2);
  });

  test("takes port 0 and a tls-port for TLS, and TLS of the start script", () => {
    const bare = without(configured("port 0", "tls-port 6379"), POLICY);
    expect(judged(redisEncryption, bare)).toEqual([]);
    const both = without(configured("tls-port 6380"), POLICY);
    expect(judged(redisEncryption, both)).toHaveLength(1);
    const env = (value: string) =>
      edited(without(redisStack(), POLICY), SERVERS, {
        [`${CONTAINER}.env`]: [{ name: "TLS", value }],
      });
    expect(judged(redisEncryption, env("/tls"))).toEqual([]);
    expect(judged(redisEncryption, env(""))).toHaveLength(1);
  });

  test("fails an annotation that says TLS where there is none", () => {
    expect(judged(redisEncryption, withFacts(redisStack(), SERVERS, { tls: true }))).toHaveLength(
      1,
    );
  });

  test.each([
    [{ "spec.podSelector.matchLabels": { app: "other" } }],
    [{ "spec.policyTypes": ["Egress"] }],
    [{ "spec.ingress": [{}] }],
    [{ "spec.ingress": [{ ports: [{ port: "redis" }] }] }],
    [{ "spec.ingress": [{ ports: [{ port: 6000, endPort: 7000 }] }] }],
    [{ "spec.ingress": [{ from: [{ namespaceSelector: {} }] }] }],
    [{ "spec.ingress": [{ from: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] }],
  ])("fails a NetworkPolicy with %j", (change) => {
    const stack = edited(redisStack(), POLICY, change);
    expect(judged(redisEncryption, stack)).toHaveLength(1);
  });

  test.each([
    [{ "spec.podSelector": {} }],
    [{ "spec.policyTypes": undefined }],
    [{ "spec.ingress": undefined }],
    [{ "spec.ingress": [{ ports: [{ port: 9121 }], from: [{ namespaceSelector: {} }] }] }],
    [{ "spec.ingress": [{ from: [{ podSelector: {} }] }] }],
    [
      {
        "spec.ingress": [
          { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { a: "b" } } }] },
        ],
      },
    ],
  ])("passes a NetworkPolicy with %j", (change) => {
    expect(judged(redisEncryption, edited(redisStack(), POLICY, change))).toEqual([]);
  });
});

describe("redis-persistence", () => {
  const START = "#!/bin/sh\nvalkey-cli -h $peer dbsize\nvalkey-cli sentinel failover sessions\n";

  const started = (...lines: string[]) => {
    const stack = edited(configured(...lines), "ConfigMap sessions-scripts", {
      "data[start.sh]": START,
    });
    return edited(stack, SERVERS, { [`${CONTAINER}.command`]: ["sh", "/scripts/start.sh"] });
  };

  test("fails save alone, unless snapshots are enough", () => {
    const stack = configured("save 60 1");
    expect(judged(redisPersistence, stack)[0]).toContain("appendonly is no");
    expect(judged(redisPersistence, stack, { snapshots: true })).toEqual([]);
    const none = configured("save 60 1", 'save ""');
    expect(judged(redisPersistence, none, { snapshots: true })).toHaveLength(1);
  });

  test("fails files that are not on a persistent volume", () => {
    const emptied = edited(redisStack(), SERVERS, { "spec.volumeClaimTemplates": undefined });
    expect(judged(redisPersistence, emptied)[0]).toContain("not on a persistent volume");
    const claimed = edited(emptied, SERVERS, {
      "spec.template.spec.volumes[3]": {
        name: "data",
        persistentVolumeClaim: { claimName: "data" },
      },
    });
    expect(judged(redisPersistence, claimed)).toEqual([]);
  });

  test("passes a store without files whose start script gives way, with rdb-del-sync-files alone", () => {
    const none = ["appendonly no", 'save ""'];
    expect(judged(redisPersistence, started(...none, "rdb-del-sync-files yes"))).toEqual([]);
    expect(judged(redisPersistence, started(...none))[0]).toContain("rdb-del-sync-files yes");
    expect(judged(redisPersistence, configured(...none, "rdb-del-sync-files yes"))).toHaveLength(1);
  });
});

describe("redis-failover", () => {
  const PLAIN = "redis-cli -p 26379 SENTINEL FAILOVER mymaster";
  const PAUSE = "redis-cli CLIENT PAUSE 15000 WRITE";

  test("passes a pause before, COORDINATED, and a comment; fails a pause after, and none", () => {
    expect(judged(redisFailover, stopped(PAUSE, PLAIN))).toEqual([]);
    expect(judged(redisFailover, stopped(`${PLAIN} COORDINATED`))).toEqual([]);
    expect(judged(redisFailover, stopped(`# ${PLAIN}`, "redis-cli ping"))).toEqual([]);
    expect(judged(redisFailover, stopped(PLAIN, PAUSE))).toHaveLength(1);
    expect(judged(redisFailover, stopped(PLAIN))).toHaveLength(1);
    expect(judged(redisFailover, stopped(`${PLAIN} coordinated`, PLAIN))).toHaveLength(1);
  });

  test("judges workloads that say nothing of themselves, as charts write them", () => {
    const chart = (script: string, command: string[]): ResourceDescription[] => [
      manifest("core/v1:ConfigMap", "chart-scripts", { data: { "prestop.sh": script } }),
      manifest("apps/v1:StatefulSet", "chart", {
        spec: {
          template: {
            spec: {
              containers: [{ name: "redis", lifecycle: { preStop: { exec: { command } } } }],
              volumes: [
                { name: "s", projected: { sources: [{ configMap: { name: "chart-scripts" } }] } },
              ],
            },
          },
        },
      }),
    ];
    const file = ["/bin/sh", "/scripts/prestop.sh"];
    expect(judged(redisFailover, chart('run_sentinel_command failover "$SET"', file))).toHaveLength(
      1,
    );
    expect(judged(redisFailover, chart(`${PAUSE}\nrun_sentinel_command failover x`, file))).toEqual(
      [],
    );
    expect(judged(redisFailover, chart("", ["sh", "-c", PLAIN]))).toHaveLength(1);
    expect(judged(redisFailover, chart("", PLAIN.split(" ")))).toHaveLength(1);
    expect(judged(redisFailover, chart("", ["/opt/drain.sh"]))).toEqual([]);
  });

  test("fails a store whose script is not in the stack, or not known", () => {
    const gone = without(redisStack(), "ConfigMap sessions-scripts");
    expect(judged(redisFailover, gone)[0]).toContain("pre-stop.sh in a ConfigMap of the stack");
    expect(judged(redisFailover, stopped(UNKNOWN))[0]).toContain("not known before the update");
  });
});

/** As the provider completes it: what has no name gets one. */
function named(resource: RecordedResource): ResourceDescription[] {
  const { type, name, kind, inputs } = resource;
  const full = resource.at("metadata.name") ?? `${name}-0f1e2d3c`;
  const described = { type, name, urn: resource.urn, props: inputs };
  return edited([described], `${kind} ${name}`, { "metadata.name": String(full) });
}

describe("the component's store", () => {
  const POLICIES = [
    redisAuthentication,
    redisDownAfter,
    redisEncryption,
    redisEviction,
    redisFailover,
    redisMinReplicas,
    redisPersistence,
    redisQuorum,
  ];

  test.each([
    ["as it is", {}],
    ["without files", { persistence: "None" }],
    ["of Redis, encrypted", { engine: "Redis", tls: { secretName: "tls" } }],
  ] as const)("passes all policies of a store %s", async (_, args) => {
    const { resources } = await componentStack(args);
    const stack = resources.filter(({ isCustom }) => isCustom).flatMap(named);
    expect(POLICIES.flatMap((policy) => judged(policy, stack))).toEqual([]);
  });
});
