import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SYSTEM_RANDOM, useRandom } from "../../runtime/platform/random.ts";
import {
  CircuitBreaker,
  type CircuitState,
} from "../../runtime/upstream/endpoints/circuit-breaker.ts";

const SETTINGS = {
  failureThreshold: 5,
  timeoutSeconds: 60,
  windowSeconds: 60,
  minimumCalls: 20,
  probes: 1,
};

let states: CircuitState[];

function start(more: object = {}): CircuitBreaker {
  states = [];
  return new CircuitBreaker({
    settings: { ...SETTINGS, ...more },
    onChange: (state) => states.push(state),
  });
}

function fail(breaker: CircuitBreaker, times: number): void {
  for (let count = 0; count < times; count += 1) breaker.admit()?.failed();
}

function succeed(breaker: CircuitBreaker, times: number): void {
  for (let count = 0; count < times; count += 1) breaker.admit()?.succeeded();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"], now: 0 });
  useRandom({ ...SYSTEM_RANDOM, fraction: () => 0 });
});

afterEach(() => {
  vi.useRealTimers();
  useRandom(SYSTEM_RANDOM);
});

describe("a circuit breaker", () => {
  it("is closed after 4 failures, open after 5 in a row, and lets 0 requests pass for 60 s", () => {
    const breaker = start();
    fail(breaker, 4);
    expect(breaker.state).toBe("closed");
    fail(breaker, 1);
    expect([breaker.state, breaker.retryAfterSeconds]).toEqual(["open", 60]);
    vi.advanceTimersByTime(59_999);
    expect(breaker.admit()).toBeUndefined();
    expect(breaker.retryAfterSeconds).toBe(1);
    vi.advanceTimersByTime(1);
    expect(breaker.admit()).toBeDefined();
  });

  it("counts anew after each success, and nothing for what was abandoned", () => {
    const breaker = start();
    fail(breaker, 4);
    succeed(breaker, 1);
    fail(breaker, 4);
    for (let count = 0; count < 10; count += 1) breaker.admit()?.abandoned();
    expect(breaker.state).toBe("closed");
    fail(breaker, 1);
    expect(breaker.state).toBe("open");
  });

  it("stays open for up to a quarter more than 60 s, at random", () => {
    useRandom({ ...SYSTEM_RANDOM, fraction: () => 0.8 });
    const breaker = start();
    fail(breaker, 5);
    expect(breaker.retryAfterSeconds).toBe(72);
  });

  it("lets 1 of 3 requests pass when its time is over: closed with its success, 60 s more with its failure", () => {
    for (const [outcome, after] of [
      ["succeeded", "closed"],
      ["failed", "open"],
    ] as const) {
      const breaker = start();
      fail(breaker, 5);
      vi.advanceTimersByTime(60_000);
      const [probe, ...others] = [breaker.admit(), breaker.admit(), breaker.admit()];
      expect(others).toEqual([undefined, undefined]);
      expect([breaker.state, breaker.isOpen]).toEqual(["half-open", true]);
      probe?.[outcome]();
      expect(breaker.state).toBe(after);
      expect(states).toEqual(["open", "half-open", after]);
    }
  });

  it("gives the place of an abandoned probe to the next request", () => {
    const breaker = start({ probes: 2 });
    fail(breaker, 5);
    vi.advanceTimersByTime(60_000);
    const probe = breaker.admit();
    breaker.admit();
    expect(breaker.admit()).toBeUndefined();
    probe?.abandoned();
    probe?.abandoned();
    expect(breaker.admit()).toBeDefined();
    expect(breaker.admit()).toBeUndefined();
  });

  it("hears nothing from before its last change: 10 late failures do not open it again", () => {
    const breaker = start();
    const late = Array.from({ length: 10 }, () => breaker.admit());
    fail(breaker, 5);
    vi.advanceTimersByTime(60_000);
    for (const trial of late.slice(5)) trial?.succeeded();
    expect(breaker.state).toBe("half-open");
    breaker.admit()?.succeeded();
    for (const trial of late.slice(0, 5)) trial?.failed();
    expect(breaker.state).toBe("closed");
  });

  it("is half open at once where the endpoint gave a sign of life, and stays closed where it was", () => {
    const breaker = start();
    breaker.retryNow();
    expect(breaker.state).toBe("closed");
    fail(breaker, 5);
    breaker.retryNow();
    expect(breaker.state).toBe("half-open");
  });
});

describe("a circuit breaker with a failureRatePercent of 50", () => {
  const rate = { failureThreshold: 1_000, failureRatePercent: 50 };

  it("is closed with 9 failures of 19 calls and 10 of 19, and open with 10 of 20", () => {
    const breaker = start(rate);
    succeed(breaker, 10);
    fail(breaker, 9);
    expect(breaker.state).toBe("closed");
    fail(breaker, 1);
    expect(breaker.state).toBe("open");
  });

  it("forgets what is older than its window of 60 s", () => {
    const breaker = start(rate);
    succeed(breaker, 100);
    vi.advanceTimersByTime(66_000);
    fail(breaker, 19);
    expect(breaker.state).toBe("closed");
    fail(breaker, 1);
    expect(breaker.state).toBe("open");
  });

  it("forgets 19 failures in 60 s of silence", () => {
    const breaker = start(rate);
    fail(breaker, 19);
    vi.advanceTimersByTime(66_000);
    fail(breaker, 1);
    expect(breaker.state).toBe("closed");
  });
});
