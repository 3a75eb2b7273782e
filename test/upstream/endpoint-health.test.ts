import { beforeEach, describe, expect, it } from "vitest";

import { EndpointHealth } from "../../runtime/upstream/endpoints/endpoint-health.ts";

describe("an endpoint", () => {
  let nowMs: number;
  let health: EndpointHealth;
  const refusal = new Error("connect ECONNREFUSED");
  const silence = new Error("no answer");

  beforeEach(() => {
    nowMs = 5_000;
    health = new EndpointHealth({ threshold: 3, lossAfterMs: 10_000, now: () => nowMs });
  });

  it("is failing at its first refusal, not gone after 9.999 s of them, and gone after 10 s", () => {
    health.recordConnectFailure(refusal);
    expect([health.state, health.error]).toEqual(["failing", "connect ECONNREFUSED"]);
    nowMs += 9_999;
    health.recordConnectFailure(refusal);
    expect(health.state).toBe("failing");
    nowMs += 1;
    health.recordConnectFailure(refusal);
    expect(health.state).toBe("gone");
  });

  it("is not gone by the passing of 1 hour alone, when nobody tried", () => {
    health.recordConnectFailure(refusal);
    nowMs += 3_600_000;
    expect(health.state).toBe("failing");
  });

  it("begins a new 10 s with every connection that its address takes", () => {
    health.recordConnectFailure(refusal);
    nowMs += 9_000;
    health.recordConnect();
    nowMs += 9_000;
    health.recordConnectFailure(refusal);
    expect(health.state).toBe("failing");
  });

  it("is failing after 3 silences in a row, not after 2, and never gone by them", () => {
    health.recordFailure(silence);
    health.recordFailure(silence);
    expect([health.state, health.isHealthy]).toEqual(["up", false]);
    health.recordFailure(silence);
    expect(health.state).toBe("failing");
    nowMs += 3_600_000;
    health.recordFailure(silence);
    expect(health.state).toBe("failing");
  });

  it("is up again with 1 answer, from failing and from gone", () => {
    for (const times of [1, 2]) {
      for (let count = 0; count < times; count += 1) {
        health.recordConnectFailure(refusal);
        nowMs += 10_000;
      }
      health.recordSuccess();
      expect([health.state, health.isHealthy, health.error]).toEqual(["up", true, undefined]);
    }
  });

  it("counts its 3 silences anew after an answer", () => {
    health.recordFailure(silence);
    health.recordFailure(silence);
    health.recordSuccess();
    health.recordFailure(silence);
    health.recordFailure(silence);
    expect(health.state).toBe("up");
  });
});
