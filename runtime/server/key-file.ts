import type { Logger } from "pino";
import { WatchedFile } from "../platform/watched-file.ts";
import { KeyRing } from "../sessions/key-ring.ts";
import { keysOfFile } from "../sessions/session-keys.ts";

/** A key ring that follows a file: how keys are rotated without a restart. */
export class KeyFile {
  readonly ring: KeyRing;
  readonly #file: WatchedFile;

  /** @throws {ConfigError} when the file cannot be read or is no list of keys. */
  constructor(path: string, log: Logger) {
    this.#file = new WatchedFile(path, log);
    this.ring = new KeyRing(keysOfFile(path, this.#file.text));
    this.#file.onChange((text) => this.ring.replace(keysOfFile(path, text)));
  }

  close(): void {
    this.#file.close();
  }
}
