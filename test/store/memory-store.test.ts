import { expect, it } from "vitest";
import { MemoryStore } from "../../runtime/store/memory/memory-store.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";
import { describeStore } from "./store-suite.ts";

describeStore("in memory", (now) => new MemoryStore(now));

it("holds 0 sessions after it was closed", async () => {
  const store = new MemoryStore(() => 0);
  await store.sessions.create(sessionRecord("a"), { maxSessions: 1 });
  await store.close();
  expect(await store.sessions.count()).toBe(0);
  expect(await store.sessions.load("a")).toBeUndefined();
});
