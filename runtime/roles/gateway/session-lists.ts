import { LRUCache } from "lru-cache";
import { SingleFlight } from "../../async/single-flight.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { ListReadings } from "../../catalog/list-readings.ts";
import type { FleetError } from "../../wire/fleet-error.ts";
import type { ListName } from "../../wire/methods.ts";

/** What a session has of its own, and what that was merged with. */
export interface SessionLists {
  /** By the backend's name. */
  readonly own: Map<string, ListReadings>;
  /** When each list was asked for last. */
  readonly triedAtMs: Map<ListName, number>;
  /** One reading of a list of a backend at a time: who comes meanwhile gets what it finds. */
  readonly reading: SingleFlight<string, void>;
  /** Those that took longer than anybody waits: nobody does until they have been read. */
  readonly slow: Set<string>;
  /** By the backend's name: why a list could not be read last, where the fleet has an answer of its own for that. */
  readonly failures: Map<string, FleetError>;
  /** Lists were read since. */
  isStale: boolean;
  merged: { readonly shared: Catalog; readonly catalog: Catalog } | undefined;
}

/** One that has read nothing. */
const EMPTY_BYTES = 1024;

/**
 * The lists that sessions have of their own, within one budget of bytes for all of them. Those that were used longest ago
 * give way: their session reads its lists again when it asks.
 */
export class SessionListCache {
  readonly #maxBytes: number;
  /** By the session's key. */
  readonly #lists: LRUCache<string, SessionLists>;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#lists = new LRUCache({ maxSize: maxBytes, sizeCalculation: sizeOf });
  }

  /** What is held right now, as it is counted. */
  get bytes(): number {
    return this.#lists.calculatedSize;
  }

  /** Those of a session; empty ones, where there are none or none any more. */
  of(key: string): SessionLists {
    const present = this.#lists.get(key);
    if (present !== undefined) return present;
    const lists = {
      own: new Map(),
      triedAtMs: new Map(),
      reading: new SingleFlight<string, void>(),
      slow: new Set<string>(),
      failures: new Map<string, FleetError>(),
      isStale: true,
      merged: undefined,
    };
    this.#lists.set(key, lists);
    return lists;
  }

  /** Counts those of a session again, which have changed. Where they alone are too long, nothing is kept. */
  keep(key: string, lists: SessionLists): void {
    this.#lists.delete(key);
    if (sizeOf(lists) <= this.#maxBytes) this.#lists.set(key, lists);
  }

  delete(key: string): void {
    this.#lists.delete(key);
  }
}

function sizeOf({ own, merged }: SessionLists): number {
  const ownBytes = [...own.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  return EMPTY_BYTES + ownBytes + (merged?.catalog.bytes ?? 0);
}
