import type { BackendSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Events } from "../sessions/events.ts";
import { Backend, type BackendParts } from "./backend.ts";

export interface BackendRegistryParts extends Omit<BackendParts, "settings"> {
  readonly events: Events;
  readonly log: Logger;
}

/** The backends that there are right now. What hangs on one comes and goes with it, by the events that say so. */
export class BackendRegistry {
  readonly #parts: BackendRegistryParts;
  readonly #backends = new Map<string, Backend>();
  #all: readonly Backend[] = [];
  /** Those that are going: calls in flight finish. */
  readonly #leaving = new Map<Backend, Promise<void>>();

  constructor(settings: readonly BackendSettings[], parts: BackendRegistryParts) {
    this.#parts = parts;
    for (const one of settings) this.#backends.set(one.name, this.#open(one));
    this.#all = [...this.#backends.values()];
  }

  get(name: string): Backend | undefined {
    return this.#backends.get(name);
  }

  /** In the order of the configuration. */
  get all(): readonly Backend[] {
    return this.#all;
  }

  /** Resolves when the endpoints of all are first known, or could not be found out. */
  async start(): Promise<void> {
    await Promise.all(this.all.map((backend) => backend.start()));
  }

  /**
   * Has exactly these backends from now on. One whose settings are the same stays as it is, with its connections and
   * what is known of its health; one that leaves, or is replaced, finishes its calls.
   */
  async apply(settings: readonly BackendSettings[]): Promise<void> {
    const { events } = this.#parts;
    const before = new Map(this.#backends);
    this.#backends.clear();
    const fresh: Backend[] = [];
    for (const one of settings) {
      const present = before.get(one.name);
      const stays = present !== undefined && isSame(present.settings, one);
      const backend = stays ? present : this.#open(one);
      if (stays) before.delete(one.name);
      else fresh.push(backend);
      this.#backends.set(one.name, backend);
    }
    this.#all = [...this.#backends.values()];
    for (const [name, backend] of before) {
      this.#leave(backend);
      if (!this.#backends.has(name)) events.emit("backendRemoved", name);
    }
    await Promise.all(fresh.map((backend) => backend.start()));
    for (const { name } of fresh) events.emit("backendAdded", name);
  }

  /** Lets what is in flight finish. */
  async close(): Promise<void> {
    await Promise.all([...this.all.map((backend) => backend.close()), ...this.#leaving.values()]);
  }

  /** Cuts what is in flight. */
  async destroy(reason: Error): Promise<void> {
    const all = [...this.all, ...this.#leaving.keys()];
    await Promise.all(all.map((backend) => backend.destroy(reason)));
  }

  #open(settings: BackendSettings): Backend {
    return new Backend({ ...this.#parts, settings });
  }

  #leave(backend: Backend): void {
    const left = backend
      .close()
      .catch((error: unknown) =>
        this.#parts.log.info(
          { backend: backend.name, error },
          "the connections to a backend could not be closed",
        ),
      )
      .finally(() => this.#leaving.delete(backend));
    this.#leaving.set(backend, left);
  }
}

/** Settings come from one schema: equal ones have equal text. */
function isSame(one: BackendSettings, other: BackendSettings): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
