import type { Logger } from "pino";

import { untilAborted } from "../fleet/until-aborted.ts";
import { clock, type Timer } from "../platform/clock.ts";
import { Catalog } from "./catalog.ts";
import type { Discovery } from "./discovery.ts";
import type { Naming } from "./naming.ts";
import type { ListName } from "./offer.ts";

/** Changes of several backends, or of several lists of one, that come this close are told as one. */
const DEBOUNCE_MS = 50;

export interface ViewParts {
  readonly key: string;
  readonly naming: Naming;
  /** How long the first lists wait for backends that do not answer. */
  readonly firstAnswerMs: number;
  readonly log: Logger;
  /** A merged list is another one than was announced last. */
  readonly onChange: (view: View, lists: readonly ListName[]) => void;
  readonly discover: (onChange: () => void) => readonly Discovery[];
}

/** What clients of one kind see: the merged offers of all backends, kept up to date. */
export class View {
  readonly key: string;
  readonly discoveries: readonly Discovery[];
  readonly #naming: Naming;
  readonly #firstAnswerMs: number;
  readonly #log: Logger;
  readonly #onChange: ViewParts["onChange"];
  readonly #conflicts = new Set<string>();
  #catalog: Catalog;
  #announced: Catalog;
  #debounce: Timer | undefined;
  #settled = false;
  usedAtMs = clock.now();

  constructor({ key, naming, firstAnswerMs, log, onChange, discover }: ViewParts) {
    this.key = key;
    this.#naming = naming;
    this.#firstAnswerMs = firstAnswerMs;
    this.#log = log;
    this.#onChange = onChange;
    this.#catalog = new Catalog([], naming);
    this.#announced = this.#catalog;
    this.discoveries = discover(() => this.#merge());
    for (const discovery of this.discoveries) discovery.start();
    void this.settled();
  }

  get catalog(): Catalog {
    return this.#catalog;
  }

  /** Backends that offer nothing right now, by name. */
  get missing(): string[] {
    return this.discoveries.filter(({ offer }) => !offer).map(({ backend }) => backend.name);
  }

  get instructions(): string | undefined {
    const sections = this.discoveries.flatMap(({ backend, offer }) =>
      offer?.instructions === undefined ? [] : [`## ${backend.name}\n\n${offer.instructions}`],
    );
    return sections.length === 0 ? undefined : sections.join("\n\n");
  }

  /** Waits until every backend has answered or failed once, or the time for that is over. */
  async settled(): Promise<Catalog> {
    if (this.#settled) return this.#catalog;
    const all = Promise.all(this.discoveries.map(({ settled }) => settled));
    const limit = clock.timeout(this.#firstAnswerMs);
    await untilAborted(all, limit).catch(() => {});
    if (!this.#settled) {
      this.#settled = true;
      this.#announced = this.#catalog;
    }
    return this.#catalog;
  }

  async close(): Promise<void> {
    clock.clear(this.#debounce);
    await Promise.all(this.discoveries.map((discovery) => discovery.close()));
  }

  #merge(): void {
    const offers = this.discoveries.flatMap(({ backend, offer }) =>
      offer === undefined ? [] : [{ backend: backend.name, offer }],
    );
    const merged = new Catalog(offers, this.#naming);
    if (merged.changedSince(this.#catalog).length > 0) this.#catalog = merged;
    this.#logConflicts();
    if (!this.#settled) return;
    clock.clear(this.#debounce);
    this.#debounce = clock.after(DEBOUNCE_MS, () => this.#announce());
  }

  #logConflicts(): void {
    for (const conflict of this.#catalog.conflicts) {
      const name = JSON.stringify(conflict);
      if (!this.#conflicts.has(name)) this.#log.warn(conflict, "two backends offer the same name");
      this.#conflicts.add(name);
    }
  }

  #announce(): void {
    const changed = this.#catalog.changedSince(this.#announced);
    this.#announced = this.#catalog;
    if (changed.length > 0) this.#onChange(this, changed);
  }
}
