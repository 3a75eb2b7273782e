import { beforeEach, describe, expect, it } from "vitest";
import { START_MS, sessionRecord } from "../../testkit/processes/session-record.ts";
import { type MakeStore, MINUTE_MS, useStore } from "./store-under-test.ts";

/** What every store of leases keeps to. */
export function describeLeaseStore(name: string, makeStore: MakeStore): void {
  describe(`the lease store ${name}`, () => {
    const at = useStore(makeStore);

    beforeEach(async () => {
      await at.create(sessionRecord("a"));
      await at.create(sessionRecord("b"));
    });

    it("gives a lease to 1 of 10 that ask at once", async () => {
      const asked = Array.from({ length: 10 }, (_, index) =>
        at.store.leases.take("a", "open:one", `pod-${index}`, MINUTE_MS),
      );
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
    });

    it("keeps purposes and sessions apart", async () => {
      expect(await at.store.leases.take("a", "open:one", "me", MINUTE_MS)).toBe(true);
      expect(await at.store.leases.take("a", "open:two", "you", MINUTE_MS)).toBe(true);
      expect(await at.store.leases.take("b", "open:one", "you", MINUTE_MS)).toBe(true);
    });

    it("gives it to another once it has expired, not 1 ms before", async () => {
      await at.store.leases.take("a", "open:one", "me", MINUTE_MS);
      at.nowMs = START_MS + MINUTE_MS - 1;
      expect(await at.store.leases.take("a", "open:one", "you", MINUTE_MS)).toBe(false);
      at.nowMs += 1;
      expect(await at.store.leases.take("a", "open:one", "you", MINUTE_MS)).toBe(true);
      expect(await at.store.leases.take("a", "open:one", "me", MINUTE_MS)).toBe(false);
    });

    it("is prolonged by its holder", async () => {
      await at.store.leases.take("a", "open:one", "me", 2 * MINUTE_MS);
      at.afterMinutes(1);
      expect(await at.store.leases.take("a", "open:one", "me", 2 * MINUTE_MS)).toBe(true);
      at.afterMinutes(2.5);
      expect(await at.store.leases.take("a", "open:one", "you", MINUTE_MS)).toBe(false);
    });

    it("is free at once when its holder releases it", async () => {
      await at.store.leases.take("a", "open:one", "me", MINUTE_MS);
      await at.store.leases.release("a", "open:one", "me");
      expect(await at.store.leases.take("a", "open:one", "you", MINUTE_MS)).toBe(true);
    });

    it("is not released by anybody else", async () => {
      await at.store.leases.take("a", "open:one", "me", MINUTE_MS);
      await at.store.leases.release("a", "open:one", "you");
      expect(await at.store.leases.take("a", "open:one", "you", MINUTE_MS)).toBe(false);
    });

    it("has 1 holder until it expires, and none when it is free", async () => {
      expect(await at.store.leases.holder("a", "open:one")).toBeUndefined();
      await at.store.leases.take("a", "open:one", "me", MINUTE_MS);
      await at.store.leases.take("a", "open:one", "you", MINUTE_MS);
      expect(await at.store.leases.holder("a", "open:one")).toBe("me");
      expect(await at.store.leases.holder("b", "open:one")).toBeUndefined();
      at.nowMs = START_MS + MINUTE_MS;
      expect(await at.store.leases.holder("a", "open:one")).toBeUndefined();
    });

    it("ends with its session", async () => {
      await at.store.leases.take("a", "open:one", "me", MINUTE_MS);
      await at.store.sessions.end(sessionRecord("a"));
      await at.create(sessionRecord("a"));
      expect(await at.store.leases.take("a", "open:one", "you", MINUTE_MS)).toBe(true);
    });

    it("is not to be had for a session that is not there, or expired 1 ms ago", async () => {
      expect(await at.store.leases.take("nobody", "open:one", "me", MINUTE_MS)).toBe(false);
      await expect(at.store.leases.release("nobody", "open:one", "me")).resolves.toBeUndefined();
      at.nowMs = START_MS + 30 * MINUTE_MS + 1;
      expect(await at.store.leases.take("a", "open:one", "me", MINUTE_MS)).toBe(false);
    });

    it("is found by how its purpose begins, until it runs out or is released", async () => {
      expect(await at.store.leases.isTaken("a", "busy:one:")).toBe(false);
      await at.store.leases.take("a", "busy:one:me", "me", MINUTE_MS);
      await at.store.leases.take("a", "busy:two:me", "me", MINUTE_MS * 2);
      expect(await at.store.leases.isTaken("a", "busy:one:")).toBe(true);
      at.afterMinutes(1.5);
      expect(await at.store.leases.isTaken("a", "busy:one:")).toBe(false);
      expect(await at.store.leases.isTaken("a", "busy:two:")).toBe(true);
      await at.store.leases.release("a", "busy:two:me", "me");
      expect(await at.store.leases.isTaken("a", "busy:")).toBe(false);
    });
  });
}
