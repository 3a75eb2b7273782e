import {
  CapacityError,
  CONSTANTS,
  type Figure,
  type FleetInputs,
  INPUT_NAMES,
  INPUTS,
  type InputName,
  type Plan,
  type PlanInputs,
  plan,
  STORES,
} from "@mcp-fleet/contract/capacity";
import { validate } from "@mcp-fleet/contract/settings";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planFaults } from "./plan-faults.ts";

const CEILINGS: readonly InputName[] = [
  "sessionsPerReplica",
  "nofile",
  "memoryBytes",
  "eventLoopPercent",
];

/** A longer idle time makes less new sessions; calls follow from those of a session; the rest is asked for elsewhere. */
const NO_LOADS: readonly InputName[] = [
  "idleTtlSeconds",
  "callsPerSecond",
  "concurrentCalls",
  "storageSessions",
  "maxReplicas",
];

/** What makes a fleet work harder the more there is of it. */
const LOADS: readonly InputName[] = INPUT_NAMES.filter(
  (name) => !CEILINGS.includes(name) && !NO_LOADS.includes(name),
);

/** Loads and ceilings from a laptop's to a large fleet's; some of them impossible. */
const inputs: fc.Arbitrary<PlanInputs> = fc
  .record({
    sessions: fc.integer({ min: 1, max: 200_000 }),
    backends: fc.integer({ min: 1, max: 60 }),
    openedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    streamingShare: fc.double({ min: 0, max: 1, noNaN: true }),
    streamsPerSession: fc.double({ min: 0, max: 3, noNaN: true }),
    callsPerSessionSecond: fc.double({ min: 0, max: 20, noNaN: true }),
    callTimeSeconds: fc.double({ min: 0, max: 10, noNaN: true }),
    idleTtlSeconds: fc.double({ min: 60, max: 86_400, noNaN: true }),
    cacheEntries: fc.integer({ min: 1, max: 200_000 }),
    callTimeoutMaxSeconds: fc.integer({ min: 10, max: 3600 }),
    upstreamConnections: fc.integer({ min: 1, max: 512 }),
    views: fc.integer({ min: 1, max: 64 }),
    statefulBackends: fc.integer({ min: 0, max: 1 }),
    askableSessionsPercent: fc.double({ min: 0, max: 100, noNaN: true }),
    sessionStreamLingerSeconds: fc.double({ min: 1, max: 300, noNaN: true }),
    catalogBytesPerView: fc.integer({ min: 1, max: 2 ** 20 }),
    sessionCatalogBytes: fc.integer({ min: 1, max: 2 ** 26 }),
    heldBodyBytes: fc.integer({ min: 2 ** 18, max: 2 ** 26 }),
    clientBytes: fc.integer({ min: 1, max: 65_536 }),
    sessionsPerReplica: fc.integer({ min: 1, max: 20_000 }),
    nofile: fc.integer({ min: 1024, max: 1_048_576 }),
    memoryBytes: fc.integer({ min: 2 ** 28, max: 2 ** 34 }),
    eventLoopPercent: fc.integer({ min: 1, max: 100 }),
    spareReplicas: fc.integer({ min: 0, max: 3 }),
    minReplicas: fc.integer({ min: 1, max: 8 }),
    store: fc.constantFrom("redis" as const, "sentinel" as const),
  })
  .map(({ openedShare, streamingShare, ...rest }) => ({
    ...rest,
    openedBackends: openedShare * rest.backends,
    sessionStreamBackends: streamingShare * rest.backends,
  }));

/** The plan, or undefined where there is none. */
function planned(given: PlanInputs): Plan | undefined {
  try {
    return plan(given);
  } catch (error) {
    if (error instanceof CapacityError) return undefined;
    throw error;
  }
}

const isFigure = (part: unknown): part is Figure =>
  typeof part === "object" && part !== null && "formula" in part;

function figuresOf(answer: Plan): [name: string, figure: Figure][] {
  const { store, gateways } = answer;
  return [gateways, store ?? {}, gateways.grace].flatMap((part) =>
    Object.entries(part).flatMap(([name, part]): [string, Figure][] =>
      isFigure(part) ? [[name, part]] : [],
    ),
  );
}

describe("a gateway with 10 backends", () => {
  test.each([
    [1, 2],
    [2000, 2],
    [2001, 3],
    [2500, 3],
    [5000, 4],
    [10_000, 7],
    [100_000, 56],
  ])("for %d sessions runs %d replicas, one of which may be lost", (sessions, replicas) => {
    const memoryBytes = 4 * 2 ** 30;
    expect(plan({ sessions, backends: 10, memoryBytes }).gateways.replicas.value).toBe(replicas);
  });

  test("for 2,500 sessions needs 11,188 descriptors, 11 times the usual soft limit of 1,024", () => {
    const { requiredNofile, sessionsPerPod, openStreams } = plan({
      sessions: 2500,
      backends: 10,
    }).gateways;
    expect([sessionsPerPod.value, openStreams.value]).toEqual([1375, 1375]);
    expect(requiredNofile.value).toBe(11_188);
    expect(
      Object.fromEntries(requiredNofile.terms.map(({ name, value }) => [name, value])),
    ).toEqual({
      "client sockets": 1375,
      "client streams": 1375,
      "parallel calls": 138,
      "backend pools": 2560,
      "discovery streams": 320,
      "session streams at backends": 0,
      "session streams during calls": 4263,
      store: 6,
      process: 32,
      reserve: 1119,
    });
  });

  test("holds 6 connections per pod towards Sentinel and its master, 2 to a single Redis, 0 to its own memory", () => {
    const sentinel = plan({ sessions: 2500, backends: 10 });
    const redis = plan({ sessions: 2500, backends: 10, store: "redis" });
    const memory = plan({ sessions: 1375, backends: 10, store: "memory" });
    const toStore = ({ gateways }: Plan) =>
      gateways.requiredNofile.terms.find(({ name }) => name === "store")?.value;
    expect([sentinel, redis, memory].map(toStore)).toEqual([6, 2, 0]);
    expect([sentinel.store?.clients.value, redis.store?.clients.value]).toEqual([56, 48]);
    expect(memory.store).toBeUndefined();
  });

  test("in one pod's memory runs 1 replica, and none where that pod does not hold 5,000 sessions", () => {
    const ceilings = { memoryBytes: 2 ** 32, eventLoopPercent: 70 };
    const memory = { backends: 10, store: "memory", ...ceilings } as const;
    expect(plan({ ...memory, sessions: 2000 }).gateways.replicas.value).toBe(1);
    expect(() => plan({ ...memory, sessions: 5000 })).toThrow("use redis, sentinel or cluster");
    expect(
      plan({ ...memory, sessions: 5000, sessionsPerReplica: 5000 }).gateways.replicas.value,
    ).toBe(1);
  });

  test("with 3 backends that speak to each session needs 3 descriptors more for each of 1,375", () => {
    const quiet = plan({ sessions: 2500, backends: 10 });
    const loud = plan({ sessions: 2500, backends: 10, sessionStreamBackends: 3 });
    const needed = ({ gateways }: Plan) =>
      gateways.requiredNofile.terms
        .filter(({ name }) => name !== "reserve")
        .reduce((sum, { value }) => sum + value, 0);
    expect(needed(loud) - needed(quiet)).toBe(3 * 1375);
  });

  test("has 3.1 streams at backends for each session whose client can be asked, and one at each of 2 that are stateful", () => {
    const during = (more: Partial<PlanInputs>) => {
      const { gateways } = plan({ sessions: 1000, backends: 10, ...more });
      const streams = ({ terms }: Figure) =>
        terms.find(({ name }) => name === "session streams during calls")?.value ?? 0;
      const bytes = streams(gateways.memory);
      return [streams(gateways.requiredNofile), Math.floor(bytes / (21 * 2 ** 10))];
    };
    // 0.1 calls per second, each of 1 s, and 30 s after it.
    expect(during({})).toEqual([3100, 3100]);
    expect(during({ statefulBackends: 2 })).toEqual([5100, 5100]);
    expect(during({ openedBackends: 2 })).toEqual([2000, 2000]);
    expect(during({ openedBackends: 2, sessionStreamBackends: 2 })).toEqual([0, 0]);
    expect(during({ sessionStreamLingerSeconds: 9 })).toEqual([1000, 1000]);
    expect(during({ askableSessionsPercent: 50 })).toEqual([1550, 1550]);
    expect(during({ askableSessionsPercent: 0, statefulBackends: 2 })).toEqual([0, 0]);
  });

  test("has memory for limits.heldBodyBytes four times, and for the lists of each backend in each view", () => {
    const termsOf = (more: Partial<FleetInputs>) => {
      const { terms } = plan({ sessions: 1, backends: 10, ...more }).gateways.memory;
      return Object.fromEntries(terms.map(({ name, value }) => [name, value / 2 ** 20]));
    };
    expect(termsOf({})).toMatchObject({ "bodies of requests": 64, lists: 40 });
    const more = { heldBodyBytes: 2 ** 20, catalogBytesPerView: 2 ** 20, views: 2 };
    expect(termsOf(more)).toMatchObject({ "bodies of requests": 4, lists: 20 });
    expect(termsOf({})).not.toHaveProperty("lists of sessions");
    const servers = [{ name: "a" }, { name: "b", catalog: "perSession" as const }];
    expect(termsOf({ servers })).toMatchObject({ "lists of sessions": 32 });
    expect(termsOf({ servers, sessionCatalogBytes: 2 ** 20 })).toMatchObject({
      "lists of sessions": 1,
    });
  });

  test("gives 75 % of a pod's memory to the heap and keeps 25 % of it free of what is counted", () => {
    const { memory, heap } = plan({ sessions: 2500, backends: 10 }).gateways;
    const reserve = memory.terms.at(-1);
    expect(reserve?.name).toBe("reserve");
    expect(heap.value / memory.value).toBeCloseTo(0.75, 2);
    expect((reserve?.value ?? 0) / memory.value).toBeCloseTo(0.25, 2);
    expect([memory.value % 2 ** 20, heap.value % 2 ** 20]).toEqual([0, 0]);
  });

  test("has the 2,000 calls per second and 4,000 in flight that it is told, whatever a session calls on average", () => {
    const load = { sessions: 2500, backends: 10, eventLoopPercent: 100, memoryBytes: 2 ** 33 };
    const fleet = { ...load, callsPerSessionSecond: 0.1, callTimeSeconds: 1 };
    const usual = plan(fleet);
    expect([usual.inputs.callsPerSecond, usual.inputs.concurrentCalls]).toEqual([250, 250]);
    const told = plan({ ...fleet, callsPerSecond: 2000, concurrentCalls: 4000 });
    const term = ({ terms }: Figure, name: string) =>
      terms.find((part) => part.name === name)?.value;
    // 1,375 of 2,500 sessions on the fullest pod.
    expect(term(told.gateways.cpu, "calls")).toBe(2000 * 0.55 * CONSTANTS.callCpu.value);
    expect(term(told.gateways.requiredNofile, "parallel calls")).toBe(4000 * 0.55);
    expect(plan({ ...fleet, callsPerSecond: 2000 }).inputs.concurrentCalls).toBe(2000);
    expect(plan({ ...fleet, concurrentCalls: 4000 }).inputs.callsPerSecond).toBe(250);
  });

  test("has the defaults of the configuration where nothing is said", () => {
    const { limits, session } = validate({
      backends: [{ name: "a", url: "http://localhost/mcp" }],
    });
    expect(plan({ sessions: 1, backends: 1 }).inputs).toMatchObject({
      idleTtlSeconds: session.idleTtlSeconds,
      callTimeoutMaxSeconds: limits.callTimeoutMaxSeconds,
      upstreamConnections: limits.upstreamConnections,
      views: limits.views,
      clientBytes: limits.clientBytes,
      heldBodyBytes: limits.heldBodyBytes,
      catalogBytesPerView: limits.catalogBytesPerView,
      sessionStreamLingerSeconds: limits.sessionStreamLingerSeconds,
    });
  });
});

describe("what is impossible says what to change", () => {
  test("1,024 descriptors do not hold a session of 10 backends, and 3,259 do", () => {
    const given = { sessions: 500, backends: 10, nofile: 1024 };
    expect(planFaults(given)).toEqual([
      {
        path: "nofile",
        value: "1024",
        rule: "must be at least 3259: what a pod needs to serve one session",
        fix: "raise it to 3259, or lower upstreamConnections, views or backends",
      },
    ]);
    expect(plan({ ...given, nofile: 3259 }).gateways.podCapacity.value).toBe(1);
    expect(planned({ ...given, nofile: 3258 })).toBeUndefined();
    expect(plan({ ...given, upstreamConnections: 16 }).gateways.podCapacity.value).toBeGreaterThan(
      1,
    );
  });

  test("1,000,000 sessions do not fit into pods of 2Gi, unless each keeps 100,000 of them ready", () => {
    const given = { sessions: 1_000_000, backends: 10, openedBackends: 2 };
    const [fault] = planFaults(given);
    expect(fault).toMatchObject({ path: "memoryBytes", value: "2Gi" });
    expect(fault?.fix).toMatch(/^raise it to \d+Mi, or lower cacheEntries/);
    expect(plan({ ...given, cacheEntries: 100_000 }).gateways.memory.value).toBeLessThanOrEqual(
      2 ** 31,
    );
  });

  test("3 inputs out of their range come at once, without those that only follow from them", () => {
    const faults = planFaults({ sessions: 0, backends: 1.5, callTimeSeconds: Number.NaN });
    expect(faults.map(({ path, fix }) => [path, fix])).toEqual([
      ["sessions", "set it to 1 or more"],
      ["backends", "set it to a whole number"],
      ["callTimeSeconds", "set it to a number"],
    ]);
  });

  test("of a required input that is missing, a fault says that it is not set, and its range", () => {
    expect(planFaults({ sessions: 1 })).toEqual([
      {
        path: "backends",
        value: "not set",
        rule: "must be a whole number from 1 to 10000",
        fix: "set it to a whole number",
      },
    ]);
  });

  test("a session cannot open 11 of 10 backends, nor a call take longer than the longest", () => {
    const faults = planFaults({
      sessions: 1,
      backends: 10,
      openedBackends: 11,
      callTimeSeconds: 301,
    });
    expect(faults.map(({ path, rule }) => [path, rule])).toEqual([
      ["openedBackends", "must be at most backends, which is 10"],
      ["callTimeSeconds", "must be at most callTimeoutMax, which is 5m"],
    ]);
  });

  test("whatever the load, the descriptors, bytes and percent that a fault asks for are enough", () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const tight = { ...given, nofile: 1, memoryBytes: 1, eventLoopPercent: 1 };
        const enough = planFaults(tight).flatMap(({ path, fix }) => {
          const [, amount = ""] = /^raise it to (\d+)/.exec(fix) ?? [];
          const scale = path === "memoryBytes" ? (/\dGi/.test(fix) ? 2 ** 30 : 2 ** 20) : 1;
          return amount === "" ? [] : [[path, Number(amount) * scale]];
        });
        const left = planFaults({ ...tight, ...Object.fromEntries(enough) });
        expect(left.every(({ fix }) => fix.startsWith("lower "))).toBe(true);
      }),
      // One descriptor, and so little more that a sum of both may lose it.
      {
        examples: [[{ sessions: 1, backends: 1, streamsPerSession: 2 ** -53, callTimeSeconds: 0 }]],
      },
    );
  });
});

describe("whatever the load and the ceilings", () => {
  test("replicas and what the store holds never decrease with the load", () => {
    fc.assert(
      fc.property(
        inputs,
        fc.constantFrom(...LOADS),
        fc.double({ min: 1, max: 4, noNaN: true }),
        (given, name, factor) => {
          const { fraction, max }: { fraction?: boolean; max: number } = INPUTS[name];
          const grown = (given[name] ?? 0) * factor;
          const more = { ...given, [name]: Math.min(fraction ? grown : Math.ceil(grown), max) };
          const [before, after] = [planned(given), planned(more)];
          if (before === undefined || after === undefined) return;
          expect(after.gateways.replicas.value).toBeGreaterThanOrEqual(
            before.gateways.replicas.value,
          );
          for (const part of ["memory", "container", "clients"] as const) {
            expect(after.store?.[part].value).toBeGreaterThanOrEqual(
              before.store?.[part].value ?? 0,
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("replicas never increase with a ceiling", () => {
    fc.assert(
      fc.property(
        inputs,
        fc.constantFrom(...CEILINGS),
        fc.double({ min: 1, max: 4, noNaN: true }),
        (given, name, factor) => {
          const raised = Math.min(Math.ceil((given[name] ?? 0) * factor), INPUTS[name].max);
          const [before, after] = [planned(given), planned({ ...given, [name]: raised })];
          if (before === undefined) return;
          expect(after?.gateways.replicas.value).toBeLessThanOrEqual(
            before.gateways.replicas.value,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  test("no figure of a pod exceeds its ceiling", () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const answer = planned(given);
        if (answer === undefined) return;
        const { inputs: limit } = answer;
        expect(answer.gateways.sessionsPerPod.value).toBeLessThanOrEqual(limit.sessionsPerReplica);
        expect(answer.gateways.requiredNofile.value).toBeLessThanOrEqual(limit.nofile);
        expect(answer.gateways.memory.value).toBeLessThanOrEqual(limit.memoryBytes);
        expect(answer.gateways.cpu.value).toBeLessThanOrEqual(limit.eventLoopPercent * 10);
      }),
      { numRuns: 1000 },
    );
  });

  test("no sum is below its terms, and none of its terms is negative", () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const answer = planned(given);
        if (answer === undefined) return;
        for (const [name, { value, unit, formula, terms }] of figuresOf(answer)) {
          expect(Number.isInteger(value), name).toBe(true);
          if (!formula.includes(" + ") || /[×÷]/.test(formula)) continue;
          expect(formula, name).toBe(terms.map((term) => term.name).join(" + "));
          expect(
            terms.every((term) => term.value >= 0 && term.unit === unit),
            name,
          ).toBe(true);
          expect(value, name).toBe(terms.reduce((sum, term) => sum + term.value, 0));
        }
      }),
    );
  });

  test("with the spare pods lost the others hold every session, 10 % of imbalance included", () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const answer = planned(given);
        if (answer === undefined) return;
        const left = answer.gateways.replicas.value - answer.inputs.spareReplicas;
        const room = left * answer.gateways.podCapacity.value;
        const spread = left === 1 ? 1 : 1 + CONSTANTS.skew.value / 100;
        expect(left).toBe(answer.gateways.holding.value);
        expect(room + 1e-6).toBeGreaterThanOrEqual(given.sessions * spread);
        expect(left * answer.gateways.sessionsPerPod.value + 1e-6).toBeGreaterThanOrEqual(
          given.sessions * spread,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test("one pod less would not hold everything", () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const answer = planned(given);
        if (answer === undefined) return;
        const least = Math.max(1, answer.inputs.minReplicas - answer.inputs.spareReplicas);
        if (answer.gateways.holding.value === least) return;
        const spread = answer.gateways.holding.value === 2 ? 1 : 1 + CONSTANTS.skew.value / 100;
        const room = (answer.gateways.holding.value - 1) * answer.gateways.podCapacity.value;
        expect(room).toBeLessThan(given.sessions * spread);
      }),
    );
  });

  test("a plan is what JSON can carry, for each of the 4 stores", () => {
    for (const store of STORES) {
      const answer = plan({
        sessions: 100,
        backends: 3,
        store,
        servers: [{ name: "a", replicas: 2 }],
      });
      expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
    }
  });
});
