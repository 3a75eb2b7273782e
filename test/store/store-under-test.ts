import { beforeEach } from "vitest";
import type { SessionRecord } from "../../runtime/sessions/session-record.ts";
import type { Creation } from "../../runtime/sessions/session-store.ts";
import type { Store } from "../../runtime/store/store.ts";
import { START_MS } from "../../testkit/processes/session-record.ts";

export const MINUTE_MS = 60_000;

/** Makes an empty store that reads the time from `now`. */
export type MakeStore = (now: () => number) => Store | Promise<Store>;

/** An empty store for every test of a suite, and its time. */
export interface StoreUnderTest {
  readonly store: Store;
  nowMs: number;
  /** Goes to so many minutes after the start. */
  afterMinutes(minutes: number): void;
  create(record: SessionRecord, maxSessions?: number): Promise<Creation>;
}

export function useStore(makeStore: MakeStore): StoreUnderTest {
  let store: Store | undefined;
  const under: StoreUnderTest = {
    nowMs: START_MS,
    get store() {
      if (store === undefined) throw new Error("the store is there within a test only");
      return store;
    },
    afterMinutes: (minutes) => {
      under.nowMs = START_MS + minutes * MINUTE_MS;
    },
    create: (record, maxSessions = 100) => under.store.sessions.create(record, { maxSessions }),
  };
  beforeEach(async () => {
    under.nowMs = START_MS;
    store = await makeStore(() => under.nowMs);
    return () => store?.close();
  });
  return under;
}
