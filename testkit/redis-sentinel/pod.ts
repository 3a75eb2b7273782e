import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { MOUNTS } from "../../infra/redis/pods.ts";
import { log } from "../processes/test-log.ts";

/** How long a container that has ended stays away: the first back-off of a kubelet is not longer. */
const BACK_OFF_MS = 500;

export interface PodParts {
  readonly name: string;
  readonly address: string;
  /** The folder of the scripts, and the pod's own. */
  readonly folders: { readonly scripts: string; readonly pod: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly commands: {
    readonly start: readonly string[];
    readonly alive: readonly string[];
    readonly ready: readonly string[];
    readonly preStop?: readonly string[];
  };
}

/** A pod with one container, as a kubelet would run it, at a loopback address of its own. */
export class Pod {
  readonly name: string;
  readonly address: string;
  /** What the container and the hooks have printed. */
  output = "";
  readonly #parts: PodParts;
  #container: ChildProcess | undefined;
  #isWanted = false;

  constructor(parts: PodParts) {
    this.name = parts.name;
    this.address = parts.address;
    this.#parts = parts;
  }

  /** Keeps the container running from now on. */
  start(): void {
    mkdirSync(this.#data, { recursive: true });
    mkdirSync(this.#run, { recursive: true });
    this.#isWanted = true;
    this.#startContainer();
  }

  /** kill -9 of the container, which the kubelet starts again. */
  async crash(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Deletes the pod as an eviction or a rollout does. */
  async delete(): Promise<void> {
    this.#isWanted = false;
    const { preStop } = this.#parts.commands;
    if (preStop !== undefined) await this.#execute(preStop);
    await this.#end("SIGTERM");
  }

  /** The pod and its volume are gone, with no time for anything. */
  async lose(): Promise<void> {
    this.#isWanted = false;
    await this.#end("SIGKILL");
    rmSync(this.#data, { recursive: true, force: true });
  }

  async isReady(): Promise<boolean> {
    const { alive, ready } = this.#parts.commands;
    return (await this.#execute(alive)) === 0 && (await this.#execute(ready)) === 0;
  }

  /**
   * What a script prints that runs in the container of the pod, or in another one that has its volume.
   *
   * @throws {Error} with what it complains of.
   */
  run(script: string, input?: Buffer): Buffer {
    mkdirSync(this.#data, { recursive: true });
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script], {
      env: this.#environment,
      ...(input && { input }),
    });
    if (status !== 0) throw new Error(`${this.name}: ${stderr}`);
    return stdout;
  }

  get #environment(): Record<string, string> {
    const { environment } = this.#parts;
    return { ...environment, POD_NAME: this.name, DATA: this.#data, RUN: this.#run };
  }

  get #data(): string {
    return join(this.#parts.folders.pod, "data");
  }

  get #run(): string {
    return join(this.#parts.folders.pod, "run");
  }

  #startContainer(): void {
    const container = this.#spawn(this.#parts.commands.start);
    this.#container = container;
    container.once("exit", () => void this.#replace(container));
  }

  async #replace(container: ChildProcess): Promise<void> {
    await delay(BACK_OFF_MS);
    if (this.#isWanted && this.#container === container) this.#startContainer();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const container = this.#container;
    if (container === undefined || container.exitCode !== null || container.signalCode !== null) {
      return;
    }
    const exit = once(container, "exit");
    container.kill(signal);
    await exit;
  }

  async #execute(command: readonly string[]): Promise<number | null> {
    const [code] = await once(this.#spawn(command), "close");
    return code;
  }

  #spawn(command: readonly string[]): ChildProcess {
    const [program = "", ...args] = command.map((word) =>
      word.replace(MOUNTS.scripts, this.#parts.folders.scripts),
    );
    const child = spawn(program, args, {
      env: this.#environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        this.output += String(chunk);
        log.debug({ pod: this.name }, String(chunk).trimEnd());
      });
    }
    return child;
  }
}
