import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DEFECT } from "../../runtime/server/defects.ts";
import { endsWithUs } from "./ends-with-us.ts";
import { freePorts } from "./free-ports.ts";

const MAIN = join(import.meta.dirname, "../../runtime/cli/main.ts");

/** Enough to hold a stack trace. */
const OUTPUT_LINES = 30;

export type Role = "gateway" | "proxy";

interface Addresses {
  readonly url: string;
  readonly adminUrl: string;
}

/** One role as a process of its own, `mcp-fleet gateway` or `mcp-fleet proxy`, on free ports that it keeps when it is restarted. */
export class FleetProcess {
  readonly #role: Role;
  readonly #main: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #addresses: Addresses = { url: "", adminUrl: "" };
  /** What it logged as a defect, whatever else it did. */
  readonly #defects: string[] = [];

  private constructor(role: Role, main: string, folder: string) {
    this.#role = role;
    this.#main = main;
    this.#folder = folder;
  }

  /**
   * Resolves when it listens. `configuration` is what the file says: JSON is YAML. Its log level must show `info`.
   * `main` is the command's file, which may be that of another build.
   *
   * @throws it ended, with its output.
   */
  static async start(
    configuration: object,
    role: Role = "gateway",
    main = MAIN,
  ): Promise<FleetProcess> {
    const folder = await mkdtemp(join(tmpdir(), "mcp-fleet-"));
    const started = new FleetProcess(role, main, folder);
    await writeFile(join(folder, "fleet.yaml"), JSON.stringify(configuration));
    try {
      await started.#run(await freePorts(2));
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /** The MCP endpoint. */
  get url(): string {
    return this.#addresses.url;
  }

  /** Health, metrics and status. */
  get adminUrl(): string {
    return this.#addresses.adminUrl;
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** kill -9: it finishes nothing. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** As Kubernetes ends a pod: it finishes what has begun. */
  terminate(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** Another process with the same configuration and ports. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#run([this.url, this.adminUrl].map((url) => Number(new URL(url).port)));
  }

  /** @throws it has logged a defect. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
    if (this.#defects.length > 0) throw new Error(this.#defects.join("\n"));
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }

  async #run([port, adminPort]: readonly number[]): Promise<void> {
    const file = join(this.#folder, "fleet.yaml");
    const ports = ["--port", `${port}`, "--admin-port", `${adminPort}`];
    const args = [this.#role, "--config", file, ...ports];
    const child = spawn(process.execPath, [this.#main, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = endsWithUs(child);
    this.#addresses = await addressesOf(child, this.#defects);
  }
}

/** What the log's line says. The rest of the output is read, so that it does not hold the process up. */
async function addressesOf(child: ChildProcess, defects: string[]): Promise<Addresses> {
  const { promise, resolve, reject } = Promise.withResolvers<Addresses>();
  let lines: string[] = [];
  for (const output of [child.stdout, child.stderr]) {
    if (output === null) throw new Error("the process's output is not piped");
    createInterface({ input: output }).on("line", (line) => {
      if (line.includes(DEFECT)) defects.push(line);
      lines = [...lines, line].slice(-OUTPUT_LINES);
      if (line.includes('"msg":"listening"')) resolve(JSON.parse(line));
    });
  }
  child.once("error", reject);
  child.once("close", () => {
    const output = lines.map((line) => `\n  | ${line}`).join("");
    reject(new Error(`the process did not start${output}`));
  });
  return await promise;
}
