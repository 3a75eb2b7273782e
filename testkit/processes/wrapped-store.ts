import type { Store } from "../../runtime/store/store.ts";

const SUBJECTS = ["sessions", "leases", "pods", "bus", "secrets", "turns", "limits"] as const;

/** Does an operation of a store, such as `sessions.load`, or does something before it. */
export type Around = (operation: string, run: () => unknown) => unknown;

/** The store, with something around each of its operations; to `watch` is none. */
export function wrapOperations(store: Store, around: Around): Store {
  const wrapped = SUBJECTS.map((name) => [name, wrapSubject(name, store[name], around)]);
  return withMembers(store, Object.fromEntries(wrapped));
}

function wrapSubject<T extends object>(subject: string, target: T, around: Around): T {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      const run = (...args: unknown[]): unknown => Reflect.apply(member, target, args);
      if (name === "watch") return run;
      return (...args: unknown[]): unknown =>
        around(`${subject}.${String(name)}`, () => run(...args));
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
