import type { ItemSource } from "../../catalog/item-source.ts";
import type { ViewOf } from "../../catalog/views.ts";
import type { Backend } from "../../upstream/backend.ts";
import type { BackendRegistry } from "../../upstream/backend-registry.ts";
import { BackendProvider, type BackendProviderParts } from "./backend-provider.ts";
import type { Provider } from "./provider.ts";

export interface ProvidersParts extends BackendProviderParts {
  readonly backends: BackendRegistry;
}

/** Everybody who offers something right now. */
export class Providers {
  readonly #parts: ProvidersParts;
  readonly #ofBackend = new WeakMap<Backend, BackendProvider>();

  constructor(parts: ProvidersParts) {
    this.#parts = parts;
  }

  get(name: string): Provider | undefined {
    const backend = this.#parts.backends.get(name);
    return backend === undefined ? undefined : this.#of(backend);
  }

  /** Whether a backend is known to fail. */
  isFailing(backend: Backend): boolean {
    return this.#of(backend).isFailing;
  }

  /** In the order of the configuration: of two that offer one name the first has it. */
  get all(): readonly Provider[] {
    return this.#parts.backends.all.map((backend) => this.#of(backend));
  }

  /** The sources of a view: those that it has of a provider that is still there, and new ones for the others. */
  sourcesOf(
    view: ViewOf,
    before: readonly ItemSource[],
    onChange: () => void,
  ): readonly ItemSource[] {
    return this.all.map((provider) => {
      const present = before.find((source) => provider.hasMade(source));
      return present ?? provider.source(view, onChange);
    });
  }

  #of(backend: Backend): BackendProvider {
    const present = this.#ofBackend.get(backend);
    if (present !== undefined) return present;
    const provider = new BackendProvider(backend, this.#parts);
    this.#ofBackend.set(backend, provider);
    return provider;
  }
}
