import type { BackendSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Events } from "../sessions/events.ts";
import { Backend, type BackendParts } from "./backend.ts";
import { readCaBundle } from "./ca-bundle.ts";

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
   *
   * @throws {ConfigError} where the certificates of one cannot be read: then nothing has changed.
   */
  async apply(settings: readonly BackendSettings[]): Promise<void> {
    const { events } = this.#parts;
    const leaving = new Map(this.#backends);
    const after: Backend[] = [];
    const fresh: Backend[] = [];
    try {
      for (const one of settings) {
        const present = leaving.get(one.name);
        const stays = present !== undefined && isUnchanged(present, one);
        const backend = stays ? present : this.#open(one);
        if (stays) leaving.delete(one.name);
        else fresh.push(backend);
        after.push(backend);
      }
    } catch (error) {
      await Promise.all(fresh.map((backend) => backend.close()));
      throw error;
    }
    this.#backends.clear();
    for (const backend of after) this.#backends.set(backend.name, backend);
    this.#all = after;
    for (const [name, backend] of leaving) {
      this.#leave(backend);
      if (!this.#backends.has(name)) events.emit("backendRemoved", name);
    }
    // One whose pods are slow to be found keeps no other one waiting.
    const starting = fresh.map(async (backend) => {
      await backend.start();
      events.emit("backendAdded", backend.name);
    });
    await Promise.all(starting);
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
    const { metrics } = this.#parts;
    const left = backend
      .leave()
      .then(() => backend.close())
      .catch((error: unknown) =>
        this.#parts.log.info(
          { backend: backend.name, error },
          "the connections to a backend could not be closed",
        ),
      )
      .then(async () => {
        this.#leaving.delete(backend);
        if (!this.#backends.has(backend.name)) await metrics.forgetBackend(backend.name);
      });
    this.#leaving.set(backend, left);
  }
}

/** Settings come from one schema: equal ones have equal text. */
function isUnchanged({ settings, ca }: Backend, other: BackendSettings): boolean {
  if (JSON.stringify(settings) !== JSON.stringify(other)) return false;
  return ca === undefined || isTrusted(ca, other);
}

/** Whether the file with its certificates says what it said; one that cannot be read any more changes nothing. */
function isTrusted(ca: Buffer, { name, caBundlePath = "" }: BackendSettings): boolean {
  try {
    return readCaBundle(name, caBundlePath).equals(ca);
  } catch {
    return true;
  }
}
