import type { FleetBus, FleetChange } from "../../fleet/fleet-bus.ts";
import type { MemoryRecords } from "./memory-records.ts";

/** The bus of processes that share their memory: tests have several. */
export class MemoryBus implements FleetBus {
  readonly silentMs = 0;
  readonly #records: MemoryRecords;

  constructor(records: MemoryRecords) {
    this.#records = records;
  }

  async cancel(key: string, idText: string): Promise<void> {
    if (this.#records.live(key) !== undefined) {
      this.#records.tell({ kind: "cancelled", key, idText });
    }
  }

  async listsChanged(view: string, backend: string): Promise<void> {
    this.#records.tell({ kind: "lists", view, backend });
  }

  watch(listener: (change: FleetChange) => void): () => void {
    return this.#records.watch(listener);
  }
}
