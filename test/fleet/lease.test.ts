import { pino } from "pino";
import { beforeEach, expect, it } from "vitest";

import { Lease } from "../../runtime/fleet/lease.ts";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import type { Store } from "../../runtime/store/store.ts";
import { countOperations } from "../../testkit/processes/counted-store.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";

const TTL_MS = 30;

let nowMs: number;
let store: Store;
let operations: string[];

beforeEach(async () => {
  nowMs = 0;
  ({ store, operations } = countOperations(new MemoryStore(() => nowMs)));
  await store.sessions.create(sessionRecord("a", { expiresAtMs: 60_000 }), { maxSessions: 1 });
});

function leaseOf(holder: string): Lease {
  const log = pino({ level: "silent" });
  return new Lease({
    leases: store.leases,
    log,
    key: "a",
    purpose: "open:one",
    holder,
    ttlMs: TTL_MS,
  });
}

it("is another's 30 ms after its holder was last heard of", async () => {
  expect(await leaseOf("killed").take()).toBe(true);
  nowMs = 29;
  expect(await leaseOf("other").take()).toBe(false);
  nowMs = 30;
  expect(await leaseOf("other").take()).toBe(true);
});

it("is kept for work that takes 60 ms, and another's once it is given back", async () => {
  const lease = leaseOf("one");
  expect(await lease.take()).toBe(true);
  const worked = lease.during(async () => {
    for (nowMs of [20, 40, 60]) {
      const before = operations.length;
      await expect.poll(() => operations.length).toBeGreaterThan(before);
      expect(await leaseOf("other").take()).toBe(false);
    }
    return "done";
  });
  expect(await worked).toBe("done");
  lease.release();
  expect(await leaseOf("other").take()).toBe(true);
});
