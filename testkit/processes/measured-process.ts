import { readdirSync, readFileSync } from "node:fs";
import { NodeProcess } from "./node-process.ts";

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
  readonly #process: NodeProcess;

  private constructor(process: NodeProcess, url: string, adminUrl: string | undefined) {
    this.#process = process;
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
    const process = new NodeProcess(args, {
      environment,
      ...(nofile !== undefined && { nofile }),
    });
    const listening = await process.nextLine(ENDPOINT);
    const [url = ""] = ENDPOINT.exec(listening) ?? [];
    const adminUrl = /"adminUrl":"([^"]+)"/.exec(listening)?.[1];
    return new MeasuredProcess(process, url, adminUrl);
  }

  /** CPU time used so far. */
  get cpuMs(): number {
    const stat = readFileSync(`/proc/${this.#process.pid}/stat`, "utf8");
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
    return readdirSync(`/proc/${this.#process.pid}/fd`).length;
  }

  async stop(): Promise<void> {
    await this.#process.end("SIGINT");
  }

  #statusBytes(name: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
  }
}

const ENDPOINT = /http:\/\/[^"\s]+\/mcp\b/;
