import { describe, expect, it } from "vitest";
import type { FleetChange } from "../../runtime/fleet/fleet-bus.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";
import { type MakeStore, useStore } from "./store-under-test.ts";

/** What every bus of a fleet keeps to. */
export function describeFleetBus(name: string, makeStore: MakeStore): void {
  describe(`the fleet bus ${name}`, () => {
    const at = useStore(makeStore);

    const watched = () => {
      const changes: FleetChange[] = [];
      const stop = at.store.bus.watch((change) => changes.push(change));
      return { changes, stop };
    };

    const upstream = { sessionId: "u", protocol: "2025-11-25", epoch: 1 };

    it("tells all 2 watchers of a changed record as it stands afterwards", async () => {
      await at.create(sessionRecord("a"));
      const watchers = [watched(), watched()];
      const record = await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream);
      for (const { changes } of watchers) {
        await expect.poll(() => changes).toEqual([{ kind: "changed", record }]);
      }
    });

    it("tells of an end and of an expiry, once each", async () => {
      await at.create(sessionRecord("a"));
      await at.create(sessionRecord("b"));
      const { changes } = watched();
      await at.store.sessions.end(sessionRecord("a"));
      await at.store.sessions.end(sessionRecord("a"));
      at.afterMinutes(31);
      await at.store.sessions.takeExpired(100);
      await at.store.sessions.takeExpired(100);
      const ended = ["a", "b"].map((key) => ({ kind: "ended", key }));
      await expect.poll(() => changes).toEqual(ended);
    });

    it("tells 2 watchers of a cancellation, once each, and of none in a session that ended", async () => {
      await at.create(sessionRecord("a"));
      const watchers = [watched(), watched()];
      await at.store.bus.cancel("a", '"first"');
      await at.store.sessions.end(sessionRecord("a"));
      await at.store.bus.cancel("a", "2");
      await at.store.bus.cancel("nobody", "3");
      await at.create(sessionRecord("b"));
      const record = await at.store.sessions.setLogLevel("b", "info");
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
      await at.store.bus.listsChanged("view", "files");
      for (const { changes } of watchers) {
        const told = [{ kind: "lists", view: "view", backend: "files" }];
        await expect.poll(() => changes).toEqual(told);
      }
    });

    it("says nothing of a write that changed nothing, nor to whoever stopped", async () => {
      await at.create(sessionRecord("a"));
      await at.store.sessions.setUpstream(sessionRecord("a"), "one", { ...upstream, epoch: 2 });
      const stopped = watched();
      const { changes } = watched();
      stopped.stop();
      await at.store.sessions.setUpstream(sessionRecord("a"), "one", upstream);
      await at.store.sessions.setLogLevel("nobody", "info");
      await at.store.sessions.end(sessionRecord("a"));
      await expect.poll(() => changes).toEqual([{ kind: "ended", key: "a" }]);
      expect(stopped.changes).toEqual([]);
    });
  });
}
