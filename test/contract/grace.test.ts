import { type Grace, grace, TIMES } from "@mcp-fleet/contract/capacity";
import { RETRY_AFTER_SECONDS, validate } from "@mcp-fleet/contract/settings";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FleetError } from "../../runtime/wire/fleet-error.ts";

const valuesOf = (budget: Grace) =>
  Object.fromEntries(Object.entries(budget).map(([name, { value }]) => [name, value]));

test("3 pods with calls of at most 300 s have 330 s of grace and roll out within 1080 s", () => {
  expect(valuesOf(grace({ callTimeoutMaxSeconds: 300, replicas: 3 }))).toEqual({
    preStop: 5,
    linger: 10,
    drain: 300,
    close: 5,
    terminationGrace: 330,
    readinessPeriod: 1,
    unready: 2,
    livenessPeriod: 10,
    unresponsive: 30,
    startup: 30,
    retryAfter: 2,
    rollout: 1080,
    progressDeadline: 490,
    createTimeout: 500,
    updateTimeout: 1580,
    deleteTimeout: 340,
  });
});

test("a call of at most 1.5 s gives a drain of 2 s, since manifests know whole seconds", () => {
  expect(grace({ callTimeoutMaxSeconds: 1.5, replicas: 1 }).drain.value).toBe(2);
});

test("the drain is limits.callTimeoutMax, which no backend's callTimeout exceeds", () => {
  const backend = { name: "a", url: "http://localhost/mcp" };
  const { limits } = validate({ backends: [backend] });
  const { drain } = grace({ callTimeoutMaxSeconds: limits.callTimeoutMaxSeconds, replicas: 1 });
  const longer = { ...backend, callTimeout: `${drain.value + 1}s` };
  expect(() => validate({ backends: [longer] })).toThrow("callTimeoutMax");
});

test("a refused client is told the 2 s after which an unready pod gets nothing more", () => {
  const { retryAfter, unready } = grace({ callTimeoutMaxSeconds: 300, replicas: 1 });
  expect([retryAfter.value, unready.value]).toEqual([RETRY_AFTER_SECONDS, RETRY_AFTER_SECONDS]);
  expect(new FleetError("DRAINING").retryAfterSeconds).toBe(RETRY_AFTER_SECONDS);
});

const inputs = fc.record({
  callTimeoutMaxSeconds: fc.double({ min: 0.001, max: 2_073_600, noNaN: true }),
  replicas: fc.integer({ min: 1, max: 5000 }),
});

test("grace is longer than preStop, linger, drain and close together, whatever the longest call", () => {
  fc.assert(
    fc.property(inputs, (given) => {
      const { preStop, linger, drain, close, terminationGrace } = grace(given);
      const parts = preStop.value + linger.value + drain.value + close.value;
      expect(terminationGrace.value - parts).toBe(TIMES.headroom.value);
      expect(TIMES.headroom.value).toBeGreaterThan(0);
      expect(drain.value).toBeGreaterThanOrEqual(given.callTimeoutMaxSeconds);
    }),
  );
});

test("every time is a whole number of seconds above 0", () => {
  fc.assert(
    fc.property(inputs, (given) => {
      for (const { value } of Object.values(grace(given))) {
        expect(Number.isInteger(value) && value > 0).toBe(true);
      }
    }),
  );
});

test("an unready pod gets nothing more before its preStop sleep is over", () => {
  const { unready, preStop } = grace({ callTimeoutMaxSeconds: 300, replicas: 1 });
  expect(unready.value).toBeLessThan(preStop.value);
});

test("a rollout waits for the start and the whole grace of every pod", () => {
  fc.assert(
    fc.property(inputs, (given) => {
      const { rollout, startup, terminationGrace } = grace(given);
      expect(rollout.value).toBe(given.replicas * (startup.value + terminationGrace.value));
    }),
  );
});
