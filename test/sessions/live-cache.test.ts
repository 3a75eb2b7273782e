import { beforeEach, describe, expect, it } from "vitest";
import { LiveCache } from "../../runtime/sessions/live-cache.ts";
import { LiveSession } from "../../runtime/sessions/live-session.ts";
import { sessionRecord } from "../../testkit/processes/session-record.ts";

const session = (name: string) => new LiveSession(`id-${name}`, sessionRecord(`key-${name}`), 0);

describe("the live cache", () => {
  let evictions: number;
  let cache: LiveCache;

  beforeEach(() => {
    evictions = 0;
    cache = new LiveCache(1, () => {
      evictions += 1;
    });
  });

  it("holds 1 idle session of 2 where it has 1 entry, by id and by key", () => {
    const [a, b] = [session("a"), session("b")];
    cache.add(a);
    cache.add(b);
    expect(cache.get(a.id)).toBeUndefined();
    expect(cache.byKey(a.key)).toBeUndefined();
    expect(cache.get(b.id)).toBe(b);
    expect(cache.byKey(b.key)).toBe(b);
    expect([cache.size, cache.busy, evictions]).toEqual([1, 0, 1]);
  });

  it("evicts the one of 3 that was used longest ago", () => {
    const roomy = new LiveCache(2, () => {});
    const [a, b, c] = [session("a"), session("b"), session("c")];
    roomy.add(a);
    roomy.add(b);
    roomy.get(a.id);
    roomy.add(c);
    expect([...roomy.sessions()].map(({ id }) => id).sort()).toEqual([a.id, c.id]);
  });

  it("keeps 5 busy sessions beyond its 1 entry, and none of them once they are idle but the last", () => {
    const busy = ["a", "b", "c", "d", "e"].map(session);
    for (const one of busy) {
      cache.add(one);
      cache.hold(one);
    }
    for (let others = 0; others < 20; others += 1) cache.add(session(`other-${others}`));
    for (const one of busy) {
      expect(cache.get(one.id)).toBe(one);
      expect(cache.byKey(one.key)).toBe(one);
    }
    expect([cache.size, cache.busy]).toEqual([6, 5]);
    for (const one of busy) cache.release(one);
    expect([...cache.sessions()]).toEqual([busy.at(-1)]);
    expect([cache.size, cache.busy]).toEqual([1, 0]);
  });

  it("lets a session go after as many releases as holds", () => {
    const a = session("a");
    cache.add(a);
    cache.hold(a);
    cache.hold(a);
    cache.release(a);
    cache.add(session("b"));
    expect(cache.get(a.id)).toBe(a);
    cache.release(a);
    cache.release(a);
    expect([cache.size, cache.busy]).toEqual([1, 0]);
  });

  it("holds a session again that was evicted in between", () => {
    const a = session("a");
    cache.add(a);
    cache.add(session("b"));
    cache.hold(a);
    expect(cache.get(a.id)).toBe(a);
    expect(cache.byKey(a.key)).toBe(a);
  });

  it("forgets a busy session that is deleted, and its release brings it not back", () => {
    const a = session("a");
    cache.add(a);
    cache.hold(a);
    cache.delete(a);
    cache.release(a);
    expect(cache.get(a.id)).toBeUndefined();
    expect(cache.byKey(a.key)).toBeUndefined();
    expect([cache.size, cache.busy, evictions]).toEqual([0, 0, 0]);
  });

  it("holds 0 sessions after it was cleared", () => {
    const [a, b] = [session("a"), session("b")];
    cache.add(a);
    cache.hold(a);
    cache.add(b);
    cache.clear();
    expect(cache.size).toBe(0);
    expect(cache.byKey(a.key)).toBeUndefined();
  });
});
