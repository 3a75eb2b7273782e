import {
  type PlanInputs,
  type StoreLoad,
  storeContainer,
  storeSize,
} from "@mcp-fleet/contract/capacity";
import { describe, expect, test } from "vitest";
import { edited, type FactValues, withFacts, without } from "../../policies/examples/edit.ts";
import { gatewayStack, proxyStack } from "../../policies/examples/gateway.ts";
import { manifest } from "../../policies/examples/manifest.ts";
import { redisStack } from "../../policies/examples/redis.ts";
import type { ResourceDescription } from "../../policies/index.ts";
import { redisCapacity } from "../../policies/redis/redis-capacity.ts";
import { judged, UNKNOWN } from "../../testkit/pulumi/judged-stack.ts";

const SERVERS = "StatefulSet sessions-redis";
const GATEWAY = "Deployment eng-gateway";

type Stack = readonly ResourceDescription[];

/** A gateway of 1,000 sessions and 3 pods. */
const gateways = (inputs: Partial<PlanInputs> = {}): Stack =>
  edited(gatewayStack({ sessions: 1000, ...inputs }), GATEWAY, { "spec.replicas": 3 });

/** The gateway, and a store for what a test says. */
const fleet = (load: Partial<StoreLoad> = {}): Stack => [...gateways(), ...redisStack(load)];

const saysOf = (stack: Stack): string[] => judged(redisCapacity, stack);

/** A store with an option in the place of a line of its redis.conf. */
const configured = (stack: Stack, name: string, value: number): Stack =>
  edited(stack, SERVERS, {
    "spec.template.spec.containers[0].args": [`--${name}`, `${value}`],
  });

const size = storeSize({
  sessions: 10_000,
  storageSessions: 100_000,
  clientPods: 50,
  openedBackends: 10,
  clientBytes: 4096,
  idleTtlSeconds: 1800,
  store: "sentinel",
  proxySessions: 0,
  rollouts: 0,
});

describe("what all together ask of a store", () => {
  test("holds at 1,000 sessions for 1,000, and fails at 999", () => {
    expect(saysOf(fleet({ sessions: 1000, storageSessions: 1000 }))).toEqual([]);
    const [message] = saysOf(fleet({ sessions: 999, storageSessions: 1000 }));
    expect(message).toContain("sized for 999 sessions, but its users have 1,000");
  });

  test("adds the sessions of gateways and proxies: 2,000 for both, and 1,999 are too few", () => {
    const both = (sessions: number) => [...fleet({ sessions }), ...proxyStack({ sessions: 1000 })];
    expect(saysOf(both(2000))).toEqual([]);
    expect(saysOf(both(1999))[0]).toContain("Deployment github-proxy 1,000); set sessions to 2000");
  });

  test("counts 3 pods and the one of a rollout: 4 client pods hold, 3 fail", () => {
    expect(saysOf(fleet({ clientPods: 4 }))).toEqual([]);
    expect(saysOf(fleet({ clientPods: 3 }))[0]).toContain("have up to 4");
  });

  test("counts the most pods of an autoscaler, and pods that a rollout of 25 % adds", () => {
    const stack = withFacts(fleet({ clientPods: 13 }), GATEWAY, { maxReplicas: 12 });
    expect(saysOf(stack)).toEqual([]);
    const quarter = edited(stack, GATEWAY, { "spec.strategy": undefined });
    expect(saysOf(quarter)[0]).toContain("have up to 15");
    const recreated = edited(stack, GATEWAY, { "spec.strategy": { type: "Recreate" } });
    expect(saysOf(withFacts(recreated, SERVERS, { clientPods: 12 }))).toEqual([]);
  });

  test("weighs the backends that sessions open: 1,000 with 30 each fit 3,000 with 10, not 2,999", () => {
    const stack = (sessions: number): Stack => [
      ...gateways({ backends: 30, openedBackends: 30 }),
      ...redisStack({ sessions, openedBackends: 10 }),
    ];
    expect(saysOf(stack(3000))).toEqual([]);
    expect(saysOf(stack(2999))[0]).toContain("set openedBackends to 11");
  });

  test("fails clients that may say 4,096 bytes at a store for 4,095, and volumes for fewer sessions", () => {
    expect(saysOf(fleet({ clientBytes: 4095 }))[0]).toContain("set clientBytes to 4096");
    const few = withFacts(fleet(), SERVERS, { storageSessions: 9999 });
    expect(saysOf(few)[0]).toContain("its volumes are sized for 9,999 sessions");
  });
});

describe("who uses a store", () => {
  const gateway = (facts: FactValues): Stack => withFacts(fleet({ sessions: 1 }), GATEWAY, facts);

  test("is who names it by its Service, short and long, or by a pod behind it", () => {
    for (const host of [
      "sessions-sentinel-0",
      "sessions-redis.mcp",
      "sessions-sentinel.mcp.svc.cluster.local",
      "sessions-sentinel-1.sessions-sentinel.mcp.svc",
    ]) {
      expect(saysOf(gateway({ storeAddresses: [`${host}:26379`] }))[0]).toContain(GATEWAY);
    }
  });

  test("is not who names another one, or keeps sessions in memory", () => {
    expect(saysOf(gateway({ storeAddresses: ["redis.example.com:6379"] }))).toEqual([]);
    expect(saysOf(gateway({ storeAddresses: ["sessions-redis.other.svc:6379"] }))).toEqual([]);
    expect(saysOf(gateway({ store: "memory", storeAddresses: undefined }))).toEqual([]);
  });

  test("is who does not say where, with one store; with 2 of them that fails", () => {
    const one = gateway({ storeAddresses: undefined });
    expect(saysOf(one)[0]).toContain(GATEWAY);
    const second = one.find(
      ({ name, type }) => name === "sessions-redis" && type.includes("Stateful"),
    );
    const other = structuredClone(second);
    if (other === undefined) throw new Error("there is no store");
    const both = [
      ...one,
      ...edited([{ ...other, name: "other-redis" }], "StatefulSet other-redis", {
        "metadata.name": "other-redis",
      }),
    ];
    expect(saysOf(both)).toContainEqual(
      expect.stringContaining(`store-addresses of ${GATEWAY} is missing`),
    );
  });

  test("is told apart by the Sentinels of 2 stores in one namespace", () => {
    const first = redisStack({ sessions: 1 });
    const second: Stack = JSON.parse(JSON.stringify(first).replaceAll("sessions-", "other-"));
    const messages = saysOf([...gateways(), ...first, ...second]);
    expect(messages.filter((message) => message.includes("sized for 1 session,"))).toEqual([
      expect.stringContaining(SERVERS),
    ]);
  });

  test("is ToolHive's server that names it, with 1,000 sessions a pod and a rollout of 25 %", () => {
    const vmcp = (replicas: number, address: string): ResourceDescription =>
      manifest("toolhive.stacklok.dev/v1beta1:VirtualMCPServer", "team", {
        spec: { replicas, sessionStorage: { provider: "redis", address } },
      });
    const stack = (replicas: number, address = "sessions-redis:6379"): Stack => [
      ...redisStack({ sessions: 5000, clientPods: 7 }),
      vmcp(replicas, address),
    ];
    expect(saysOf(stack(5))).toEqual([]);
    expect(saysOf(stack(6))[0]).toContain("VirtualMCPServer team 6,000");
    expect(saysOf(stack(6))[1]).toContain("have up to 8");
    expect(saysOf(stack(6, "elsewhere:6379"))).toEqual([]);
    expect(saysOf(stack(6, UNKNOWN))[0]).toContain("sessionStorage.address is not known");
  });
});

describe("how large a store is", () => {
  test("is judged by its redis.conf: the plan holds, a byte or a client less fails", () => {
    const memory = size.memory.value;
    const less = (fact: string, value: number) => withFacts(fleet(), SERVERS, { [fact]: value });
    const small = configured(fleet(), "maxmemory", memory - 1);
    expect(saysOf(small).join()).toMatch(/maxmemory is .* but its load needs .* set it to \d+/);
    const few = configured(fleet(), "maxclients", size.clients.value - 1);
    expect(saysOf(few)[0]).toContain(`maxclients is ${size.clients.value - 1}`);
    expect(saysOf(less("maxMemoryBytes", memory - 1))[0]).toMatch(/max-memory-bytes is .* needs/);
    const said = saysOf(less("maxClients", size.clients.value - 1));
    expect(said[0]).toMatch(/max-clients is .* needs/);
  });

  test.each(["maxMemoryBytes", "maxClients", "containerBytes", "volumeBytes"] as const)(
    "is what its annotations say: %s with 1 more fails",
    (fact) => {
      const real = {
        maxMemoryBytes: size.memory.value,
        maxClients: size.clients.value,
        containerBytes: size.container.value,
        volumeBytes: size.volume.value,
      }[fact];
      expect(saysOf(withFacts(fleet(), SERVERS, { [fact]: real }))).toEqual([]);
      const [message] = saysOf(withFacts(fleet(), SERVERS, { [fact]: real + 1 }));
      expect(message).toContain("use the same value");
      expect(saysOf(withFacts(fleet(), SERVERS, { [fact]: undefined }))).toEqual([]);
    },
  );

  test("has no maxmemory where nobody says one, and may be written as 1gb", () => {
    const silent = (text: string) =>
      withFacts(
        edited(fleet(), "ConfigMap sessions-redis", { "data[redis.conf]": text }),
        SERVERS,
        {
          maxMemoryBytes: undefined,
          maxClients: undefined,
          containerBytes: undefined,
        },
      );
    expect(saysOf(silent("maxclients 1000"))[0]).toContain("maxmemory has no limit");
    const large = silent("maxmemory 1gb");
    expect(saysOf(large)[0]).toContain("the memory limit of its container is");
    const container = storeContainer({ ...size.memory, value: 2 ** 30 }).value;
    const limit = "spec.template.spec.containers[0].resources.limits.memory";
    expect(saysOf(edited(large, SERVERS, { [limit]: `${container}` }))).toEqual([]);
    expect(saysOf(edited(large, SERVERS, { [limit]: `${container - 1}` }))).toHaveLength(1);
    expect(saysOf(edited(large, SERVERS, { [limit]: undefined }))[0]).toContain("has no limit");
    const kibibytes = Math.ceil(size.memory.value / 1024);
    expect(saysOf(silent(`maxmemory ${kibibytes}KB`))).toEqual([]);
    expect(saysOf(silent(`maxmemory ${kibibytes - 1}KB`))).toHaveLength(1);
    expect(saysOf(silent("maxmemory half"))[0]).toContain("such as 256mb");
  });

  test("has room for records of ended sessions, more of them where sessions end after 5 minutes", () => {
    const short = [...gateways({ idleTtlSeconds: 300 }), ...redisStack()];
    expect(saysOf(short)[0]).toContain("maxmemory is");
    const sized = [...gateways({ idleTtlSeconds: 300 }), ...redisStack({ idleTtlSeconds: 300 })];
    expect(saysOf(sized)).toEqual([]);
  });

  test("counts a volume of 1 byte less as too small", () => {
    const path = "spec.volumeClaimTemplates[0].spec.resources.requests.storage";
    const stack = edited(fleet(), SERVERS, { [path]: `${size.volume.value - 1}` });
    expect(saysOf(stack)[0]).toContain("its volume is");
  });

  test("may be less where somebody accepts the risk, but not for more sessions than it says", () => {
    const accepted = withFacts(fleet(), SERVERS, {
      maxClients: 1,
      acceptRisks: { belowPlan: "a trial" },
    });
    expect(saysOf(accepted)).toEqual([]);
    expect(saysOf(withFacts(accepted, SERVERS, { sessions: 999 }))).toHaveLength(1);
  });

  test("fails where it does not say what it is for, and where a gateway's plan cannot be read", () => {
    expect(saysOf(withFacts(fleet(), SERVERS, { sessions: undefined }))[0]).toContain(
      "sessions is missing",
    );
    const nameless = withFacts(fleet(), GATEWAY, { planInputs: undefined });
    expect(saysOf(nameless)[0]).toContain(`${GATEWAY}, which uses it: the annotation`);
    const impossible = withFacts(fleet(), SERVERS, { clientPods: "many" });
    expect(saysOf(impossible)[0]).toContain("set it to a number");
  });

  test("says nothing of a stack without a store", () => {
    expect(saysOf(without(gatewayStack(), "Service eng-gateway"))).toEqual([]);
  });
});
