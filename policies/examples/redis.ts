import { INPUTS, type StoreLoad, storeSize } from "@mcp-fleet/contract/capacity";
import type { ResourceDescription } from "../stack/resource.ts";
import { annotations, type FactValues, type Json } from "./edit.ts";
import {
  budget,
  image,
  labelsOf,
  manifest,
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
  service,
  spreadOf,
} from "./manifest.ts";

type Part = "redis" | "sentinel";

const PORTS = { redis: 6379, sentinel: 26379 } as const;
const REPLICAS = 3;
const MASTER = "sessions";
const MEBIBYTE = 2 ** 20;

const START_SECONDS = 300;
const GRACE_SECONDS = { redis: 60, sentinel: 10 } as const;
const MIN_READY_SECONDS = 15;
const IMAGE_PULL_SECONDS = 120;

/** The load that the example store is sized for. */
const LOAD: StoreLoad = {
  sessions: 10_000,
  storageSessions: 100_000,
  clientPods: 50,
  openedBackends: 10,
  clientBytes: INPUTS.clientBytes.default,
  idleTtlSeconds: INPUTS.idleTtlSeconds.default,
  store: "sentinel",
  proxySessions: 0,
  rollouts: 0,
};

/** Before a master stops, another one takes over, and waits for all confirmed writes. */
const PRE_STOP = `#!/bin/sh
valkey-cli role | grep -q master || exit 0
valkey-cli -h sessions-sentinel-0 -p 26379 sentinel failover ${MASTER} coordinated
`;

/**
 * The store of examples, `sessions-redis` and `sessions-sentinel`, written by hand: three servers and three
 * Sentinels, each pod with a Service before it, for 10,000 sessions and 50 client pods.
 */
export function redisStack(load: Partial<StoreLoad> = {}): ResourceDescription[] {
  const given = { ...LOAD, ...load };
  const { memory, container, clients, volume } = storeSize(given);
  const facts: FactValues = {
    sessions: given.sessions,
    storageSessions: given.storageSessions,
    clientPods: given.clientPods,
    openedBackends: given.openedBackends,
    clientBytes: given.clientBytes,
    servers: REPLICAS,
    sentinels: REPLICAS,
    maxMemoryBytes: memory.value,
    maxClients: clients.value,
    containerBytes: container.value,
    volumeBytes: volume.value,
    tls: false,
    acl: true,
    keyPrefix: "mcp-fleet:",
  };
  const redisConf = [
    "port 6379",
    "aclfile /etc/redis/secrets/users.acl",
    `maxclients ${clients.value}`,
    `maxmemory ${memory.value}`,
    "maxmemory-policy noeviction",
    "appendonly yes",
    "min-replicas-to-write 1",
    "min-replicas-max-lag 5",
  ];
  const sentinelConf = [
    "port 26379",
    "aclfile /etc/redis/secrets/users.acl",
    `sentinel monitor ${MASTER} sessions-redis-0 6379 2`,
    `sentinel down-after-milliseconds ${MASTER} 5000`,
    `sentinel failover-timeout ${MASTER} 15000`,
  ];
  const memoryBytes = { redis: container.value, sentinel: 128 * MEBIBYTE };
  const volumeBytes = { redis: volume.value, sentinel: 2 ** 30 };
  const parts = (["redis", "sentinel"] as const).flatMap((part) => [
    statefulSet(part, { facts, memory: memoryBytes[part], volume: volumeBytes[part] }),
    headless(part),
    ...podServices(part),
    budget(nameOf(part)),
    networkPolicy(part),
    secret(part),
  ]);
  return [
    ...parts,
    configMap("sessions-redis", { "redis.conf": textOf(redisConf) }),
    configMap("sessions-sentinel", { "sentinel.conf": textOf(sentinelConf) }),
    configMap("sessions-scripts", { "pre-stop.sh": PRE_STOP }),
  ];
}

const nameOf = (part: Part): string => `sessions-${part}`;

const textOf = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

interface Pods {
  readonly facts: FactValues;
  readonly memory: number;
  readonly volume: number;
}

function statefulSet(part: Part, { facts, memory, volume }: Pods): ResourceDescription {
  const name = nameOf(part);
  const graceSeconds = GRACE_SECONDS[part];
  const described = annotations({ ...facts, role: part, graceSeconds }) as Readonly<
    Record<string, string>
  >;
  const spread = spreadOf(name, "DoNotSchedule");
  const rollout = graceSeconds + START_SECONDS + MIN_READY_SECONDS;
  return manifest(
    "apps/v1:StatefulSet",
    name,
    {
      metadata: { annotations: described },
      spec: {
        replicas: REPLICAS,
        serviceName: name,
        podManagementPolicy: "Parallel",
        minReadySeconds: MIN_READY_SECONDS,
        selector: { matchLabels: labelsOf(name) },
        template: {
          metadata: { labels: labelsOf(name) },
          spec: {
            ...RESTRICTED_POD,
            terminationGracePeriodSeconds: graceSeconds,
            topologySpreadConstraints: spread,
            containers: [container(part, memory)],
            volumes: [
              { name: "configuration", configMap: { name } },
              { name: "secrets", secret: { secretName: name } },
              { name: "scripts", configMap: { name: "sessions-scripts" } },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: {
              accessModes: ["ReadWriteOnce"],
              resources: { requests: { storage: String(volume) } },
            },
          },
        ],
      },
    },
    {
      createSeconds: START_SECONDS + MIN_READY_SECONDS + IMAGE_PULL_SECONDS,
      updateSeconds: REPLICAS * rollout + IMAGE_PULL_SECONDS,
      deleteSeconds: graceSeconds + IMAGE_PULL_SECONDS,
    },
  );
}

function container(part: Part, memoryBytes: number): Json {
  const probe = (periodSeconds: number, failureThreshold: number): Json => ({
    exec: { command: ["valkey-cli", "-p", String(PORTS[part]), "ping"] },
    periodSeconds,
    timeoutSeconds: 5,
    failureThreshold,
  });
  const memory = String(memoryBytes);
  const options = part === "sentinel" ? ["--sentinel"] : [];
  return {
    name: part,
    image: image("valkey"),
    command: ["valkey-server", `/etc/redis/configuration/${part}.conf`, ...options],
    ports: [{ name: part, containerPort: PORTS[part] }],
    resources: { requests: { cpu: "250m", memory }, limits: { memory } },
    ...(part === "redis" && {
      lifecycle: { preStop: { exec: { command: ["sh", "/etc/redis/scripts/pre-stop.sh"] } } },
    }),
    startupProbe: probe(5, START_SECONDS / 5),
    livenessProbe: probe(10, 6),
    readinessProbe: probe(5, 3),
    securityContext: RESTRICTED_CONTAINER,
    volumeMounts: [
      { name: "data", mountPath: "/data" },
      { name: "configuration", mountPath: "/etc/redis/configuration", readOnly: true },
      { name: "secrets", mountPath: "/etc/redis/secrets", readOnly: true },
      { name: "scripts", mountPath: "/etc/redis/scripts", readOnly: true },
    ],
  };
}

function headless(part: Part): ResourceDescription {
  return service(nameOf(part), PORTS[part], {
    clusterIP: "None",
    publishNotReadyAddresses: true,
    ports: [{ name: part, port: PORTS[part] }],
  });
}

function podServices(part: Part): ResourceDescription[] {
  return Array.from({ length: REPLICAS }, (_, ordinal) => {
    const name = `${nameOf(part)}-${ordinal}`;
    return service(name, PORTS[part], {
      publishNotReadyAddresses: true,
      selector: { ...labelsOf(nameOf(part)), "statefulset.kubernetes.io/pod-name": name },
      ports: [{ name: part, port: PORTS[part] }],
    });
  });
}

/** Admits gateways, proxies, servers and Sentinels. */
function networkPolicy(part: Part): ResourceDescription {
  const clients = ["eng-gateway", "github-proxy", nameOf("redis"), nameOf("sentinel")];
  return manifest("networking.k8s.io/v1:NetworkPolicy", nameOf(part), {
    spec: {
      podSelector: { matchLabels: labelsOf(nameOf(part)) },
      policyTypes: ["Ingress"],
      ingress: [
        {
          ports: [{ port: PORTS[part], protocol: "TCP" }],
          from: clients.map((client) => ({ podSelector: { matchLabels: labelsOf(client) } })),
        },
      ],
    },
  });
}

/** The ACL file, with digests of passwords. */
function secret(part: Part): ResourceDescription {
  const digest = `#${"0".repeat(64)}`;
  const users = [
    "user default off resetpass ~* &* +@all",
    `user gateway on ${digest} resetkeys resetchannels ~mcp-fleet:* -@all +@read +@write +@scripting`,
  ];
  return manifest("core/v1:Secret", nameOf(part), { stringData: { "users.acl": textOf(users) } });
}

const configMap = (name: string, data: Readonly<Record<string, string>>): ResourceDescription =>
  manifest("core/v1:ConfigMap", name, { data });
