import { beforeEach, describe, expect, it } from "vitest";
import type { SessionRecord, UpstreamRecord } from "../../runtime/sessions/session-record.ts";
import type { SessionChange, SessionStore } from "../../runtime/sessions/session-store.ts";
import { START_MS, sessionRecord } from "../../testkit/processes/session-record.ts";

const MINUTE_MS = 60_000;

/** What every session store keeps to. `makeStore` makes an empty one that reads the time from `now`. */
export function describeSessionStore(
  name: string,
  makeStore: (now: () => number) => SessionStore | Promise<SessionStore>,
): void {
  describe(`the session store ${name}`, () => {
    let nowMs: number;
    let store: SessionStore;

    beforeEach(async () => {
      nowMs = START_MS;
      store = await makeStore(() => nowMs);
      return () => store.close();
    });

    const create = (record: SessionRecord, maxSessions = 100) =>
      store.create(record, { maxSessions });

    const afterMinutes = (minutes: number) => {
      nowMs = START_MS + minutes * MINUTE_MS;
    };

    describe("records", () => {
      it("loads what was created, field by field", async () => {
        const record = sessionRecord("a", { logLevel: "info", lifetimeEndsAtMs: START_MS * 2 });
        expect(await create(record)).toBe("created");
        expect(await store.load("a")).toEqual(record);
      });

      it("keeps 2 sessions apart", async () => {
        await create(sessionRecord("a"));
        await create(sessionRecord("b", { owner: "somebody" }));
        await store.setLogLevel("a", "debug");
        expect(await store.load("a")).toMatchObject({ owner: "anonymous", logLevel: "debug" });
        expect(await store.load("b")).toEqual(sessionRecord("b", { owner: "somebody" }));
      });

      it("answers undefined or false for a session that it never saw", async () => {
        const upstream = { sessionId: "u", protocol: "2025-11-25", epoch: 1 };
        const subscription = { backend: "one", uri: "file:///a" };
        expect(await store.load("nobody")).toBeUndefined();
        expect(await store.touch("nobody", START_MS + MINUTE_MS)).toBe(false);
        expect(await store.setLogLevel("nobody", "info")).toBeUndefined();
        expect(await store.subscribe("nobody", subscription)).toBeUndefined();
        expect(await store.unsubscribe("nobody", subscription)).toBeUndefined();
        expect(await store.setUpstream("nobody", "one", upstream)).toBeUndefined();
        expect(await store.lease("nobody", "open:one", "me", MINUTE_MS)).toBe(false);
        expect(await store.end("nobody")).toBeUndefined();
        await expect(store.release("nobody", "open:one", "me")).resolves.toBeUndefined();
        expect(await store.count()).toBe(0);
      });

      it("answers the same for a session that expired 1 ms ago and was not reaped yet", async () => {
        await create(sessionRecord("a"));
        nowMs = START_MS + 30 * MINUTE_MS + 1;
        expect(await store.load("a")).toBeUndefined();
        expect(await store.touch("a", nowMs + MINUTE_MS)).toBe(false);
        expect(await store.setLogLevel("a", "info")).toBeUndefined();
        expect(await store.lease("a", "open:one", "me", MINUTE_MS)).toBe(false);
        expect(await store.end("a")).toBeUndefined();
      });

      it("replaces the log level", async () => {
        await create(sessionRecord("a"));
        await store.setLogLevel("a", "debug");
        expect(await store.setLogLevel("a", "error")).toMatchObject({ logLevel: "error" });
        expect(await store.load("a")).toMatchObject({ logLevel: "error" });
      });
    });

    describe("expiry", () => {
      it("holds a session until 1 ms before its expiry", async () => {
        await create(sessionRecord("a"));
        nowMs = START_MS + 30 * MINUTE_MS - 1;
        expect(await store.load("a")).toBeDefined();
        nowMs += 1;
        expect(await store.load("a")).toBeUndefined();
      });

      it("moves the expiry with a touch", async () => {
        await create(sessionRecord("a"));
        expect(await store.touch("a", START_MS + 50 * MINUTE_MS)).toBe(true);
        afterMinutes(49);
        expect(await store.load("a")).toMatchObject({ expiresAtMs: START_MS + 50 * MINUTE_MS });
      });

      it("never moves the expiry backwards", async () => {
        await create(sessionRecord("a"));
        expect(await store.touch("a", START_MS + MINUTE_MS)).toBe(true);
        expect(await store.load("a")).toMatchObject({ expiresAtMs: START_MS + 30 * MINUTE_MS });
      });

      it("never moves the expiry beyond the end of the lifetime", async () => {
        const lifetimeEndsAtMs = START_MS + 40 * MINUTE_MS;
        await create(sessionRecord("a", { lifetimeEndsAtMs }));
        expect(await store.touch("a", START_MS + 60 * MINUTE_MS)).toBe(true);
        expect(await store.load("a")).toMatchObject({ expiresAtMs: lifetimeEndsAtMs });
        afterMinutes(40);
        expect(await store.load("a")).toBeUndefined();
      });

      it("gives each of 10 expired sessions to one caller, with what was opened for it", async () => {
        const upstreams = { one: { sessionId: "u", protocol: "2025-11-25", epoch: 1 } };
        for (let index = 0; index < 10; index += 1) {
          await create(sessionRecord(`old-${index}`, { upstreams }));
        }
        await create(sessionRecord("young", { expiresAtMs: START_MS + 60 * MINUTE_MS }));
        expect(await store.takeExpired(100)).toEqual([]);
        afterMinutes(31);
        const taken = (await Promise.all([1, 2, 3].map(() => store.takeExpired(4)))).flat();
        expect(taken.map(({ key }) => key).sort()).toEqual(
          Array.from({ length: 10 }, (_, index) => `old-${index}`),
        );
        expect(taken.every((record) => record.upstreams.one?.sessionId === "u")).toBe(true);
        expect(await store.takeExpired(100)).toEqual([]);
        expect(await store.load("young")).toBeDefined();
      });

      it("takes no more than 3 of 5 at a time", async () => {
        for (const key of ["a", "b", "c", "d", "e"]) await create(sessionRecord(key));
        afterMinutes(31);
        expect(await store.takeExpired(3)).toHaveLength(3);
        expect(await store.takeExpired(3)).toHaveLength(2);
      });
    });

    describe("capacity", () => {
      it("refuses the 3rd session of 2 and writes nothing of it", async () => {
        expect(await create(sessionRecord("a"), 2)).toBe("created");
        expect(await create(sessionRecord("b"), 2)).toBe("created");
        expect(await create(sessionRecord("c"), 2)).toBe("at-capacity");
        expect(await store.load("c")).toBeUndefined();
        expect(await store.count()).toBe(2);
      });

      it("has room again after a session ended", async () => {
        await create(sessionRecord("a"), 1);
        await store.end("a");
        expect(await create(sessionRecord("b"), 1)).toBe("created");
      });

      it("counts only live sessions: an expired one that was not reaped takes no room", async () => {
        await create(sessionRecord("a"), 1);
        afterMinutes(31);
        expect(await store.count()).toBe(0);
        const expiresAtMs = START_MS + 90 * MINUTE_MS;
        expect(await create(sessionRecord("b", { expiresAtMs }), 1)).toBe("created");
        expect(await create(sessionRecord("c", { expiresAtMs }), 1)).toBe("at-capacity");
      });

      it("lets exactly 5 of 20 in that come at once", async () => {
        const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
        const outcomes = await Promise.all(keys.map((key) => create(sessionRecord(key), 5)));
        expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(5);
        expect(await store.count()).toBe(5);
      });
    });

    describe("capacity of one owner", () => {
      const owned = (key: string, owner: string, maxPerOwner = 2) =>
        store.create(sessionRecord(key, { owner }), { maxSessions: 100, maxPerOwner });

      it("refuses the 3rd session of 2, writes nothing of it, and lets another owner in", async () => {
        expect(await owned("a", "alice")).toBe("created");
        expect(await owned("b", "alice")).toBe("created");
        expect(await owned("c", "alice")).toBe("owner-at-capacity");
        expect(await store.load("c")).toBeUndefined();
        expect(await owned("d", "bob")).toBe("created");
        expect(await store.count()).toBe(3);
      });

      it("has room again after 1 of 2 sessions ended", async () => {
        await owned("a", "alice");
        await owned("b", "alice");
        await store.end("a");
        expect(await owned("c", "alice")).toBe("created");
        expect(await owned("d", "alice")).toBe("owner-at-capacity");
      });

      it("counts only live sessions: 2 expired ones that were not reaped take no room", async () => {
        await owned("a", "alice");
        await owned("b", "alice");
        afterMinutes(31);
        const expiresAtMs = START_MS + 90 * MINUTE_MS;
        const young = sessionRecord("c", { owner: "alice", expiresAtMs });
        expect(await store.create(young, { maxSessions: 100, maxPerOwner: 1 })).toBe("created");
        expect(await store.takeExpired(100)).toHaveLength(2);
        expect(await owned("d", "alice", 1)).toBe("owner-at-capacity");
      });

      it("counts a session whose expiry was moved", async () => {
        await owned("a", "alice", 1);
        await store.touch("a", START_MS + 60 * MINUTE_MS);
        afterMinutes(31);
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
        expect(await store.create(record, full)).toBe("at-capacity");
      });
    });

    describe("subscriptions", () => {
      const one = { backend: "one", uri: "file:///a" };
      const other = { backend: "other", uri: "file:///a" };

      it("adds each of 2 once, in the order in which they came", async () => {
        await create(sessionRecord("a"));
        await store.subscribe("a", one);
        await store.subscribe("a", other);
        expect((await store.subscribe("a", other))?.subscriptions).toEqual([one, other]);
        expect((await store.load("a"))?.subscriptions).toEqual([one, other]);
      });

      it("removes 1 of 2 that differ in the backend alone", async () => {
        await create(sessionRecord("a", { subscriptions: [one, other] }));
        expect((await store.unsubscribe("a", one))?.subscriptions).toEqual([other]);
        expect((await store.unsubscribe("a", one))?.subscriptions).toEqual([other]);
      });
    });

    describe("backend sessions", () => {
      const upstream = (epoch: number, sessionId: string) => ({
        sessionId,
        protocol: "2025-11-25",
        epoch,
      });

      beforeEach(async () => {
        await create(sessionRecord("a"));
      });

      const standing = async () => (await store.load("a"))?.upstreams.one;

      it("keeps those of 2 backends apart", async () => {
        await store.setUpstream("a", "one", upstream(1, "u"));
        const record = await store.setUpstream("a", "two", upstream(7, "v"));
        expect(record?.upstreams).toEqual({ one: upstream(1, "u"), two: upstream(7, "v") });
      });

      it("lets epoch 2 supersede epoch 1", async () => {
        await store.setUpstream("a", "one", upstream(1, "u"));
        await store.setUpstream("a", "one", upstream(2, "v"));
        expect(await standing()).toEqual(upstream(2, "v"));
      });

      it("answers epoch 2 to whoever still writes epoch 1", async () => {
        await store.setUpstream("a", "one", upstream(2, "v"));
        const record = await store.setUpstream("a", "one", { ...upstream(1, "u"), lost: true });
        expect(record?.upstreams.one).toEqual(upstream(2, "v"));
        expect(await standing()).toEqual(upstream(2, "v"));
      });

      it("answers the first backend session to whoever opened another in the same epoch", async () => {
        await store.setUpstream("a", "one", upstream(1, "first"));
        const record = await store.setUpstream("a", "one", upstream(1, "second"));
        expect(record?.upstreams.one).toEqual(upstream(1, "first"));
        expect(await standing()).toEqual(upstream(1, "first"));
      });

      it("changes the same backend session within its epoch", async () => {
        await store.setUpstream("a", "one", { ...upstream(2, "u"), renewed: true });
        await store.setUpstream("a", "one", upstream(2, "u"));
        expect(await standing()).toEqual(upstream(2, "u"));
      });

      it("keeps a lost one lost within its epoch, until epoch 2", async () => {
        await store.setUpstream("a", "one", { ...upstream(1, "u"), lost: true });
        await store.setUpstream("a", "one", upstream(1, "u"));
        expect(await standing()).toEqual({ ...upstream(1, "u"), lost: true });
        await store.setUpstream("a", "one", upstream(2, "v"));
        expect(await standing()).toEqual(upstream(2, "v"));
      });

      it("does the same for a backend that keeps no sessions", async () => {
        const sessionless = { protocol: "2025-11-25", epoch: 1 };
        await store.setUpstream("a", "one", sessionless);
        expect(await standing()).toEqual(sessionless);
        await store.setUpstream("a", "one", { ...sessionless, lost: true });
        expect(await standing()).toEqual({ ...sessionless, lost: true });
      });

      it("lets 1 of 10 win that write the same epoch at once, and tells all 10 which", async () => {
        const writes = Array.from({ length: 10 }, (_, index) =>
          store.setUpstream("a", "one", upstream(1, `u-${index}`)),
        );
        const answers = (await Promise.all(writes)).map((record) => record?.upstreams.one);
        const winner = await standing();
        expect(answers).toEqual(Array.from({ length: 10 }, () => winner));
      });
    });

    describe("leases", () => {
      beforeEach(async () => {
        await create(sessionRecord("a"));
        await create(sessionRecord("b"));
      });

      it("gives a lease to 1 of 10 that ask at once", async () => {
        const asked = Array.from({ length: 10 }, (_, index) =>
          store.lease("a", "open:one", `pod-${index}`, MINUTE_MS),
        );
        expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
      });

      it("keeps purposes and sessions apart", async () => {
        expect(await store.lease("a", "open:one", "me", MINUTE_MS)).toBe(true);
        expect(await store.lease("a", "open:two", "you", MINUTE_MS)).toBe(true);
        expect(await store.lease("b", "open:one", "you", MINUTE_MS)).toBe(true);
      });

      it("gives it to another once it has expired, not 1 ms before", async () => {
        await store.lease("a", "open:one", "me", MINUTE_MS);
        nowMs = START_MS + MINUTE_MS - 1;
        expect(await store.lease("a", "open:one", "you", MINUTE_MS)).toBe(false);
        nowMs += 1;
        expect(await store.lease("a", "open:one", "you", MINUTE_MS)).toBe(true);
        expect(await store.lease("a", "open:one", "me", MINUTE_MS)).toBe(false);
      });

      it("is prolonged by its holder", async () => {
        await store.lease("a", "open:one", "me", 2 * MINUTE_MS);
        afterMinutes(1);
        expect(await store.lease("a", "open:one", "me", 2 * MINUTE_MS)).toBe(true);
        afterMinutes(2.5);
        expect(await store.lease("a", "open:one", "you", MINUTE_MS)).toBe(false);
      });

      it("is free at once when its holder releases it", async () => {
        await store.lease("a", "open:one", "me", MINUTE_MS);
        await store.release("a", "open:one", "me");
        expect(await store.lease("a", "open:one", "you", MINUTE_MS)).toBe(true);
      });

      it("is not released by anybody else", async () => {
        await store.lease("a", "open:one", "me", MINUTE_MS);
        await store.release("a", "open:one", "you");
        expect(await store.lease("a", "open:one", "you", MINUTE_MS)).toBe(false);
      });

      it("ends with its session", async () => {
        await store.lease("a", "open:one", "me", MINUTE_MS);
        await store.end("a");
        await create(sessionRecord("a"));
        expect(await store.lease("a", "open:one", "you", MINUTE_MS)).toBe(true);
      });
    });

    describe("the end", () => {
      it("answers the record to 1 of 10 that end the session at once", async () => {
        await create(sessionRecord("a"));
        await store.setUpstream("a", "one", { sessionId: "u", protocol: "2025-11-25", epoch: 1 });
        const ends = await Promise.all(Array.from({ length: 10 }, () => store.end("a")));
        const records = ends.filter((record) => record !== undefined);
        expect(records).toHaveLength(1);
        expect(records[0]?.upstreams.one?.sessionId).toBe("u");
      });

      it("is final: nothing of the session can be read or written", async () => {
        await create(sessionRecord("a"));
        await store.end("a");
        expect(await store.load("a")).toBeUndefined();
        expect(await store.touch("a", START_MS + 60 * MINUTE_MS)).toBe(false);
        expect(await store.setLogLevel("a", "info")).toBeUndefined();
        expect(await store.count()).toBe(0);
        afterMinutes(31);
        expect(await store.takeExpired(100)).toEqual([]);
      });
    });

    describe("watching", () => {
      const watched = () => {
        const changes: SessionChange[] = [];
        const stop = store.watch((change) => changes.push(change));
        return { changes, stop };
      };

      const upstream = { sessionId: "u", protocol: "2025-11-25", epoch: 1 };

      it("tells all 2 watchers of a changed record as it stands afterwards", async () => {
        await create(sessionRecord("a"));
        const watchers = [watched(), watched()];
        const record = await store.setUpstream("a", "one", upstream);
        for (const { changes } of watchers) {
          await expect.poll(() => changes).toEqual([{ kind: "changed", record }]);
        }
      });

      it("tells of an end and of an expiry, once each", async () => {
        await create(sessionRecord("a"));
        await create(sessionRecord("b"));
        const { changes } = watched();
        await store.end("a");
        await store.end("a");
        afterMinutes(31);
        await store.takeExpired(100);
        await store.takeExpired(100);
        const ended = ["a", "b"].map((key) => ({ kind: "ended", key }));
        await expect.poll(() => changes).toEqual(ended);
      });

      it("tells 2 watchers of a cancellation, once each, and of none in a session that ended", async () => {
        await create(sessionRecord("a"));
        const watchers = [watched(), watched()];
        await store.cancel("a", '"first"');
        await store.end("a");
        await store.cancel("a", "2");
        await store.cancel("nobody", "3");
        await create(sessionRecord("b"));
        const record = await store.setLogLevel("b", "info");
        for (const { changes } of watchers) {
          await expect
            .poll(() => changes)
            .toEqual([
              { kind: "cancelled", key: "a", idText: '"first"' },
              { kind: "ended", key: "a" },
              { kind: "changed", record },
            ]);
        }
      });

      it("tells 2 watchers of lists that changed at a backend, once each", async () => {
        const watchers = [watched(), watched()];
        await store.listsChanged("view", "files");
        for (const { changes } of watchers) {
          const told = [{ kind: "lists", view: "view", backend: "files" }];
          await expect.poll(() => changes).toEqual(told);
        }
      });

      it("says nothing of a write that changed nothing, nor to whoever stopped", async () => {
        await create(sessionRecord("a"));
        await store.setUpstream("a", "one", { ...upstream, epoch: 2 });
        const stopped = watched();
        const { changes } = watched();
        stopped.stop();
        await store.setUpstream("a", "one", upstream);
        await store.setLogLevel("nobody", "info");
        await store.end("a");
        await expect.poll(() => changes).toEqual([{ kind: "ended", key: "a" }]);
        expect(stopped.changes).toEqual([]);
      });
    });

    describe("pods", () => {
      const PODS = ["counter-0", "counter-1", "counter-2"];
      const upstreamAt = (pod: string, changes: Partial<UpstreamRecord> = {}) => ({
        sessionId: "u",
        protocol: "2025-11-25",
        epoch: 1,
        pod,
        ...changes,
      });
      const counts = () => store.podSessions("one", PODS);

      it("get 300 sessions that are pinned at once 100 each, low ordinals first", async () => {
        const keys = Array.from({ length: 300 }, (_, index) => `session-${index}`);
        await Promise.all(keys.map((key) => create(sessionRecord(key), 1000)));
        expect(await store.pin("session-0", "one", PODS)).toBe("counter-0");
        await Promise.all(keys.map((key) => store.pin(key, "one", PODS)));
        expect(await counts()).toEqual([100, 100, 100]);
      });

      it("count a session once per backend, where it was pinned last", async () => {
        await create(sessionRecord("a"));
        await store.pin("a", "one", ["counter-0"]);
        await store.pin("a", "one", ["counter-1"]);
        await store.pin("a", "two", ["counter-1"]);
        expect(await counts()).toEqual([0, 1, 0]);
        expect(await store.podSessions("two", PODS)).toEqual([0, 1, 0]);
        await store.setUpstream("a", "one", upstreamAt("counter-2"));
        expect(await counts()).toEqual([0, 0, 1]);
        expect(await store.sessionsOn("one", "counter-2", 10)).toEqual(["a"]);
      });

      it("count a session no longer that they have lost, until it is opened again", async () => {
        await create(sessionRecord("a"));
        await store.setUpstream("a", "one", upstreamAt("counter-0"));
        await store.setUpstream("a", "one", upstreamAt("counter-0", { lost: true }));
        expect(await counts()).toEqual([0, 0, 0]);
        await store.setUpstream("a", "one", upstreamAt("counter-1", { epoch: 2 }));
        expect(await counts()).toEqual([0, 1, 0]);
      });

      it("count a session as long as it lives: touched, then expired, and another one until it ends", async () => {
        await create(sessionRecord("a"));
        await create(sessionRecord("b"));
        for (const key of ["a", "b"]) await store.pin(key, "one", ["counter-0"]);
        await store.touch("a", START_MS + 60 * MINUTE_MS);
        await store.end("b");
        expect(await counts()).toEqual([1, 0, 0]);
        afterMinutes(45);
        expect(await counts()).toEqual([1, 0, 0]);
        expect(await store.sessionsOn("one", "counter-0", 10)).toEqual(["a"]);
        afterMinutes(61);
        expect(await counts()).toEqual([0, 0, 0]);
        expect(await store.sessionsOn("one", "counter-0", 10)).toEqual([]);
        await store.takeExpired(10);
        expect(await counts()).toEqual([0, 0, 0]);
      });

      it("that drain get no session, and undefined is the answer where all 3 drain", async () => {
        await create(sessionRecord("a"));
        const changes: SessionChange[] = [];
        store.watch((change) => changes.push(change));
        await store.setDraining({ backend: "one", pod: "counter-0" }, true);
        expect(await store.draining()).toEqual([{ backend: "one", pod: "counter-0" }]);
        expect(changes).toEqual([{ kind: "drains" }]);
        expect(await store.pin("a", "one", PODS)).toBe("counter-1");
        expect(await store.pin("a", "two", PODS)).toBe("counter-0");
        for (const pod of PODS) await store.setDraining({ backend: "one", pod }, true);
        expect(await store.pin("a", "one", PODS)).toBeUndefined();
        await store.setDraining({ backend: "one", pod: "counter-2" }, false);
        expect(await store.pin("a", "one", PODS)).toBe("counter-2");
      });

      it("get no session that is not there, or where no pod is named", async () => {
        expect(await store.pin("nobody", "one", PODS)).toBeUndefined();
        await create(sessionRecord("a"));
        expect(await store.pin("a", "one", [])).toBeUndefined();
        expect(await counts()).toEqual([0, 0, 0]);
      });

      it("keep a session that is moving in their count, and its mark comes and goes within 1 epoch", async () => {
        await create(sessionRecord("a"));
        await store.setUpstream("a", "one", upstreamAt("counter-0"));
        const moving = upstreamAt("counter-0", { moving: true });
        expect((await store.setUpstream("a", "one", moving))?.upstreams.one).toEqual(moving);
        const staying = upstreamAt("counter-0");
        expect((await store.setUpstream("a", "one", staying))?.upstreams.one).toEqual(staying);
        expect(await counts()).toEqual([1, 0, 0]);
      });

      it("are held by whoever has a lease that begins so, and has not let it run out", async () => {
        await create(sessionRecord("a"));
        expect(await store.leased("a", "busy:one:")).toBe(false);
        await store.lease("a", "busy:one:me", "me", MINUTE_MS);
        await store.lease("a", "busy:two:me", "me", MINUTE_MS * 2);
        expect(await store.leased("a", "busy:one:")).toBe(true);
        afterMinutes(1.5);
        expect(await store.leased("a", "busy:one:")).toBe(false);
        expect(await store.leased("a", "busy:two:")).toBe(true);
        await store.release("a", "busy:two:me", "me");
        expect(await store.leased("a", "busy:")).toBe(false);
      });
    });
  });
}
