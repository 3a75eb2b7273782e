import type { Store } from "../../runtime/store/store.ts";

const SUBJECTS = ["sessions", "leases", "pods", "bus", "secrets"] as const;

/** The store, and the names of all operations asked of it, in order, such as `sessions.load`; to `watch` is none. */
export function countOperations(store: Store): { store: Store; operations: string[] } {
  const operations: string[] = [];
  const counted = SUBJECTS.map((name) => [name, countedSubject(name, store[name], operations)]);
  return { store: withMembers(store, Object.fromEntries(counted)), operations };
}

function countedSubject<T extends object>(subject: string, target: T, operations: string[]): T {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        if (name !== "watch") operations.push(`${subject}.${String(name)}`);
        return Reflect.apply(member, target, args);
      };
    },
  });
}

function withMembers(store: Store, members: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name in members) return Reflect.get(members, name);
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
