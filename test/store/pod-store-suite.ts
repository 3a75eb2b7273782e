import { describe, expect, it } from "vitest";
import type { FleetChange } from "../../runtime/fleet/fleet-bus.ts";
import type { UpstreamRecord } from "../../runtime/sessions/session-record.ts";
import { START_MS, sessionRecord } from "../../testkit/processes/session-record.ts";
import { type MakeStore, MINUTE_MS, useStore } from "./store-under-test.ts";

/** What every store of pods keeps to. */
export function describePodStore(name: string, makeStore: MakeStore): void {
  describe(`the pod store ${name}`, () => {
    const at = useStore(makeStore);

    const PODS = ["counter-0", "counter-1", "counter-2"];
    const upstreamAt = (pod: string, changes: Partial<UpstreamRecord> = {}) => ({
      sessionId: "u",
      protocol: "2025-11-25",
      epoch: 1,
      pod,
      ...changes,
    });
    const counts = () => at.store.pods.count("one", PODS);

    it("get 300 sessions that are pinned at once 100 each, low ordinals first", async () => {
      const keys = Array.from({ length: 300 }, (_, index) => `session-${index}`);
      await Promise.all(keys.map((key) => at.create(sessionRecord(key), 1000)));
      expect(await at.store.pods.pin(sessionRecord("session-0"), "one", PODS)).toBe("counter-0");
      await Promise.all(keys.map((key) => at.store.pods.pin(sessionRecord(key), "one", PODS)));
      expect(await counts()).toEqual([100, 100, 100]);
    });

    it("count a session once per backend, where it was pinned last", async () => {
      await at.create(sessionRecord("a"));
      await at.store.pods.pin(sessionRecord("a"), "one", ["counter-0"]);
      await at.store.pods.pin(sessionRecord("a"), "one", ["counter-1"]);
      await at.store.pods.pin(sessionRecord("a"), "two", ["counter-1"]);
      expect(await counts()).toEqual([0, 1, 0]);
      expect(await at.store.pods.count("two", PODS)).toEqual([0, 1, 0]);
      await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstreamAt("counter-2"));
      expect(await counts()).toEqual([0, 0, 1]);
      expect(await at.store.pods.sessionsOn("one", "counter-2", 10)).toEqual(["a"]);
    });

    it("count a session no longer that they have lost, until it is opened again", async () => {
      await at.create(sessionRecord("a"));
      await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstreamAt("counter-0"));
      await at.store.sessions.setUpstream(
        sessionRecord("a"),
        "one",
        upstreamAt("counter-0", { lost: true }),
      );
      expect(await counts()).toEqual([0, 0, 0]);
      await at.store.sessions.setUpstream(
        sessionRecord("a"),
        "one",
        upstreamAt("counter-1", { epoch: 2 }),
      );
      expect(await counts()).toEqual([0, 1, 0]);
    });

    it("count a session as long as it lives: touched, then expired, and another one until it ends", async () => {
      await at.create(sessionRecord("a"));
      await at.create(sessionRecord("b"));
      for (const key of ["a", "b"])
        await at.store.pods.pin(sessionRecord(key), "one", ["counter-0"]);
      await at.store.sessions.touch(sessionRecord("a"), START_MS + 60 * MINUTE_MS);
      await at.store.sessions.end(sessionRecord("b"));
      expect(await counts()).toEqual([1, 0, 0]);
      at.afterMinutes(45);
      expect(await counts()).toEqual([1, 0, 0]);
      expect(await at.store.pods.sessionsOn("one", "counter-0", 10)).toEqual(["a"]);
      at.afterMinutes(61);
      expect(await counts()).toEqual([0, 0, 0]);
      expect(await at.store.pods.sessionsOn("one", "counter-0", 10)).toEqual([]);
      await at.store.sessions.takeExpired(10);
      expect(await counts()).toEqual([0, 0, 0]);
    });

    it("that drain get no session, and undefined is the answer where all 3 drain", async () => {
      await at.create(sessionRecord("a"));
      const changes: FleetChange[] = [];
      at.store.bus.watch((change) => changes.push(change));
      await at.store.pods.setDraining({ backend: "one", pod: "counter-0" }, true);
      expect(await at.store.pods.draining()).toEqual([{ backend: "one", pod: "counter-0" }]);
      expect(changes).toEqual([{ kind: "drains" }]);
      expect(await at.store.pods.pin(sessionRecord("a"), "one", PODS)).toBe("counter-1");
      expect(await at.store.pods.pin(sessionRecord("a"), "two", PODS)).toBe("counter-0");
      for (const pod of PODS) await at.store.pods.setDraining({ backend: "one", pod }, true);
      expect(await at.store.pods.pin(sessionRecord("a"), "one", PODS)).toBeUndefined();
      await at.store.pods.setDraining({ backend: "one", pod: "counter-2" }, false);
      expect(await at.store.pods.pin(sessionRecord("a"), "one", PODS)).toBe("counter-2");
    });

    it("get no session that is not there, or where no pod is named", async () => {
      expect(await at.store.pods.pin(sessionRecord("nobody"), "one", PODS)).toBeUndefined();
      await at.create(sessionRecord("a"));
      expect(await at.store.pods.pin(sessionRecord("a"), "one", [])).toBeUndefined();
      expect(await counts()).toEqual([0, 0, 0]);
    });

    it("keep a session that is moving in their count, and its mark comes and goes within 1 epoch", async () => {
      await at.create(sessionRecord("a"));
      await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstreamAt("counter-0"));
      const moving = upstreamAt("counter-0", { moving: true });
      expect(
        (await at.store.sessions.setUpstream(sessionRecord("a"), "one", moving))?.upstreams.one,
      ).toEqual(moving);
      const staying = upstreamAt("counter-0");
      expect(
        (await at.store.sessions.setUpstream(sessionRecord("a"), "one", staying))?.upstreams.one,
      ).toEqual(staying);
      expect(await counts()).toEqual([1, 0, 0]);
    });
  });
}
