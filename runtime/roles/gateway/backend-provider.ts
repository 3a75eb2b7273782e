import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { ByteBudget } from "../../async/byte-budget.ts";
import { Turns } from "../../async/turns.ts";
import type { Call } from "../../calls/call.ts";
import type { Forwarder } from "../../calls/forwarder.ts";
import type { ItemSource } from "../../catalog/item-source.ts";
import type { ViewOf } from "../../catalog/views.ts";
import type { Backend } from "../../upstream/backend.ts";
import { LATEST_PROTOCOL_VERSION } from "../../wire/protocol-version.ts";
import type { BackendHealth } from "./backend-health.ts";
import { Discovery } from "./discovery.ts";
import type { Provider } from "./provider.ts";

export interface BackendProviderParts {
  readonly settings: Settings;
  readonly forwarder: Forwarder;
  /** Our own `clientInfo`, as JSON text. */
  readonly clientInfo: string;
  /** The room for the lists of all backends. */
  readonly room: ByteBudget;
  /** How many lists of one backend may be read at a time: one that hangs takes no turn of another's. */
  readonly readsAtOnce: () => number;
  readonly log: Logger;
}

/** An MCP server as a provider: what it lists is what it offers, and calls are forwarded to it. */
export class BackendProvider implements Provider {
  readonly backend: Backend;
  readonly #parts: BackendProviderParts;
  readonly #turns: Turns;
  /** As its first source knows it, which is there as long as the backend. */
  #health: BackendHealth | undefined;

  constructor(backend: Backend, parts: BackendProviderParts) {
    this.backend = backend;
    this.#parts = parts;
    this.#turns = new Turns(parts.readsAtOnce);
  }

  /** It is known to fail: nobody has to wait for it. */
  get isFailing(): boolean {
    return this.#health?.isFailing === true;
  }

  get name(): string {
    return this.backend.name;
  }

  source({ view, capabilities }: ViewOf, onChange: () => void): Discovery {
    const { settings, clientInfo, room, log } = this.#parts;
    const discovery = new Discovery({
      backend: this.backend,
      initialize: { protocol: LATEST_PROTOCOL_VERSION, clientInfo, capabilities },
      health: settings.health,
      limits: settings.limits,
      room,
      turns: this.#turns,
      isAwaited: !this.isFailing,
      log: log.child({ view: view.slice(0, 8) }),
      onChange,
    });
    this.#health ??= discovery.health;
    return discovery;
  }

  hasMade(source: ItemSource): boolean {
    return source instanceof Discovery && source.backend === this.backend;
  }

  async answer(call: Call, text: string, repeatable: boolean): Promise<void> {
    await this.#parts.forwarder.forward({ call, backend: this.backend, text, repeatable });
  }
}
