import { beforeEach, describe, expect, it } from "vitest";
import { START_MS, sessionRecord } from "../../testkit/processes/session-record.ts";
import { type MakeStore, MINUTE_MS, useStore } from "./store-under-test.ts";

/** What every session store keeps to. */
export function describeSessionStore(name: string, makeStore: MakeStore): void {
  describe(`the session store ${name}`, () => {
    const at = useStore(makeStore);

    describe("records", () => {
      it("loads what was created, field by field", async () => {
        const record = sessionRecord("a", { logLevel: "info", lifetimeEndsAtMs: START_MS * 2 });
        expect(await at.create(record)).toBe("created");
        expect(await at.store.sessions.load("a")).toEqual(record);
      });

      it("keeps 2 sessions apart", async () => {
        await at.create(sessionRecord("a"));
        await at.create(sessionRecord("b", { owner: "somebody" }));
        await at.store.sessions.setLogLevel("a", "debug");
        expect(await at.store.sessions.load("a")).toMatchObject({
          owner: "anonymous",
          logLevel: "debug",
        });
        expect(await at.store.sessions.load("b")).toEqual(
          sessionRecord("b", { owner: "somebody" }),
        );
      });

      it("answers undefined or false for a session that it never saw", async () => {
        const upstream = { sessionId: "u", protocol: "2025-11-25", epoch: 1 };
        const subscription = { backend: "one", uri: "file:///a" };
        expect(await at.store.sessions.load("nobody")).toBeUndefined();
        expect(await at.store.sessions.touch(sessionRecord("nobody"), START_MS + MINUTE_MS)).toBe(
          false,
        );
        expect(await at.store.sessions.setLogLevel("nobody", "info")).toBeUndefined();
        expect(await at.store.sessions.subscribe("nobody", subscription)).toBeUndefined();
        expect(await at.store.sessions.unsubscribe("nobody", subscription)).toBeUndefined();
        expect(
          await at.store.sessions.setUpstream(sessionRecord("nobody"), "one", upstream),
        ).toBeUndefined();
        expect(await at.store.sessions.end(sessionRecord("nobody"))).toBeUndefined();
        expect(await at.store.sessions.count()).toBe(0);
      });

      it("answers the same for a session that expired 1 ms ago and was not reaped yet", async () => {
        await at.create(sessionRecord("a"));
        at.nowMs = START_MS + 30 * MINUTE_MS + 1;
        expect(await at.store.sessions.load("a")).toBeUndefined();
        expect(await at.store.sessions.touch(sessionRecord("a"), at.nowMs + MINUTE_MS)).toBe(false);
        expect(await at.store.sessions.setLogLevel("a", "info")).toBeUndefined();
        expect(await at.store.sessions.end(sessionRecord("a"))).toBeUndefined();
      });

      it("replaces the log level", async () => {
        await at.create(sessionRecord("a"));
        await at.store.sessions.setLogLevel("a", "debug");
        expect(await at.store.sessions.setLogLevel("a", "error")).toMatchObject({
          logLevel: "error",
        });
        expect(await at.store.sessions.load("a")).toMatchObject({ logLevel: "error" });
      });
    });

    describe("expiry", () => {
      it("holds a session until 1 ms before its expiry", async () => {
        await at.create(sessionRecord("a"));
        at.nowMs = START_MS + 30 * MINUTE_MS - 1;
        expect(await at.store.sessions.load("a")).toBeDefined();
        at.nowMs += 1;
        expect(await at.store.sessions.load("a")).toBeUndefined();
      });

      it("moves the expiry with a touch", async () => {
        await at.create(sessionRecord("a"));
        expect(await at.store.sessions.touch(sessionRecord("a"), START_MS + 50 * MINUTE_MS)).toBe(
          true,
        );
        at.afterMinutes(49);
        expect(await at.store.sessions.load("a")).toMatchObject({
          expiresAtMs: START_MS + 50 * MINUTE_MS,
        });
      });

      it("never moves the expiry backwards", async () => {
        await at.create(sessionRecord("a"));
        expect(await at.store.sessions.touch(sessionRecord("a"), START_MS + MINUTE_MS)).toBe(true);
        expect(await at.store.sessions.load("a")).toMatchObject({
          expiresAtMs: START_MS + 30 * MINUTE_MS,
        });
      });

      it("never moves the expiry beyond the end of the lifetime", async () => {
        const lifetimeEndsAtMs = START_MS + 40 * MINUTE_MS;
        await at.create(sessionRecord("a", { lifetimeEndsAtMs }));
        expect(await at.store.sessions.touch(sessionRecord("a"), START_MS + 60 * MINUTE_MS)).toBe(
          true,
        );
        expect(await at.store.sessions.load("a")).toMatchObject({ expiresAtMs: lifetimeEndsAtMs });
        at.afterMinutes(40);
        expect(await at.store.sessions.load("a")).toBeUndefined();
      });

      it("gives each of 10 expired sessions to one caller, with what was opened for it", async () => {
        const upstreams = { one: { sessionId: "u", protocol: "2025-11-25", epoch: 1 } };
        for (let index = 0; index < 10; index += 1) {
          await at.create(sessionRecord(`old-${index}`, { upstreams }));
        }
        await at.create(sessionRecord("young", { expiresAtMs: START_MS + 60 * MINUTE_MS }));
        expect(await at.store.sessions.takeExpired(100)).toEqual([]);
        at.afterMinutes(31);
        const taken = (
          await Promise.all([1, 2, 3].map(() => at.store.sessions.takeExpired(4)))
        ).flat();
        expect(taken.map(({ key }) => key).sort()).toEqual(
          Array.from({ length: 10 }, (_, index) => `old-${index}`),
        );
        expect(taken.every((record) => record.upstreams.one?.sessionId === "u")).toBe(true);
        expect(await at.store.sessions.takeExpired(100)).toEqual([]);
        expect(await at.store.sessions.load("young")).toBeDefined();
      });

      it("takes no more than 3 of 5 at a time", async () => {
        for (const key of ["a", "b", "c", "d", "e"]) await at.create(sessionRecord(key));
        at.afterMinutes(31);
        expect(await at.store.sessions.takeExpired(3)).toHaveLength(3);
        expect(await at.store.sessions.takeExpired(3)).toHaveLength(2);
      });
    });

    describe("capacity", () => {
      it("refuses the 3rd session of 2 and writes nothing of it", async () => {
        expect(await at.create(sessionRecord("a"), 2)).toBe("created");
        expect(await at.create(sessionRecord("b"), 2)).toBe("created");
        expect(await at.create(sessionRecord("c"), 2)).toBe("at-capacity");
        expect(await at.store.sessions.load("c")).toBeUndefined();
        expect(await at.store.sessions.count()).toBe(2);
      });

      it("has room again after a session ended", async () => {
        await at.create(sessionRecord("a"), 1);
        await at.store.sessions.end(sessionRecord("a"));
        expect(await at.create(sessionRecord("b"), 1)).toBe("created");
      });

      it("counts only live sessions: an expired one that was not reaped takes no room", async () => {
        await at.create(sessionRecord("a"), 1);
        at.afterMinutes(31);
        expect(await at.store.sessions.count()).toBe(0);
        const expiresAtMs = START_MS + 90 * MINUTE_MS;
        expect(await at.create(sessionRecord("b", { expiresAtMs }), 1)).toBe("created");
        expect(await at.create(sessionRecord("c", { expiresAtMs }), 1)).toBe("at-capacity");
      });

      it("lets exactly 5 of 20 in that come at once", async () => {
        const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
        const outcomes = await Promise.all(keys.map((key) => at.create(sessionRecord(key), 5)));
        expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(5);
        expect(await at.store.sessions.count()).toBe(5);
      });
    });

    describe("sessions that nobody has used", () => {
      const unused = async (address: string, ...keys: string[]) => {
        for (const key of keys) {
          await at.create(sessionRecord(key, { unusedFrom: address, createdAtMs: at.nowMs }));
          at.nowMs += 1;
        }
      };
      const taken = async (limit: number, minMs = 0) =>
        (await at.store.sessions.takeUnused(limit, minMs)).map(({ key }) => key).sort();

      it("end at the address that has most of them, the oldest first, until the next has as many", async () => {
        await unused("192.0.2.1", "a", "b");
        await unused("192.0.2.2", "c", "d", "e", "f");
        expect(await taken(1)).toEqual(["c"]);
        expect(await taken(9)).toEqual(["d"]);
        expect(await at.store.sessions.load("d")).toBeUndefined();
        expect(await at.store.sessions.count()).toBe(4);
        for (let left = 4; left > 0; left -= 1) expect(await taken(9)).toHaveLength(1);
        expect(await taken(9)).toEqual([]);
      });

      it("stay once they are used, when they have ended, and where no address is known", async () => {
        await at.create(sessionRecord("nobody's"));
        await unused("192.0.2.1", "used", "ended", "left");
        const used = await at.store.sessions.load("used");
        expect(used).toMatchObject({ unusedFrom: "192.0.2.1" });
        if (used !== undefined) await at.store.sessions.use(used);
        expect(await at.store.sessions.load("used")).not.toHaveProperty("unusedFrom");
        await at.store.sessions.end(sessionRecord("ended"));
        expect(await taken(9)).toEqual(["left"]);
        expect(await taken(9)).toEqual([]);
        expect(await at.store.sessions.count()).toBe(2);
      });

      it("stay for 10 s, then end for one caller of 3, with what was opened for them", async () => {
        const upstreams = { one: { sessionId: "u", protocol: "2025-11-25", epoch: 1 } };
        await at.create(sessionRecord("a", { unusedFrom: "192.0.2.1", upstreams }));
        at.nowMs += 9_999;
        expect(await taken(9, 10_000)).toEqual([]);
        at.nowMs += 1;
        const ended = await Promise.all(
          [1, 2, 3].map(() => at.store.sessions.takeUnused(9, 10_000)),
        );
        expect(ended.flat()).toMatchObject([{ key: "a", owner: "anonymous", upstreams }]);
      });
    });

    describe("the sessions of one owner", () => {
      it("end 2 at a time until there are none, with what was opened for them, and another's stay", async () => {
        const upstreams = { one: { sessionId: "u", protocol: "2025-11-25", epoch: 1, pod: "p" } };
        for (const key of ["a", "b", "c"]) {
          await at.create(sessionRecord(key, { owner: "alice", upstreams }));
        }
        await at.create(sessionRecord("d", { owner: "bob" }));
        await at.store.sessions.end(sessionRecord("c", { owner: "alice", upstreams }));
        const first = await at.store.sessions.takeOwned("alice", 1);
        const second = await at.store.sessions.takeOwned("alice", 9);
        const ended = [...first, ...second];
        expect(ended.map(({ key }) => key).sort()).toEqual(["a", "b"]);
        expect(ended[0]).toMatchObject({ owner: "alice", upstreams });
        expect(await at.store.sessions.takeOwned("alice", 9)).toEqual([]);
        expect(await at.store.sessions.load("a")).toBeUndefined();
        expect(await at.store.sessions.load("d")).toMatchObject({ owner: "bob" });
        expect(await at.store.sessions.count()).toBe(1);
      });

      it("end for one caller of 3, and not once they have expired", async () => {
        await at.create(sessionRecord("a", { owner: "alice" }));
        await at.create(sessionRecord("b", { owner: "alice", expiresAtMs: at.nowMs + 1_000 }));
        at.nowMs += 2_000;
        const ended = await Promise.all(
          [1, 2, 3].map(() => at.store.sessions.takeOwned("alice", 9)),
        );
        expect(ended.flat()).toMatchObject([{ key: "a" }]);
        expect((await at.store.sessions.takeExpired(9)).map(({ key }) => key)).toEqual(["b"]);
      });
    });

    describe("capacity of one owner", () => {
      const owned = (key: string, owner: string, maxPerOwner = 2) =>
        at.store.sessions.create(sessionRecord(key, { owner }), { maxSessions: 100, maxPerOwner });

      it("refuses the 3rd session of 2, writes nothing of it, and lets another owner in", async () => {
        expect(await owned("a", "alice")).toBe("created");
        expect(await owned("b", "alice")).toBe("created");
        expect(await owned("c", "alice")).toBe("owner-at-capacity");
        expect(await at.store.sessions.load("c")).toBeUndefined();
        expect(await owned("d", "bob")).toBe("created");
        expect(await at.store.sessions.count()).toBe(3);
      });

      it("has room again after 1 of 2 sessions ended", async () => {
        await owned("a", "alice");
        await owned("b", "alice");
        await at.store.sessions.end(sessionRecord("a"));
        expect(await owned("c", "alice")).toBe("created");
        expect(await owned("d", "alice")).toBe("owner-at-capacity");
      });

      it("counts only live sessions: 2 expired ones that were not reaped take no room", async () => {
        await owned("a", "alice");
        await owned("b", "alice");
        at.afterMinutes(31);
        const expiresAtMs = START_MS + 90 * MINUTE_MS;
        const young = sessionRecord("c", { owner: "alice", expiresAtMs });
        expect(await at.store.sessions.create(young, { maxSessions: 100, maxPerOwner: 1 })).toBe(
          "created",
        );
        expect(await at.store.sessions.takeExpired(100)).toHaveLength(2);
        expect(await owned("d", "alice", 1)).toBe("owner-at-capacity");
      });

      it("counts a session whose expiry was moved", async () => {
        await owned("a", "alice", 1);
        await at.store.sessions.touch(sessionRecord("a"), START_MS + 60 * MINUTE_MS);
        at.afterMinutes(31);
        expect(await owned("b", "alice", 1)).toBe("owner-at-capacity");
      });

      it("lets exactly 5 of 20 in that come at once", async () => {
        const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
        const outcomes = await Promise.all(keys.map((key) => owned(key, "alice", 5)));
        expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(5);
      });

      it("says that the fleet is full where both caps are reached", async () => {
        await owned("a", "alice");
        const full = { maxSessions: 1, maxPerOwner: 1 };
        const record = sessionRecord("b", { owner: "alice" });
        expect(await at.store.sessions.create(record, full)).toBe("at-capacity");
      });
    });

    describe("subscriptions", () => {
      const one = { backend: "one", uri: "file:///a" };
      const other = { backend: "other", uri: "file:///a" };

      it("adds each of 2 once, in the order in which they came", async () => {
        await at.create(sessionRecord("a"));
        await at.store.sessions.subscribe("a", one);
        await at.store.sessions.subscribe("a", other);
        expect((await at.store.sessions.subscribe("a", other))?.subscriptions).toEqual([
          one,
          other,
        ]);
        expect((await at.store.sessions.load("a"))?.subscriptions).toEqual([one, other]);
      });

      it("removes 1 of 2 that differ in the backend alone", async () => {
        await at.create(sessionRecord("a", { subscriptions: [one, other] }));
        expect((await at.store.sessions.unsubscribe("a", one))?.subscriptions).toEqual([other]);
        expect((await at.store.sessions.unsubscribe("a", one))?.subscriptions).toEqual([other]);
      });
    });

    describe("backend sessions", () => {
      const upstream = (epoch: number, sessionId: string) => ({
        sessionId,
        protocol: "2025-11-25",
        epoch,
      });

      beforeEach(async () => {
        await at.create(sessionRecord("a"));
      });

      const standing = async () => (await at.store.sessions.load("a"))?.upstreams.one;

      it("keeps those of 2 backends apart", async () => {
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream(1, "u"));
        const record = await at.store.sessions.setUpstream(
          sessionRecord("a"),
          "two",
          upstream(7, "v"),
        );
        expect(record?.upstreams).toEqual({ one: upstream(1, "u"), two: upstream(7, "v") });
      });

      it("lets epoch 2 supersede epoch 1", async () => {
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream(1, "u"));
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream(2, "v"));
        expect(await standing()).toEqual(upstream(2, "v"));
      });

      it("answers epoch 2 to whoever still writes epoch 1", async () => {
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream(2, "v"));
        const record = await at.store.sessions.setUpstream(sessionRecord("a"), "one", {
          ...upstream(1, "u"),
          lost: true,
        });
        expect(record?.upstreams.one).toEqual(upstream(2, "v"));
        expect(await standing()).toEqual(upstream(2, "v"));
      });

      it("answers the first backend session to whoever opened another in the same epoch", async () => {
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream(1, "first"));
        const record = await at.store.sessions.setUpstream(
          sessionRecord("a"),
          "one",
          upstream(1, "second"),
        );
        expect(record?.upstreams.one).toEqual(upstream(1, "first"));
        expect(await standing()).toEqual(upstream(1, "first"));
      });

      it("changes the same backend session within its epoch", async () => {
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", {
          ...upstream(2, "u"),
          renewed: true,
        });
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream(2, "u"));
        expect(await standing()).toEqual(upstream(2, "u"));
      });

      it("keeps a lost one lost within its epoch, until epoch 2", async () => {
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", {
          ...upstream(1, "u"),
          lost: true,
        });
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream(1, "u"));
        expect(await standing()).toEqual({ ...upstream(1, "u"), lost: true });
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream(2, "v"));
        expect(await standing()).toEqual(upstream(2, "v"));
      });

      it("does the same for a backend that keeps no sessions", async () => {
        const sessionless = { protocol: "2025-11-25", epoch: 1 };
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", sessionless);
        expect(await standing()).toEqual(sessionless);
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", {
          ...sessionless,
          lost: true,
        });
        expect(await standing()).toEqual({ ...sessionless, lost: true });
      });

      it("lets 1 of 10 win that write the same epoch at once, and tells all 10 which", async () => {
        const writes = Array.from({ length: 10 }, (_, index) =>
          at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream(1, `u-${index}`)),
        );
        const answers = (await Promise.all(writes)).map((record) => record?.upstreams.one);
        const winner = await standing();
        expect(answers).toEqual(Array.from({ length: 10 }, () => winner));
      });
    });

    describe("the end", () => {
      it("answers the record to 1 of 10 that end the session at once", async () => {
        await at.create(sessionRecord("a"));
        await at.store.sessions.setUpstream(sessionRecord("a"), "one", {
          sessionId: "u",
          protocol: "2025-11-25",
          epoch: 1,
        });
        const ends = await Promise.all(
          Array.from({ length: 10 }, () => at.store.sessions.end(sessionRecord("a"))),
        );
        const records = ends.filter((record) => record !== undefined);
        expect(records).toHaveLength(1);
        expect(records[0]?.upstreams.one?.sessionId).toBe("u");
      });

      it("is final: nothing of the session can be read or written", async () => {
        await at.create(sessionRecord("a"));
        await at.store.sessions.end(sessionRecord("a"));
        expect(await at.store.sessions.load("a")).toBeUndefined();
        expect(await at.store.sessions.touch(sessionRecord("a"), START_MS + 60 * MINUTE_MS)).toBe(
          false,
        );
        expect(await at.store.sessions.setLogLevel("a", "info")).toBeUndefined();
        expect(await at.store.sessions.count()).toBe(0);
        at.afterMinutes(31);
        expect(await at.store.sessions.takeExpired(100)).toEqual([]);
      });
    });
  });
}
