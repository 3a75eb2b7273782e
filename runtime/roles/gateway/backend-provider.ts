import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { ByteBudget } from "../../async/byte-budget.ts";
import type { Turns } from "../../async/turns.ts";
import type { Call } from "../../calls/call.ts";
import type { Forwarder } from "../../calls/forwarder.ts";
import type { ItemSource } from "../../catalog/item-source.ts";
import type { ViewOf } from "../../catalog/views.ts";
import type { Backend } from "../../upstream/backend.ts";
import { LATEST_PROTOCOL_VERSION } from "../../wire/protocol-version.ts";
import { Discovery } from "./discovery.ts";
import type { Provider } from "./provider.ts";

export interface BackendProviderParts {
  readonly settings: Settings;
  readonly forwarder: Forwarder;
  /** Our own `clientInfo`, as JSON text. */
  readonly clientInfo: string;
  /** The room for the lists of all backends, and how many of them are read at a time. */
  readonly room: ByteBudget;
  readonly turns: Turns;
  readonly log: Logger;
}

/** An MCP server as a provider: what it lists is what it offers, and calls are forwarded to it. */
export class BackendProvider implements Provider {
  readonly backend: Backend;
  readonly #parts: BackendProviderParts;

  constructor(backend: Backend, parts: BackendProviderParts) {
    this.backend = backend;
    this.#parts = parts;
  }

  get name(): string {
    return this.backend.name;
  }

  source({ view, capabilities }: ViewOf, onChange: () => void): Discovery {
    const { settings, clientInfo, room, turns, log } = this.#parts;
    return new Discovery({
      backend: this.backend,
      initialize: { protocol: LATEST_PROTOCOL_VERSION, clientInfo, capabilities },
      health: settings.health,
      limits: settings.limits,
      room,
      turns,
      log: log.child({ view: view.slice(0, 8) }),
      onChange,
    });
  }

  hasMade(source: ItemSource): boolean {
    return source instanceof Discovery && source.backend === this.backend;
  }

  async answer(call: Call, text: string, repeatable: boolean): Promise<void> {
    await this.#parts.forwarder.forward({ call, backend: this.backend, text, repeatable });
  }
}
