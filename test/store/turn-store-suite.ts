import { describe, expect, it } from "vitest";
import { START_MS } from "../../testkit/processes/session-record.ts";
import { type MakeStore, MINUTE_MS, useStore } from "./store-under-test.ts";

/** What every store of turns keeps to. */
export function describeTurnStore(name: string, makeStore: MakeStore): void {
  describe(`the turn store ${name}`, () => {
    const at = useStore(makeStore);

    it("gives a turn to 1 of 10 that ask at once, without any session", async () => {
      const asked = Array.from({ length: 10 }, (_, index) =>
        at.store.turns.take("configuration", `pod-${index}`, MINUTE_MS),
      );
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
    });

    it("keeps turns of 2 names apart", async () => {
      expect(await at.store.turns.take("one", "me", MINUTE_MS)).toBe(true);
      expect(await at.store.turns.take("two", "you", MINUTE_MS)).toBe(true);
      expect(await at.store.turns.holder("one")).toBe("me");
      expect(await at.store.turns.holder("two")).toBe("you");
      expect(await at.store.turns.holder("three")).toBeUndefined();
    });

    it("gives it to another once it has expired, not 1 ms before, and its holder prolongs it", async () => {
      await at.store.turns.take("one", "me", MINUTE_MS);
      at.nowMs = START_MS + MINUTE_MS - 1;
      expect(await at.store.turns.take("one", "you", MINUTE_MS)).toBe(false);
      expect(await at.store.turns.take("one", "me", MINUTE_MS)).toBe(true);
      at.nowMs += MINUTE_MS - 1;
      expect(await at.store.turns.take("one", "you", MINUTE_MS)).toBe(false);
      at.nowMs += 1;
      expect(await at.store.turns.holder("one")).toBeUndefined();
      expect(await at.store.turns.take("one", "you", MINUTE_MS)).toBe(true);
    });

    it("is given back by its holder, and by nobody else", async () => {
      await at.store.turns.take("one", "me", MINUTE_MS);
      await at.store.turns.release("one", "you");
      expect(await at.store.turns.holder("one")).toBe("me");
      await at.store.turns.release("one", "me");
      expect(await at.store.turns.holder("one")).toBeUndefined();
    });
  });
}
