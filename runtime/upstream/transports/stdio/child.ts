import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { PASSED_ENV, type StdioSettings } from "@mcp-fleet/contract/settings";
import { clock, type Timer } from "../../../platform/clock.ts";
import { random } from "../../../platform/random.ts";
import { TransportFault } from "../transport-fault.ts";
import { boundedLines } from "./bounded-lines.ts";
import { groupRssBytes, killMarked, MARK, signalGroup } from "./process-group.ts";

/** How often the memory of a program is looked at, where it has a limit. */
const MEMORY_MS = 2_000;

/** What a program wrote before it ended is read for so long: something that it started may hold its output open. */
const LAST_WORDS_MS = 1_000;

/** A line of its standard error has at most this much. */
const ERROR_LINE_BYTES = 1_000;

/** What the folders of programs begin with. */
export const FOLDER_PREFIX = "mcp-fleet-stdio-";

export interface ChildParts {
  readonly settings: StdioSettings;
  /** Where the variables are that it gets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a message may have. */
  readonly maxLineBytes: number;
  /** Takes a line of its standard output. Resolves when there is room for the next. */
  readonly onLine: (line: string) => Promise<void>;
  /** Hears a line of its standard error. */
  readonly onErrorLine: (line: string) => void;
}

/** One program of a server over stdio, with everything that it starts: in a group of its own, and ended as a whole. */
export class Child {
  readonly #parts: ChildParts;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #mark = random.uuid();
  readonly #ownFolder: string | undefined;
  readonly #ended = Promise.withResolvers<Error>();
  #watch: Timer | undefined;
  #kill: Timer | undefined;
  /** Why this side ended it. */
  #reason: string | undefined;
  #lastError = "";
  #isOver = false;

  /** @throws TransportFault where the system refuses it at once. */
  constructor(parts: ChildParts) {
    const { settings } = parts;
    const { command, args, cwd } = settings;
    this.#parts = parts;
    this.#ownFolder = cwd === undefined ? mkdtempSync(join(tmpdir(), FOLDER_PREFIX)) : undefined;
    try {
      this.#process = spawn(command, args, {
        cwd: cwd ?? this.#ownFolder,
        env: { ...this.#environment(), [MARK]: this.#mark },
        stdio: ["pipe", "pipe", "pipe"],
        // Its own group, so that what it starts is ended with it.
        detached: true,
        shell: false,
      });
    } catch (error) {
      this.#removeFolder();
      throw new TransportFault(false, error);
    }
    this.#process.on("error", (error) => {
      if (this.pid === undefined) this.#over(`cannot be started: ${error.message}`);
    });
    this.#process.on("exit", (code, signal) => void this.#exited(code, signal));
    // It may be gone before it has read what is written.
    this.#process.stdin.on("error", () => {});
    void this.#read();
    void this.#readErrors();
    const { memoryBytes } = settings;
    if (memoryBytes !== undefined) {
      this.#watch = clock.every(MEMORY_MS, () => this.#checkMemory(memoryBytes));
      this.#watch.unref();
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves with why it ended, once it and all that it started are gone. */
  get ended(): Promise<Error> {
    return this.#ended.promise;
  }

  /**
   * Writes a message on a line of its own.
   *
   * @throws TransportFault.
   */
  async write(text: string): Promise<void> {
    if (this.#isOver || this.#reason !== undefined)
      throw new TransportFault(false, this.#why("ended"));
    // White space between values may have ends of lines; texts cannot.
    const line = `${text.replaceAll(/[\r\n]+/g, " ")}\n`;
    await new Promise<void>((resolve, reject) => {
      this.#process.stdin.write(line, (error) => {
        if (error) reject(new TransportFault(true, error));
        else resolve();
      });
    });
  }

  /** Ends it: by the end of its input and SIGTERM, and by SIGKILL after its grace. */
  stop(reason: string): void {
    if (this.#isOver || this.#reason !== undefined) return;
    this.#reason = reason;
    this.#process.stdin.end();
    const { pid } = this;
    if (pid === undefined) return;
    signalGroup(pid, "SIGTERM");
    this.#kill = clock.after(this.#parts.settings.stopGraceSeconds * 1000, () => this.kill());
  }

  /** Ends it at once. */
  kill(): void {
    const { pid } = this;
    if (pid !== undefined && !this.#isOver) signalGroup(pid, "SIGKILL");
  }

  #environment(): Record<string, string> {
    const { settings, environment } = this.#parts;
    const passed = [...PASSED_ENV, ...settings.passEnv].flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    return { ...Object.fromEntries(passed), ...settings.env };
  }

  async #read(): Promise<void> {
    const { maxLineBytes, onLine } = this.#parts;
    try {
      for await (const line of boundedLines(this.#process.stdout, maxLineBytes, "throw")) {
        // Programs that print something else on their output are common.
        if (line.trimStart().startsWith("{")) await onLine(line);
      }
    } catch (error) {
      this.stop(error instanceof Error ? error.message : String(error));
    }
    // Nobody reads it any more: what still comes must not keep it from ending.
    this.#process.stdout.resume();
  }

  async #readErrors(): Promise<void> {
    try {
      for await (const line of boundedLines(this.#process.stderr, ERROR_LINE_BYTES, "cut")) {
        if (line.trim() === "") continue;
        this.#lastError = line;
        this.#parts.onErrorLine(line);
      }
    } catch {
      // It is closed.
    }
  }

  async #exited(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    const { pid = 0 } = this;
    const { stdout } = this.#process;
    if (!stdout.readableEnded && !stdout.destroyed) {
      const read = new Promise<void>((resolve) => stdout.once("close", resolve));
      const patience = clock.after(LAST_WORDS_MS, () => stdout.destroy());
      await read;
      clock.clear(patience);
    }
    signalGroup(pid, "SIGKILL");
    killMarked(this.#mark);
    this.#over(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
  }

  #over(how: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clock.clear(this.#kill);
    clock.clear(this.#watch);
    for (const stream of [this.#process.stdin, this.#process.stdout, this.#process.stderr]) {
      stream?.destroy();
    }
    this.#removeFolder();
    this.#ended.resolve(new Error(this.#why(how)));
  }

  #removeFolder(): void {
    if (this.#ownFolder !== undefined) rmSync(this.#ownFolder, { recursive: true, force: true });
  }

  #why(how: string): string {
    const { command } = this.#parts.settings;
    const said = this.#lastError === "" ? "" : `; its last words: ${this.#lastError}`;
    return `the program ${command} ${this.#reason === undefined ? `${how}${said}` : `was ended: ${this.#reason}`}`;
  }

  #checkMemory(memoryBytes: number): void {
    const { pid } = this;
    if (pid === undefined) return;
    const used = groupRssBytes(pid);
    if (used > memoryBytes) {
      this.stop(`it had ${used} bytes in memory, more than process.memory ${memoryBytes}`);
    }
  }
}
