import type { Store } from "../../runtime/store/store.ts";
import { wrapOperations } from "./wrapped-store.ts";

/** The store, and the names of all operations asked of it, in order, such as `sessions.load`; to `watch` is none. */
export function countOperations(store: Store): { store: Store; operations: string[] } {
  const operations: string[] = [];
  const counted = wrapOperations(store, (operation, run) => {
    operations.push(operation);
    return run();
  });
  return { store: counted, operations };
}
