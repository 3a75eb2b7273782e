import { expect, it } from "vitest";
import { MemoryStore } from "../../runtime/sessions/memory-store.ts";
import { describeSessionStore, sessionRecord } from "./session-store-suite.ts";

describeSessionStore("in memory", (now) => new MemoryStore(now));

it("holds 0 sessions after it was closed", async () => {
  const store = new MemoryStore(() => 0);
  await store.create(sessionRecord("a"), { maxSessions: 1 });
  await store.close();
  expect(await store.count()).toBe(0);
  expect(await store.load("a")).toBeUndefined();
});
