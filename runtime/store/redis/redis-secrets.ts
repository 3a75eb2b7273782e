import type { SecretStore } from "../../fleet/secret-store.ts";
import { random } from "../../platform/random.ts";
import type { RedisCommands } from "./redis-commands.ts";

const SIGNING_KEY_BYTES = 32;

/** Secrets in Redis: the first process makes them, the others find them. */
export class RedisSecrets implements SecretStore {
  readonly #commands: RedisCommands;
  #signingKey: Promise<Buffer> | undefined;

  constructor(commands: RedisCommands) {
    this.#commands = commands;
  }

  signingKey(): Promise<Buffer> {
    this.#signingKey ??= this.#keep(random.bytes(SIGNING_KEY_BYTES)).catch((error: unknown) => {
      this.#signingKey = undefined;
      throw error;
    });
    return this.#signingKey;
  }

  /** Writes the key that is known here to a store that came back empty. */
  async restore(): Promise<void> {
    if (this.#signingKey !== undefined) await this.#keep(await this.#signingKey);
  }

  /** Keeps the key unless one is there. Returns the one that is there then. */
  async #keep(key: Buffer): Promise<Buffer> {
    const kept = await this.#commands.keep(this.#commands.keys.signingKey, key.toString("base64"));
    return Buffer.from(kept, "base64");
  }
}
