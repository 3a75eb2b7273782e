import type { SessionStore } from "../../runtime/sessions/session-store.ts";

/** The store, and the names of all operations asked of it, in order; `watch` and `close` are none. */
export function countOperations(store: SessionStore): {
  store: SessionStore;
  operations: string[];
} {
  const operations: string[] = [];
  const counted = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        if (name !== "watch" && name !== "close") operations.push(String(name));
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { store: counted, operations };
}
