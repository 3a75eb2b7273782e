import type { SessionRecord } from "../sessions/session-record.ts";

/** What a process did that every other one has to hear of. */
export type FleetChange =
  | { readonly kind: "ended"; readonly key: string }
  | { readonly kind: "changed"; readonly record: SessionRecord }
  /** The client does not wait any more for its request with this id (JSON text), wherever that runs. */
  | { readonly kind: "cancelled"; readonly key: string; readonly idText: string }
  /** The sessions of a view see other lists of a backend. */
  | { readonly kind: "lists"; readonly view: string; readonly backend: string }
  /** Which pods drain is not what it was. */
  | { readonly kind: "drains" }
  /** Changes may have been missed: nothing that is held is certain until it is loaded again. */
  | { readonly kind: "gap" }
  /**
   * The store came back empty. Whoever holds sessions hands them to `restore`, which leaves alone what another process
   * restored first.
   */
  | { readonly kind: "emptied"; restore(record: SessionRecord): Promise<void> };

/** What the processes of a fleet tell each other. It keeps nothing. */
export interface FleetBus {
  /** How long ago it was last certain that nothing that others did has been missed, in milliseconds. */
  readonly silentMs: number;

  /**
   * Says that a client has cancelled a request. Of a session that is not there, nobody hears.
   *
   * @throws STORE_UNAVAILABLE.
   */
  cancel(key: string, idText: string): Promise<void>;

  /**
   * Says that a backend has other lists for a view.
   *
   * @throws STORE_UNAVAILABLE.
   */
  listsChanged(view: string, backend: string): Promise<void>;

  /** Calls `listener` for every change from now on, this process's own included. Returns what stops it. */
  watch(listener: (change: FleetChange) => void): () => void;
}
