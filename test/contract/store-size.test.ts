import {
  CONSTANTS,
  type FleetInputs,
  plan,
  type ServerLoad,
  STORAGE_SESSIONS,
  storeSize,
} from "@mcp-fleet/contract/capacity";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planFaults } from "./plan-faults.ts";

const GIBIBYTE = 2 ** 30;

/** Three proxied servers, one of them with sessions of its own count. */
const PROXIED: readonly ServerLoad[] = [
  { name: "a", proxied: true },
  { name: "b", proxied: true, replicas: 3, memoryBytes: 2 ** 40 },
  { name: "c", proxied: true, sessions: 50 },
];

const fleets: fc.Arbitrary<FleetInputs> = fc.record({
  sessions: fc.integer({ min: 1, max: STORAGE_SESSIONS }),
  store: fc.constantFrom("redis" as const, "sentinel" as const, "cluster" as const),
  servers: fc.subarray([...PROXIED]),
  backends: fc.integer({ min: 3, max: 20 }),
  maxReplicas: fc.constantFrom(0, 100),
  // The store is at stake, not the pods.
  memoryBytes: fc.constant(2 ** 40),
});

describe("the connections of a store", () => {
  test("are 3 of each of 3 gateways and 3 proxies with Sentinel, 2 with a single Redis, those of a rollout and twice after a failover", () => {
    const fleet = { sessions: 2500, servers: [{ name: "a", proxied: true }] };
    const clients = (given: FleetInputs) => plan(given).store?.clients.value;
    // (3 + 3 + one more of each kind) × connections × 2 + 32
    expect(clients({ ...fleet, store: "sentinel" })).toBe(8 * 3 * 2 + 32);
    expect(clients({ ...fleet, store: "redis" })).toBe(8 * 2 * 2 + 32);
  });

  test("are those of the 8 gateways that an autoscaler may start, and of the 3 proxies that no autoscaler does", () => {
    const { store } = plan({
      sessions: 2500,
      maxReplicas: 8,
      servers: [{ name: "a", proxied: true }],
    });
    expect(store?.clients.value).toBe((8 + 3 + 2) * 3 * 2 + 32);
  });

  test("cover every pod of all kinds twice, and others", () => {
    fc.assert(
      fc.property(fleets, (given) => {
        const { gateways, servers, store } = plan(given);
        const perPod = given.store === "redis" ? 2 : 3;
        const most = gateways.autoscaling?.maxReplicas ?? gateways.replicas;
        const pods = servers.reduce(
          (sum, { proxies }) => sum + (proxies?.replicas.value ?? 0),
          most.value,
        );
        const least = pods * perPod * 2 + CONSTANTS.storeOwnConnections.value;
        expect(store?.clients.value).toBeGreaterThan(least);
      }),
    );
  });
});

test("a shard of a cluster is as large as a store behind Sentinel: all keys may be on it", () => {
  const fleet = { sessions: 2500, servers: [{ name: "a", proxied: true }] };
  const { store: shard } = plan({ ...fleet, store: "cluster" });
  expect(shard).toEqual(plan({ ...fleet, store: "sentinel" }).store);
  expect(plan({ ...fleet, store: "cluster", storeShards: 9 }).store).toEqual(shard);
});

test("each of a pod's 3 connections may be to each of 3 shards, or of 90", () => {
  const descriptors = (storeShards?: number) =>
    plan({
      sessions: 100,
      backends: 1,
      store: "cluster",
      ...(storeShards && { storeShards }),
    }).gateways.requiredNofile.terms.find(({ name }) => name === "store")?.value;
  expect([descriptors(), descriptors(90)]).toEqual([9, 270]);
});

describe("the volume of a store", () => {
  test.each([
    ["without proxies", undefined, 3],
    ["with 2 proxied servers for all sessions and 1 for 50", PROXIED, 8],
  ])("%s is the same for 1,000 and 10,000 sessions", (_, servers, gibibytes) => {
    const fleet = { backends: 3, memoryBytes: 2 ** 40, ...(servers && { servers }) };
    const volumes = [1000, 10_000, STORAGE_SESSIONS].map(
      (sessions) => plan({ ...fleet, sessions }).store?.volume.value,
    );
    expect(new Set(volumes)).toEqual(new Set([gibibytes * GIBIBYTE]));
  });

  test("does not change with sessions, as long as it has room for them", () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: STORAGE_SESSIONS }), (given, sessions) => {
        expect(plan({ ...given, sessions }).store?.volume).toEqual(plan(given).store?.volume);
      }),
    );
  });

  test("has room for 200,000 sessions where these are asked for, and for 1,000,000 where they may come", () => {
    const fleet = { backends: 3, memoryBytes: 2 ** 40 };
    const larger = plan({ ...fleet, sessions: 200_000 });
    expect(larger.inputs.storageSessions).toBe(200_000);
    const largest = plan({ ...fleet, sessions: 200_000, storageSessions: 1_000_000 });
    expect(largest.store?.volume.value).toBeGreaterThan(larger.store?.volume.value ?? Infinity);
    expect(largest.store?.memory).toEqual(larger.store?.memory);
  });

  test("for 5,000 sessions is none for 5,001, and the fault says which two numbers to change", () => {
    const given = { backends: 3, storageSessions: 5000 };
    expect(plan({ ...given, sessions: 5000 }).inputs.storageSessions).toBe(5000);
    expect(planFaults({ ...given, sessions: 5001 })).toEqual([
      {
        path: "sessions",
        value: "5001",
        rule: "must be at most storageSessions, which is 5000",
        fix: "lower it, or raise storageSessions",
      },
    ]);
  });

  test("is 3 times the memory of its sessions at least, in whole gibibytes", () => {
    fc.assert(
      fc.property(fleets, (given) => {
        const { store } = plan(given);
        const [memory] = store?.volume.terms ?? [];
        expect(store?.volume.value).toBeGreaterThanOrEqual(3 * (memory?.value ?? Infinity));
        expect((store?.volume.value ?? 1) % GIBIBYTE).toBe(0);
        expect(memory?.value).toBeGreaterThanOrEqual(store?.memory.value ?? Infinity);
      }),
    );
  });
});

test("a store for itself, of 1,000 sessions and 50 client pods, has 10 % more clients for 55", () => {
  const { inputs } = plan({ sessions: 1000, backends: 3 });
  const load = { ...inputs, proxySessions: 0, clientPods: 50, rollouts: 0 };
  expect(storeSize(load).clients.value).toBe(50 * 3 * 2 + 32);
  expect(storeSize({ ...load, clientPods: 55 }).clients.value).toBe(55 * 3 * 2 + 32);
});

test("each session that a proxy keeps costs the store its record, and its container half as much again", () => {
  const sizes = [{}, { proxied: true }].map((load) => {
    const { store } = plan({
      sessions: 100_000,
      memoryBytes: 2 ** 40,
      servers: [{ name: "a", ...load }],
    });
    return [store?.memory.value ?? 0, store?.container.value ?? 0];
  });
  const [[alone = 0, container = 0] = [], [both = 0, containers = 0] = []] = sizes;
  // Its own fields, 125 % of what its client says, a backend, a pod and two expiry sets, with a fifth of the whole free
  const record = 832 + 4096 * 1.25 + 208 + 448 + 320;
  expect((both - alone) / 100_000).toBeCloseTo(record / 0.8, -1);
  expect((containers - container) / (both - alone)).toBeCloseTo(1.5, 2);
});
