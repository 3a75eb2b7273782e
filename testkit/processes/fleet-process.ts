import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Role } from "@mcp-fleet/contract/settings";
import { DEFECT } from "../../runtime/server/defects.ts";
import { freePorts } from "./free-ports.ts";
import { NodeProcess } from "./node-process.ts";

const MAIN = join(import.meta.dirname, "../../runtime/cli/main.ts");

/** One role as a process of its own, `mcp-fleet gateway` or `mcp-fleet proxy`, on free ports that it keeps when it is restarted. */
export class FleetProcess {
  readonly #role: Role;
  readonly #main: string;
  readonly #folder: string;
  #process: NodeProcess | undefined;
  #addresses = { url: "", adminUrl: "" };
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

  /** The last 1,000 lines that it has logged. */
  get lines(): readonly string[] {
    return this.#process?.lines ?? [];
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  /** Resolves when it has ended and all its lines are there: the exit code, null where a signal ended it. */
  get exited(): Promise<number | null> {
    return this.#process?.exited ?? Promise.resolve(null);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal);
  }

  /** kill -9: it finishes nothing. */
  async kill(): Promise<void> {
    await this.#process?.end();
  }

  /** As Kubernetes ends a pod: it finishes what has begun. */
  async terminate(): Promise<void> {
    await this.#process?.end("SIGTERM");
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

  async #run([port, adminPort]: readonly number[]): Promise<void> {
    const file = join(this.#folder, "fleet.yaml");
    const ports = ["--port", `${port}`, "--admin-port", `${adminPort}`];
    this.#process = new NodeProcess([this.#main, this.#role, "--config", file, ...ports], {
      onLine: (line) => {
        if (line.includes(DEFECT)) this.#defects.push(line);
      },
    });
    this.#addresses = JSON.parse(await this.#process.nextLine(/"msg":"listening"/));
  }
}
