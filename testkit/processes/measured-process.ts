import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Linux counts CPU time for user space in hundredths of a second, whatever the kernel's own clock. */
const MS_PER_TICK = 10;

/** The fields of /proc/PID/stat behind the command's name, counted from `state`. */
const USER_TICKS_FIELD = 11;
const SYSTEM_TICKS_FIELD = 12;

/** A Node process of the bench: what it costs is read from /proc. */
export class MeasuredProcess {
  readonly url: string;
  /** Of a gateway; elsewhere undefined. */
  readonly adminUrl: string | undefined;
  readonly #pid: number;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;

  private constructor(
    child: ChildProcessByStdio<null, Readable, Readable>,
    pid: number,
    url: string,
    adminUrl: string | undefined,
  ) {
    this.#child = child;
    this.#pid = pid;
    this.url = url;
    this.adminUrl = adminUrl;
  }

  /**
   * Runs a script until one line of its output holds the URL of an MCP endpoint. `nofile`: its limit of open files.
   * Absent: that of this process.
   */
  static async start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    nofile?: number,
  ): Promise<MeasuredProcess> {
    const node: readonly [string, ...string[]] = [process.execPath, ...args];
    const limited = ["bash", "-c", `ulimit -n ${nofile} && exec "$0" "$@"`, ...node] as const;
    const [command, ...rest] = nofile === undefined ? node : limited;
    const child = spawn(command, rest, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...environment },
    });
    const output: string[] = [];
    const listening = await new Promise<string>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on("line", (line) => {
          output.push(line);
          if (ENDPOINT.test(line)) resolve(line);
        });
      }
      child.once("close", () => reject(new Error(`${args.join(" ")}:\n${output.join("\n")}`)));
    });
    const [url = ""] = ENDPOINT.exec(listening) ?? [];
    const adminUrl = /"adminUrl":"([^"]+)"/.exec(listening)?.[1];
    if (child.pid === undefined) throw new Error("a process without an id");
    return new MeasuredProcess(child, child.pid, url, adminUrl);
  }

  /** CPU time used so far. */
  get cpuMs(): number {
    const stat = readFileSync(`/proc/${this.#pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[USER_TICKS_FIELD]) + Number(fields[SYSTEM_TICKS_FIELD])) * MS_PER_TICK;
  }

  get rssBytes(): number {
    return this.#statusBytes("VmRSS");
  }

  /** The most that it has been so far. */
  get peakRssBytes(): number {
    return this.#statusBytes("VmHWM");
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.#pid}/fd`).length;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGINT");
    await once(this.#child, "close");
  }

  #statusBytes(name: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, "utf8");
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
  }
}

const ENDPOINT = /http:\/\/[^"\s]+\/mcp\b/;
