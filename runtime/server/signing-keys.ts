import type { Logger } from "pino";
import { Backoff } from "../platform/backoff.ts";
import { clock } from "../platform/clock.ts";
import { KeyRing } from "../sessions/key-ring.ts";
import type { Store } from "../store/store.ts";
import { KeyFile } from "./key-file.ts";

export interface SigningKeysParts {
  /** Keys that the environment or an embedder gave; they come before all others. */
  readonly given: KeyRing | undefined;
  /** `session.keysFile`. */
  readonly keysFile: string | undefined;
  readonly store: Store;
  readonly log: Logger;
}

/** How often a process that starts asks a store that does not answer. */
const STORE_RETRY = { firstMs: 500, maxMs: 5_000 };

/** The ring that signs session ids, and where its keys come from: given, a file, or else the session store. */
export class SigningKeys {
  readonly ring: KeyRing;
  readonly #file: KeyFile | undefined;
  readonly #parts: SigningKeysParts;

  /** @throws {ConfigError} when the file cannot be read or is no list of keys. */
  constructor(parts: SigningKeysParts) {
    const { given, keysFile, log } = parts;
    const file = given === undefined && keysFile !== undefined;
    this.#parts = parts;
    this.#file = file ? new KeyFile(keysFile, log) : undefined;
    this.ring = given ?? this.#file?.ring ?? KeyRing.generate();
  }

  /**
   * Waits, where the store keeps the key, until it has answered.
   *
   * @throws the signal's reason.
   */
  async load(signal: AbortSignal): Promise<void> {
    const { given, store, log } = this.#parts;
    if (given !== undefined || this.#file !== undefined) return;
    if (store.outlivesProcess) {
      const advice = "set MCP_FLEET_SESSION_KEYS or session.keysFile";
      log.warn({ advice }, "session ids are signed with a key that the session store keeps");
    }
    const backoff = new Backoff(STORE_RETRY);
    for (;;) {
      try {
        this.ring.replace([{ id: "store", secret: await store.secrets.signingKey() }]);
        return;
      } catch (error) {
        log.error({ error }, "the session store has not answered yet: nothing is served");
        await clock.sleep(backoff.nextMs(), { signal });
      }
    }
  }

  close(): void {
    this.#file?.close();
  }
}
