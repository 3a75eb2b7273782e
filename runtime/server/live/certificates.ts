import type { BackendSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { WatchedFile } from "../../platform/watched-file.ts";

/** The files with the certificates that backends trust: each is watched for as long as a backend names it. */
export class Certificates {
  readonly #log: Logger;
  readonly #onChange: () => void;
  readonly #files = new Map<string, WatchedFile>();

  constructor(log: Logger, onChange: () => void) {
    this.#log = log;
    this.#onChange = onChange;
  }

  /** From now on those of these backends. */
  follow(backends: readonly BackendSettings[]): void {
    const paths = new Set(backends.flatMap(({ caBundlePath }) => caBundlePath ?? []));
    for (const [path, file] of this.#files) {
      if (paths.has(path)) continue;
      file.close();
      this.#files.delete(path);
    }
    for (const path of paths) if (!this.#files.has(path)) this.#watch(path);
  }

  close(): void {
    this.follow([]);
  }

  #watch(path: string): void {
    try {
      const file = new WatchedFile(path, this.#log);
      this.#files.set(path, file);
      file.onChange(() => this.#onChange());
    } catch (error) {
      this.#log.warn(
        { file: path, error },
        "certificates cannot be read: restart to apply changes",
      );
    }
  }
}
