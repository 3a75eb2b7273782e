import { type FSWatcher, readdirSync, readFileSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { clock, type Timer } from "./clock.ts";
import { Settling } from "./settling.ts";

/** A folder may be replaced by another one, or lie where nothing tells of changes: it is looked at this often anyway. */
const RECHECK_MS = 5_000;

/** A file as it was read: its text, or the rule that it breaks, and how to fix that. */
export type FolderFile =
  | { readonly text: string }
  | { readonly rule: string; readonly fix: string };

export interface WatchedFolderParts {
  readonly path: string;
  /** The files that are read, by name. */
  readonly isRead: (name: string) => boolean;
  readonly maxFiles: number;
  readonly fileBytes: number;
  readonly log: Logger;
}

/** A folder whose files are read again when something in it changes; links are followed, as Kubernetes swaps `..data`. */
export class WatchedFolder {
  readonly #parts: WatchedFolderParts;
  #watcher: FSWatcher | undefined;
  /** The folder that is watched: another one may have its name by now. */
  #inode: number | undefined;
  #settling: Settling | undefined;
  #rechecking: Timer | undefined;

  constructor(parts: WatchedFolderParts) {
    this.#parts = parts;
  }

  /**
   * The files in it, and how many more there are than are read. Those of `first` are among them in any case.
   *
   * @throws the system's, where the folder cannot be read.
   */
  read(first: ReadonlySet<string>): {
    readonly files: ReadonlyMap<string, FolderFile>;
    readonly unread: number;
  } {
    const { path, isRead, maxFiles } = this.#parts;
    const names = readdirSync(path).filter(isRead).toSorted();
    const ordered = [
      ...names.filter((name) => first.has(name)),
      ...names.filter((name) => !first.has(name)),
    ].slice(0, maxFiles);
    const files = new Map<string, FolderFile>();
    for (const name of ordered.toSorted()) {
      const file = this.#readFile(join(path, name));
      if (file !== undefined) files.set(name, file);
    }
    return { files, unread: names.length - ordered.length };
  }

  /** Calls `take` after each change, and every now and then. */
  onChange(take: () => void): void {
    const settling = new Settling(take);
    this.#settling = settling;
    this.#rechecking = clock
      .every(RECHECK_MS, () => {
        this.#watch(settling);
        take();
      })
      .unref();
    this.#watch(settling);
    // What was written between the first reading and the watch had no event.
    take();
  }

  close(): void {
    this.#settling?.close();
    clock.clear(this.#rechecking);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #watch(settling: Settling): void {
    const { path } = this.#parts;
    try {
      const { ino } = statSync(path);
      if (this.#watcher !== undefined && ino === this.#inode) return;
      this.#unwatch();
      this.#watcher = watch(path, { persistent: false }, () => settling.event());
      this.#watcher.on("error", () => this.#unwatch());
      this.#inode = ino;
    } catch {
      // Whoever reads it says so; it is tried again.
      this.#unwatch();
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Undefined: it is no file, or not there any more. */
  #readFile(path: string): FolderFile | undefined {
    const { fileBytes } = this.#parts;
    try {
      const stat = statSync(path);
      if (!stat.isFile()) return undefined;
      if (stat.size > fileBytes) {
        return { rule: `must have at most ${fileBytes} bytes`, fix: "shorten it" };
      }
      return { text: readFileSync(path, "utf8") };
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      if (error.code === "ENOENT") return undefined;
      return {
        rule: `must be a file that can be read (${error.code})`,
        fix: "let this user read it",
      };
    }
  }
}
