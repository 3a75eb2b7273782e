import { type FSWatcher, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import { ConfigError, fault } from "@mcp-fleet/contract";
import type { Logger } from "pino";
import { Settling } from "./settling.ts";

/**
 * A file that is read again whenever it changes. Its folder is watched, not the file: editors put another file
 * in its place, and Kubernetes swaps the link `..data` beside it.
 */
export class WatchedFile {
  readonly #path: string;
  readonly #log: Logger;
  #text: string;
  readonly #takers = new Set<(text: string) => void>();
  #watcher: FSWatcher | undefined;
  readonly #settling = new Settling(() => this.#read());

  /** @throws {ConfigError} when the file cannot be read. */
  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log.child({ file: path });
    this.#text = read(path);
  }

  /** What the file said when it was last taken over. */
  get text(): string {
    return this.#text;
  }

  /** Calls `take` with the text after each change. What fails then is logged, and what was taken before stays. */
  onChange(take: (text: string) => void): void {
    this.#takers.add(take);
    if (this.#watcher === undefined) this.#watch();
    // What was written between the first reading and the watch had no event.
    this.#read();
  }

  /** Reads it now, without waiting for the news that it has changed. */
  refresh(): void {
    this.#read();
  }

  close(): void {
    this.#settling.close();
    this.#watcher?.close();
  }

  #watch(): void {
    const failed = (error: unknown) =>
      this.#log.error({ error }, "the file is not watched: restart to apply its changes");
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, () =>
        this.#settling.event(),
      );
      this.#watcher.on("error", failed);
    } catch (error) {
      failed(error);
    }
  }

  #read(): void {
    try {
      const text = read(this.#path);
      if (text === this.#text) return;
      for (const take of this.#takers) take(text);
      this.#text = text;
      this.#log.info("the file has changed and was reloaded");
    } catch (error) {
      this.#log.error(
        { error },
        "the file has changed and cannot be used: keeping what it said before",
      );
    }
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const fix = error.code === "ENOENT" ? "check its path" : "let this user read it";
    const found = fault([path], undefined, `a file that can be read (${error.code})`, fix);
    throw new ConfigError([found]);
  }
}
