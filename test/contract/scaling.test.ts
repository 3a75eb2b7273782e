import { type FleetInputs, type Plan, plan } from "@mcp-fleet/contract/capacity";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planFaults } from "./plan-faults.ts";

const fleets: fc.Arbitrary<FleetInputs> = fc.record({
  sessions: fc.integer({ min: 1, max: 100_000 }),
  backends: fc.integer({ min: 2, max: 20 }),
  servers: fc.constant([{ name: "a", proxied: true, replicas: 3, memoryBytes: 2 ** 40 }]),
  callTimeoutMaxSeconds: fc.double({ min: 10, max: 86_400, noNaN: true }),
  spareReplicas: fc.integer({ min: 0, max: 5 }),
  minReplicas: fc.integer({ min: 1, max: 10 }),
  maxReplicas: fc.constantFrom(0, 1000),
  eventLoopPercent: fc.integer({ min: 20, max: 100 }),
  memoryBytes: fc.constant(2 ** 40),
});

/** Gateways, proxies and pods of servers. */
function tiersOf({ gateways, servers }: Plan) {
  return [gateways, ...servers.flatMap(({ proxies, pods }) => [proxies ?? [], pods ?? []].flat())];
}

describe("an autoscaler", () => {
  test("goes from 3 to 8 gateways and adds one above 400 millicores, where 500 may be taken", () => {
    const { gateways } = plan({ sessions: 2500, backends: 10, maxReplicas: 8 });
    expect(gateways.replicas.value).toBe(3);
    expect(gateways.autoscaling?.maxReplicas.value).toBe(8);
    expect(gateways.autoscaling?.targetCpu.value).toBe(400);
  });

  test("is absent where maxReplicas is 0", () => {
    expect(plan({ sessions: 2500, backends: 10 }).gateways.autoscaling).toBeUndefined();
  });

  test("cannot end at 2 gateways where 3 are needed, nor begin above where it ends", () => {
    const fleet = { sessions: 2500, backends: 10 };
    expect(planFaults({ ...fleet, maxReplicas: 2 })).toEqual([
      {
        path: "maxReplicas",
        value: "2",
        rule: "must be at least 3: the pods that the declared sessions need",
        fix: "raise it to 3, or lower sessions",
      },
    ]);
    expect(planFaults({ ...fleet, minReplicas: 5, maxReplicas: 4 })).toMatchObject([
      { path: "minReplicas", rule: "must be at most maxReplicas, which is 4" },
    ]);
  });

  test("has the replicas within its range and acts below the ceiling, whatever the load", () => {
    fc.assert(
      fc.property(fleets, (given) => {
        const { gateways, inputs } = plan(given);
        const { autoscaling, replicas } = gateways;
        if (autoscaling === undefined) return inputs.maxReplicas === 0;
        const { maxReplicas, targetCpu } = autoscaling;
        expect(maxReplicas.value).toBeGreaterThanOrEqual(replicas.value);
        expect(replicas.value).toBeGreaterThanOrEqual(inputs.minReplicas);
        expect(targetCpu.value).toBeLessThan(inputs.eventLoopPercent * 10);
        return targetCpu.value > 0;
      }),
    );
  });
});

describe("one pod with the sessions in its memory", () => {
  const fleet = { sessions: 100, backends: 3, store: "memory" } as const;

  test.each(["minReplicas", "maxReplicas"] as const)(
    "is never 2 of them by %s: the fault says what to change",
    (name) => {
      expect(planFaults({ ...fleet, [name]: 2 })).toEqual([
        {
          path: name,
          value: "2",
          rule: "must be at most 1: with store memory, pods do not share sessions",
          fix: "remove it, or use redis, sentinel or cluster",
        },
      ]);
      expect(planFaults({ ...fleet, [name]: 2, store: "redis" })).toEqual([]);
      expect(planFaults({ ...fleet, [name]: 1 })).toEqual([]);
    },
  );
});

describe("evictions", () => {
  test.each([
    [0, 1],
    [1, 1],
    [3, 3],
  ])("with %d spare gateways may take %d at a time", (spareReplicas, evicted) => {
    const { disruption } = plan({ sessions: 2500, backends: 10, spareReplicas }).gateways;
    expect(disruption.value).toBe(evicted);
  });

  test("may take at least 1 pod of gateways, proxies and servers, so that a node can be drained", () => {
    fc.assert(
      fc.property(fleets, (given) => {
        for (const { disruption } of tiersOf(plan(given))) {
          expect(disruption.value).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });
});

test("deadlines outlast what they wait for, for gateways, proxies and servers alike", () => {
  fc.assert(
    fc.property(fleets, (given) => {
      for (const { grace } of tiersOf(plan(given))) {
        const { progressDeadline, startup, terminationGrace, rollout } = grace;
        const replaced = startup.value + terminationGrace.value;
        expect(progressDeadline.value).toBeGreaterThan(replaced);
        expect(grace.createTimeout.value).toBeGreaterThan(progressDeadline.value);
        expect(grace.updateTimeout.value).toBeGreaterThan(rollout.value + progressDeadline.value);
        expect(grace.deleteTimeout.value).toBeGreaterThan(terminationGrace.value);
      }
    }),
  );
});

test("the rollout of 3 gateways that may be 8 is that of 8", () => {
  const fleet = { sessions: 2500, backends: 10 };
  const rollouts = [0, 8].map(
    (maxReplicas) => plan({ ...fleet, maxReplicas }).gateways.grace.rollout.value,
  );
  expect(rollouts).toEqual([3 * 360, 8 * 360]);
});
