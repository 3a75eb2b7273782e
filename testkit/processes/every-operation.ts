import type { Store } from "../../runtime/store/store.ts";
import { sessionRecord } from "./session-record.ts";

/** Has a store do everything that it can do on demand. Answers what went wrong, in the order of the operations. */
export async function useEveryOperation(store: Store): Promise<unknown[]> {
  const { sessions, leases, pods, bus, secrets, turns, limits } = store;
  const record = sessionRecord("a", { expiresAtMs: Date.now() + 600_000 });
  const upstream = { sessionId: "1", protocol: "2025-11-25", pod: "pod-0", epoch: 1 };
  const pod = { backend: "backend", pod: "pod-0" };
  const operations = [
    () => sessions.create(record, { maxSessions: 10, maxPerOwner: 10 }),
    () => sessions.create(record, { maxSessions: 10 }),
    () => sessions.load("a"),
    () => sessions.touch(record, Date.now()),
    () => sessions.setLogLevel("a", "info"),
    () => sessions.subscribe("a", { backend: "backend", uri: "file:///a" }),
    () => sessions.unsubscribe("a", { backend: "backend", uri: "file:///a" }),
    () => pods.pin(record, "backend", ["pod-0", "pod-1"]),
    () => sessions.setUpstream(record, "backend", upstream),
    () => pods.count("backend", ["pod-0"]),
    () => pods.sessionsOn("backend", "pod-0", 10),
    () => pods.setDraining(pod, true),
    () => pods.draining(),
    () => pods.setDraining(pod, false),
    () => leases.take("a", "move", "holder", 1_000),
    () => leases.holder("a", "move"),
    () => leases.isTaken("a", "move"),
    () => leases.release("a", "move", "holder"),
    () => bus.cancel("a", "1"),
    () => bus.listsChanged("view", "backend"),
    () => sessions.end(record),
    () => sessions.create({ ...record, key: "b", unusedFrom: "192.0.2.7" }, { maxSessions: 10 }),
    () => sessions.create({ ...record, key: "c", unusedFrom: "192.0.2.7" }, { maxSessions: 10 }),
    () => sessions.use({ ...record, key: "b" }),
    () => sessions.takeUnused(10, 0),
    () => sessions.takeOwned(record.owner, 10),
    () => sessions.takeExpired(10),
    () => sessions.count(),
    () => secrets.signingKey(),
    () => turns.take("one", "holder", 1_000),
    () => turns.holder("one"),
    () => turns.release("one", "holder"),
    () => limits.take([{ bucket: "one", tokens: 1_000, periodMs: 60_000, cost: 1 }]),
    () => limits.giveBack("one", { tokens: 1, slot: 1 }),
  ];
  const outcomes: unknown[] = [];
  for (const operation of operations) {
    outcomes.push(
      await operation().then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
  }
  return outcomes;
}
