import type { Logger } from "pino";
import type { FleetBus, FleetChange } from "../../fleet/fleet-bus.ts";
import type { SessionRecord } from "../../sessions/session-record.ts";
import { type ChangeListener, RedisChanges, type RedisChangesParts } from "./redis-changes.ts";
import type { RedisCommands } from "./redis-commands.ts";

export interface RedisBusParts extends Omit<RedisChangesParts, "listener" | "scriptArgs"> {
  readonly commands: RedisCommands;
  readonly log: Logger;
  /** Reads a record on the connection that this process writes on. */
  readonly load: (key: string) => Promise<SessionRecord | undefined>;
  /** The store came back empty. */
  readonly onEmptied: () => void;
}

/** What processes tell each other through one stream of Redis. */
export class RedisBus implements FleetBus {
  readonly #parts: RedisBusParts;
  readonly #changes: RedisChanges;
  readonly #listeners = new Set<(change: FleetChange) => void>();

  constructor(parts: RedisBusParts) {
    const { commands, onEmptied } = parts;
    const listener: ChangeListener = {
      changed: (ended, changed) => void this.#tellOthers(ended, changed),
      cancelled: (key, idText) => this.tell({ kind: "cancelled", key, idText }),
      listsChanged: (view, backend) => this.tell({ kind: "lists", view, backend }),
      drains: () => this.tell({ kind: "drains" }),
      missed: () => this.tell({ kind: "gap" }),
      emptied: onEmptied,
    };
    this.#parts = parts;
    this.#changes = new RedisChanges({
      ...parts,
      scriptArgs: () => commands.scriptArgs,
      listener,
    });
  }

  /** Resolves when the changes of other processes are heard here. */
  get opened(): Promise<void> {
    return this.#changes.opened;
  }

  get silentMs(): number {
    return this.#changes.silentMs;
  }

  async cancel(key: string, idText: string): Promise<void> {
    const told = await this.#parts.commands.ofSession("cancel", key, [idText]);
    if (told === 1) this.tell({ kind: "cancelled", key, idText });
  }

  async listsChanged(view: string, backend: string): Promise<void> {
    await this.#parts.commands.ofStore("lists-changed", [view, backend]);
    this.tell({ kind: "lists", view, backend });
  }

  watch(listener: (change: FleetChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells those who watch in this process. */
  tell(change: FleetChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  close(): void {
    this.#listeners.clear();
    this.#changes.close();
  }

  /**
   * The stream says only which sessions changed. Their records are read on the connection that this process
   * writes on, so that no older one follows upon the answer to a write.
   */
  async #tellOthers(ended: readonly string[], changed: readonly string[]): Promise<void> {
    for (const key of ended) this.tell({ kind: "ended", key });
    const loads = changed.map(async (key) => {
      const record = await this.#parts.load(key);
      if (record !== undefined) this.tell({ kind: "changed", record });
    });
    try {
      await Promise.all(loads);
    } catch (error) {
      this.#parts.log.warn({ error }, "changed sessions cannot be read");
      this.tell({ kind: "gap" });
    }
  }
}
