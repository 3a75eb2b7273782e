import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { endsWithUs } from "./ends-with-us.ts";

/** Enough to hold a stack trace. */
const SHOWN_LINES = 30;

/** Of what it writes: it does not grow for as long as a process runs. */
const KEPT_LINES = 1_000;

export interface NodeProcessOptions {
  /** What runs instead of Node. */
  readonly program?: string;
  /** Added to this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The limit of open files. Default: that of this process. */
  readonly nofile?: number;
  /** It leads a group of its own: what it starts itself gets its signals, too. Default: false. */
  readonly leadsGroup?: boolean;
  /** Hears of every line. Default: nobody. */
  readonly onLine?: (line: string) => void;
}

/** Node in a process of its own, which ends with this one at the latest. What it writes is read, so that it does not stop. */
export class NodeProcess {
  /** Resolves when it has ended and all its lines are there: the exit code, null where a signal ended it. */
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #leadsGroup: boolean;
  readonly #lines: string[] = [];
  readonly #listeners: Set<(line: string) => void>;

  /** `args`: what follows `node` on the command line. */
  constructor(args: readonly string[], options: NodeProcessOptions = {}) {
    const { program, environment, nofile, leadsGroup = false, onLine } = options;
    const node: readonly [string, ...string[]] = [program ?? process.execPath, ...args];
    const limited = ["bash", "-c", `ulimit -n ${nofile} && exec "$0" "$@"`, ...node] as const;
    const [command, ...rest] = nofile === undefined ? node : limited;
    const child = spawn(command, rest, {
      detached: leadsGroup,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#leadsGroup = leadsGroup;
    this.#listeners = new Set(onLine && [onLine]);
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on("line", (line) => this.#keep(line));
    }
    this.exited = new Promise((resolve) => {
      child.once("close", resolve);
      child.once("error", ({ message }) => {
        this.#keep(message);
        resolve(null);
      });
    });
    endsWithUs(child, () => this.signal("SIGKILL"));
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`a process without an id${this.output}`);
    return pid;
  }

  /** The last 1,000 lines that it has written. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The last of them, as the end of an error's message. */
  get output(): string {
    const shown = this.#lines.slice(-SHOWN_LINES);
    return shown.map((line) => `\n  | ${line}`).join("");
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * The next line that matches, of those to come.
   *
   * @throws it ends before that, with its output.
   */
  async nextLine(pattern: RegExp): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const hear = (line: string) => {
      if (pattern.test(line)) resolve(line);
    };
    this.#listeners.add(hear);
    void this.exited.then(() => reject(new Error(`the process has ended${this.output}`)));
    try {
      return await promise;
    } finally {
      this.#listeners.delete(hear);
    }
  }

  /** Does nothing to one that has ended. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (!this.#leadsGroup || pid === undefined) return void this.#child.kill(signal);
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // ESRCH: the whole group has ended by itself.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }

  /** Resolves when it has ended. Default: kill -9, by which it finishes nothing. */
  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.signal(signal);
    await this.exited;
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    for (const hear of this.#listeners) hear(line);
  }
}
