import { closeSync, openSync } from "node:fs";
import { type FileHandle, open, rename, stat } from "node:fs/promises";
import { ConfigError, fault } from "@mcp-fleet/contract";
import { clock } from "../platform/clock.ts";
import type { AuditSink } from "./audit-sink.ts";

/** How often it is looked whether the file is still the one of that name. */
const LOOK_MS = 1_000;

const OWNER_ONLY = 0o600;

export interface AuditFileParts {
  readonly path: string;
  /** Absent: it is never renamed by this process. */
  readonly rotateBytes?: number | undefined;
  readonly rotatedFiles: number;
}

/** A file that lines are appended to. Whoever rotates it renames it, and it is opened again, or truncates it. */
export class AuditFile implements AuditSink {
  readonly name: string;
  readonly #parts: AuditFileParts;
  #handle: FileHandle | undefined;
  #inode = 0;
  #bytes = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** What of lines that could not be written whole is in the file. */
  #begun: { readonly lines: Buffer; written: number } | undefined;

  /** @throws {ConfigError} where the file cannot be opened. */
  constructor(parts: AuditFileParts) {
    this.name = parts.path;
    this.#parts = parts;
    try {
      closeSync(openSync(parts.path, "a", OWNER_ONLY));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const rule = `must be a file that can be opened: ${why}`;
      const fix = "mount a volume there that the process may write to, or remove it";
      throw new ConfigError([fault(["audit", "logFile"], parts.path, rule, fix)]);
    }
  }

  async write(lines: Buffer): Promise<void> {
    const handle = await this.#current();
    if (this.#begun?.lines !== lines) this.#begun = { lines, written: 0 };
    const begun = this.#begun;
    while (begun.written < lines.length) {
      const { bytesWritten } = await handle.write(lines, begun.written);
      begun.written += bytesWritten;
      this.#bytes += bytesWritten;
    }
    this.#begun = undefined;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #current(): Promise<FileHandle> {
    const { rotateBytes = Number.POSITIVE_INFINITY } = this.#parts;
    // Between two lines only.
    if (this.#begun === undefined) {
      if (this.#bytes >= rotateBytes) await this.#rotate();
      else if (clock.monotonicMs() - this.#lookedAtMs > LOOK_MS) await this.#look();
    }
    this.#handle ??= await this.#open();
    return this.#handle;
  }

  async #open(): Promise<FileHandle> {
    const handle = await open(this.#parts.path, "a", OWNER_ONLY);
    const { ino, size } = await handle.stat();
    this.#inode = ino;
    this.#bytes = size;
    this.#lookedAtMs = clock.monotonicMs();
    return handle;
  }

  async #look(): Promise<void> {
    this.#lookedAtMs = clock.monotonicMs();
    const present = await stat(this.#parts.path).catch(() => undefined);
    if (present?.ino === this.#inode) this.#bytes = present.size;
    else await this.close();
  }

  async #rotate(): Promise<void> {
    const { path, rotatedFiles } = this.#parts;
    await this.close();
    for (let number = rotatedFiles; number >= 1; number -= 1) {
      const from = number === 1 ? path : `${path}.${number - 1}`;
      await rename(from, `${path}.${number}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
    }
  }
}
