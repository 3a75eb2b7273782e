import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock, type Timer } from "../platform/clock.ts";
import type { Backend } from "../upstream/backend.ts";
import { LATEST_PROTOCOL_VERSION } from "../wire/protocol-version.ts";
import { Discovery } from "./discovery.ts";
import { Naming } from "./naming.ts";
import { digestOf, type ListName } from "./offer.ts";
import { View } from "./view.ts";

export interface ViewsParts {
  readonly backends: readonly Backend[];
  readonly settings: Settings;
  /** Our own `clientInfo`, as JSON text. */
  readonly clientInfo: string;
  readonly log: Logger;
}

/** The view of clients that declare no capabilities: always there, so that /status can speak of backends. */
const BASE_CAPABILITIES = "{}";

/** One view per set of client capabilities, since servers offer different things to different clients. */
export class Views {
  readonly base: View;
  readonly naming: Naming;
  readonly #parts: ViewsParts;
  readonly #views = new Map<string, View>();
  readonly #sweeper: Timer;
  #onChange: (view: View, lists: readonly ListName[]) => void = () => {};
  #isWatched: (key: string) => boolean = () => false;

  constructor(parts: ViewsParts) {
    this.#parts = parts;
    this.naming = new Naming(parts.settings.aggregation.prefixFormat);
    this.base = this.get(viewKey(BASE_CAPABILITIES), BASE_CAPABILITIES);
    const idleMs = parts.settings.limits.catalogRefreshSeconds * 1000;
    this.#sweeper = clock.every(idleMs, () => this.#sweep(clock.now() - idleMs));
    this.#sweeper.unref();
  }

  /** `listener` hears of every change of a merged list. */
  onChange(listener: (view: View, lists: readonly ListName[]) => void): void {
    this.#onChange = listener;
  }

  /** A view for which `isWatched` holds is never closed for want of use. */
  keepWhile(isWatched: (key: string) => boolean): void {
    this.#isWatched = isWatched;
  }

  /** The view of a session; made, and the backends asked, where it is not there. */
  get(key: string, capabilities: string): View {
    const present = this.#views.get(key);
    if (present !== undefined) {
      present.usedAtMs = clock.now();
      return present;
    }
    if (this.#views.size >= this.#parts.settings.limits.views) this.#closeLeastUsed();
    const view = this.#create(key, capabilities);
    this.#views.set(key, view);
    return view;
  }

  /** Has a backend's lists read again for a view, if it is here. */
  refresh(key: string, backend: string): void {
    for (const discovery of this.#views.get(key)?.discoveries ?? []) {
      if (discovery.backend.name === backend) discovery.refresh();
    }
  }

  async close(): Promise<void> {
    clock.clear(this.#sweeper);
    await Promise.all([...this.#views.values()].map((view) => view.close()));
    this.#views.clear();
  }

  #create(key: string, capabilities: string): View {
    const { backends, settings, clientInfo } = this.#parts;
    const { health, limits } = settings;
    const log = this.#parts.log.child({ view: key.slice(0, 8) });
    const introduction = { protocol: LATEST_PROTOCOL_VERSION, clientInfo, capabilities };
    const refreshSeconds = limits.catalogRefreshSeconds;
    return new View({
      key,
      naming: this.naming,
      firstAnswerMs: health.timeoutSeconds * 1000,
      log,
      onChange: (view, lists) => this.#onChange(view, lists),
      discover: (onChange) =>
        backends.map(
          (backend) =>
            new Discovery({ backend, introduction, health, refreshSeconds, log, onChange }),
        ),
    });
  }

  #sweep(unusedSinceMs: number): void {
    for (const view of this.#views.values()) {
      const used = view.usedAtMs > unusedSinceMs || this.#isWatched(view.key);
      if (view !== this.base && !used) this.#remove(view);
    }
  }

  #closeLeastUsed(): void {
    const views = [...this.#views.values()].filter((view) => view !== this.base);
    const [least] = views.sort((a, b) => a.usedAtMs - b.usedAtMs);
    if (least !== undefined) this.#remove(least);
  }

  #remove(view: View): void {
    this.#views.delete(view.key);
    view.close().catch((error: unknown) => {
      this.#parts.log.warn({ error }, "a view could not be closed");
    });
  }
}

/** The name of a view: equal for equal capabilities, in whatever order their keys come. */
export function viewKey(capabilities: string): string {
  return digestOf([canonical(JSON.parse(capabilities))]);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
