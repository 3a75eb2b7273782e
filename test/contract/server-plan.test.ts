import {
  type FleetInputs,
  type Plan,
  type PlannedServer,
  plan,
  type ServerLoad,
} from "@mcp-fleet/contract/capacity";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planFaults } from "./plan-faults.ts";

/** The one server of a fleet. */
function planned(load: Partial<ServerLoad>, fleet: Partial<FleetInputs> = {}): PlannedServer {
  const { servers } = plan({ sessions: 2500, ...fleet, servers: [{ name: "a", ...load }] });
  const [server] = servers;
  if (server === undefined) throw new Error("the plan has lost its server");
  return server;
}

describe("the pods of a server", () => {
  test("3 of them hold 2,500 sessions on 2, 1,375 on the fuller one, in 629Mi if they have room for no more", () => {
    const { pods } = planned({ replicas: 3, podSessions: 1375 });
    expect([pods?.replicas.value, pods?.holding.value]).toEqual([3, 2]);
    expect(pods?.sessionsPerPod.value).toBe(1375);
    // (128Mi + 1,375 × 256Ki) ÷ 75 %
    expect(pods?.memory.value).toBe(629 * 2 ** 20);
    expect(pods?.disruption.value).toBe(1);
  });

  test("have room for all 2,500 sessions, however many they are: 1, 2, 3 and 8 pods of 1004Mi", () => {
    const sizes = [1, 2, 3, 8].map((replicas) => planned({ replicas }).pods?.memory.value);
    // (128Mi + 2,500 × 256Ki) ÷ 75 %, in whole mebibytes
    expect(new Set(sizes)).toEqual(new Set([Math.ceil((128 + 2500 / 4) / 0.75) * 2 ** 20]));
  });

  test("have room for as many as 4Gi holds where all do not fit: 3, 4 and 8 pods of one size, for 20 Mi a session", () => {
    const room = (replicas: number) =>
      planned({ replicas, sessions: 200, sessionBytes: 20 * 2 ** 20 }).pods?.podSessions.value;
    const [few, ...more] = [3, 4, 8].map(room);
    expect(few).toBeLessThan(200);
    expect(more).toEqual([few, few]);
  });

  test("with an autoscaler up to 9 are 3 that hold all sessions, and a rollout has time for 9", () => {
    const fixed = planned({ replicas: 3 }).pods;
    const scaled = planned({ replicas: 3, maxReplicas: 9 }).pods;
    expect([scaled?.replicas.value, scaled?.maxReplicas?.value]).toEqual([3, 9]);
    expect(scaled?.memory).toEqual(fixed?.memory);
    expect(scaled?.disruption).toEqual(fixed?.disruption);
    expect(scaled?.grace.rollout.value).toBe(3 * (fixed?.grace.rollout.value ?? 0));
    expect(fixed?.maxReplicas).toBeUndefined();
  });

  test("with an autoscaler are refused below the 3 that hold all sessions, and where they are stateful", () => {
    const faultsOf = (load: object) => {
      const servers = [{ name: "a", replicas: 3, ...load }];
      return planFaults({ sessions: 2500, servers }).map(({ path, rule }) => `${path} ${rule}`);
    };
    expect(faultsOf({ maxReplicas: 3 })).toEqual([]);
    expect(faultsOf({ maxReplicas: 2 })).toEqual([
      "servers.a.maxReplicas must be at least 3: the pods that hold every session",
    ]);
    expect(faultsOf({ maxReplicas: 9, stateful: true })).toEqual([
      "servers.a.maxReplicas must be absent for a stateful server, whose sessions end with their pod",
    ]);
  });

  test("with room for 1,374 are refused where the fullest of 3 has 1,375 while one is gone", () => {
    const servers = [{ name: "a", replicas: 3, podSessions: 1374 }];
    expect(planFaults({ sessions: 2500, servers })).toEqual([
      {
        path: "servers.a.podSessions",
        value: "1374",
        rule: "must be at least 1375: the fullest pod's sessions while one pod is gone",
        fix: "raise it to 1375, run more replicas, or lower sessions",
      },
    ]);
  });

  test.each([1, 2])(
    "%d of them hold all 2,500 sessions on 1, without any imbalance",
    (replicas) => {
      expect(planned({ replicas }).pods?.sessionsPerPod.value).toBe(2500);
    },
  );

  test("of 512Mi do not hold 1,375 sessions of 256Ki: 629Mi, more pods or smaller sessions do", () => {
    const load = { name: "a", replicas: 3, memoryBytes: 512 * 2 ** 20 };
    const given = { sessions: 2500, servers: [load] };
    expect(planFaults(given)).toEqual([
      {
        path: "servers.a.memoryBytes",
        value: "512Mi",
        rule: "must be at least 629Mi: what a pod's sessions need while one pod is gone",
        fix: "raise it to 629Mi, run more replicas, or lower sessions or sessionBytes",
      },
    ]);
    const ways = [{ memoryBytes: 629 * 2 ** 20 }, { replicas: 5 }, { sessionBytes: 2 ** 17 }];
    for (const way of ways)
      expect(planFaults({ ...given, servers: [{ ...load, ...way }] })).toEqual([]);
  });

  test("that would need more than 1Ti are not told to take more than 1Ti", () => {
    const [fault] = planFaults({
      sessions: 10_000,
      servers: [{ name: "a", replicas: 1, sessionBytes: 2 ** 30 }],
    });
    expect(fault?.fix).toBe("run more replicas, or lower sessions or sessionBytes");
  });

  test("with calls of at most 10 min have 630 s of grace, where gateways with 15 min have 930 s", () => {
    const servers = [
      { name: "slow", replicas: 1, proxied: true, callTimeoutMaxSeconds: 600 },
      { name: "slower", callTimeoutMaxSeconds: 900 },
    ];
    const {
      gateways,
      servers: [slow],
    } = plan({ sessions: 1, servers });
    const graces = [gateways, slow?.proxies, slow?.pods].map(
      (part) => part?.grace.terminationGrace.value,
    );
    expect(graces).toEqual([930, 630, 630]);
  });

  test("whose longest call is 10 s leave the gateways the 300 s of the configuration", () => {
    const { gateways, servers } = plan({
      sessions: 1,
      servers: [{ name: "a", replicas: 1, callTimeoutMaxSeconds: 10 }],
    });
    expect(gateways.grace.drain.value).toBe(300);
    expect(servers[0]?.pods?.grace.drain.value).toBe(10);
  });
});

describe("the proxies of a server", () => {
  test("for 2,500 sessions are 3, each with 1 backend, and for a server without proxies there are none", () => {
    const { proxies, pods } = planned({ proxied: true });
    expect(proxies?.replicas.value).toBe(3);
    const pools = proxies?.requiredNofile.terms.find(({ name }) => name === "backend pools");
    expect(pools?.value).toBe(256);
    expect(pods).toBeUndefined();
    expect(planned({ replicas: 1 }).proxies).toBeUndefined();
  });

  test("for 250 of 2,500 sessions have a tenth of the 1,000 calls in flight", () => {
    const { proxies } = planned({ proxied: true, sessions: 250 }, { concurrentCalls: 1000 });
    const calls = proxies?.requiredNofile.terms.find(({ name }) => name === "parallel calls");
    expect(calls?.value).toBe(100);
  });

  test("are as many as they are, where 8 gateways may be", () => {
    const { gateways, servers } = plan({
      sessions: 2500,
      maxReplicas: 8,
      servers: [{ name: "a", proxied: true }],
    });
    expect(gateways.autoscaling?.maxReplicas.value).toBe(8);
    expect(servers[0]?.proxies?.autoscaling).toBeUndefined();
  });
});

describe("what servers say of the gateways' load", () => {
  test.each([
    [{ notifications: "session" }, 1],
    [{ catalog: "perSession" }, 1],
    [{ transport: "sse" }, 1],
    [{ notifications: "calls", catalog: "shared", transport: "streamable-http" }, 0],
  ] as const)(
    "%j costs each listening session %d streams more, there and at the proxies",
    (load, streams) => {
      const fleet = plan({ sessions: 2500, servers: [{ name: "a", proxied: true, ...load }] });
      const toSession = (part: Plan["gateways"] | undefined) =>
        part?.requiredNofile.terms.find(({ name }) => name === "session streams at backends")
          ?.value;
      expect(fleet.inputs.sessionStreamBackends).toBe(streams);
      expect(toSession(fleet.gateways)).toBe(streams * 1375);
      expect(toSession(fleet.servers[0]?.proxies)).toBe(streams * 1375);
    },
  );

  test("2 servers are 2 backends, or 2 of the 5 that were counted, and never 2 of 1", () => {
    const servers = [{ name: "a" }, { name: "b" }];
    expect(plan({ sessions: 1, servers }).inputs.backends).toBe(2);
    expect(plan({ sessions: 1, backends: 5, servers }).inputs.backends).toBe(5);
    expect(planFaults({ sessions: 1, backends: 1, servers })).toEqual([
      {
        path: "backends",
        value: "1",
        rule: "must be at least 2: as many servers are given",
        fix: "remove it, or raise it",
      },
    ]);
  });

  test("3 servers of 2 names are 1 fault, since a name is how a server is found", () => {
    const servers = [{ name: "a" }, { name: "b" }, { name: "a" }];
    expect(planFaults({ sessions: 1, servers })).toMatchObject([
      { path: "servers.a", value: "2 servers", rule: "must be a unique name" },
    ]);
  });

  test("2 numbers of a server that are out of their range come at once", () => {
    const servers = [{ name: "a", replicas: -1, sessions: 0.5 }];
    expect(planFaults({ sessions: 1, servers }).map(({ path, fix }) => [path, fix])).toEqual([
      ["servers.a.replicas", "set it to 0 or more"],
      ["servers.a.sessions", "set it to a whole number"],
    ]);
  });
});

const loads: fc.Arbitrary<ServerLoad> = fc.record(
  {
    name: fc.constant("a"),
    replicas: fc.integer({ min: 1, max: 20 }),
    sessions: fc.integer({ min: 1, max: 100_000 }),
    callTimeoutMaxSeconds: fc.double({ min: 1, max: 3600, noNaN: true }),
    sessionBytes: fc.integer({ min: 0, max: 2 ** 20 }),
    processBytes: fc.integer({ min: 0, max: 2 ** 30 }),
    memoryBytes: fc.constant(2 ** 40),
    proxied: fc.constant(true),
    notifications: fc.constantFrom("session" as const, "calls" as const),
  },
  { requiredKeys: ["name", "replicas", "memoryBytes", "proxied"] },
);

const LOADED = ["sessions", "callTimeoutMaxSeconds", "sessionBytes", "processBytes"] as const;

describe("whatever the server", () => {
  test("its pods and proxies need no less of anything the more it has to bear", () => {
    const growing = fc.tuple(
      loads,
      fc.constantFrom(...LOADED),
      fc.double({ min: 1, max: 4, noNaN: true }),
    );
    fc.assert(
      fc.property(
        growing,
        fc.integer({ min: 1, max: 100_000 }),
        ([load, name, factor], sessions) => {
          const fleet = { sessions, callTimeoutMaxSeconds: 14_400, memoryBytes: 2 ** 40 };
          const before = planned({ ...load, [name]: load[name] ?? 1 }, fleet);
          const grown = Math.ceil((load[name] ?? 1) * factor);
          const after = planned({ ...load, [name]: grown }, fleet);
          for (const part of ["proxies", "pods"] as const) {
            const [less, more] = [before[part], after[part]];
            if (less === undefined || more === undefined) throw new Error(`no ${part}`);
            expect(more.replicas.value).toBeGreaterThanOrEqual(less.replicas.value);
            const { terminationGrace } = more.grace;
            expect(terminationGrace.value).toBeGreaterThanOrEqual(
              less.grace.terminationGrace.value,
            );
            // One proxy more leaves less to each of them.
            if (more.replicas.value > less.replicas.value) continue;
            expect(more.memory.value).toBeGreaterThanOrEqual(less.memory.value);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("with one pod gone the others have memory for every session, 10 % of imbalance included", () => {
    fc.assert(
      fc.property(loads, fc.integer({ min: 1, max: 100_000 }), (load, sessions) => {
        const { pods } = planned(load, { sessions, memoryBytes: 2 ** 40 });
        if (pods === undefined) throw new Error("no pods");
        const left = Math.max(1, pods.replicas.value - 1);
        const all = (load.sessions ?? sessions) * (left === 1 ? 1 : 1.1);
        expect(left * pods.sessionsPerPod.value + 1e-6).toBeGreaterThanOrEqual(all);
        const { sessionBytes = 2 ** 18, processBytes = 2 ** 27 } = load;
        const used = processBytes + pods.sessionsPerPod.value * sessionBytes;
        expect(pods.memory.value * 0.75).toBeGreaterThanOrEqual(used);
      }),
    );
  });
});
