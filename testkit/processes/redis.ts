import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { RedisOptions } from "ioredis";
import type { Engine } from "../../infra/redis/engine.ts";
import { askRedis } from "./ask-redis.ts";
import { endsWithUs } from "./ends-with-us.ts";
import { freePort } from "./free-ports.ts";
import { hasEngine, STORE_ENGINE, serverProgram, TLS_ENGINE } from "./store-engine.ts";

type ClientOptions = Omit<RedisOptions, "replyMapping">;

/** `make test` gets one where it can; without one, these tests are skipped by name, or fail in CI. */
export const hasRedis = hasEngine(STORE_ENGINE);

/** The same for a server with TLS. */
export const hasRedisTls = hasEngine(TLS_ENGINE);

/** One server or Sentinel, of the engine to test with, in a folder of its own. */
export class RedisProcess {
  readonly port: number;
  readonly #engine: Engine;
  readonly #options: readonly string[];
  readonly #folder: string;
  readonly #client: ClientOptions;
  #child: ChildProcess | undefined;

  private constructor(port: number, client: ClientOptions, options: readonly string[] = []) {
    this.#engine = client.tls === undefined ? STORE_ENGINE : TLS_ENGINE;
    this.#options = options;
    this.port = port;
    this.#client = { ...client, host: "127.0.0.1", port, retryStrategy: () => null };
    this.#folder = mkdtempSync(join(tmpdir(), "mcp-fleet-redis-"));
  }

  /**
   * A server that keeps nothing on disk, ready to answer. `config` are lines of redis.conf, `client` what a
   * client needs to be let in.
   */
  static async server(config: readonly string[] = [], client: ClientOptions = {}) {
    const process = new RedisProcess(await freePort(), client);
    const plain = client.tls === undefined ? "port" : "tls-port";
    await process.#start([
      ...(client.tls === undefined ? [] : ["port 0"]),
      `${plain} ${process.port}`,
      'save ""',
      "repl-diskless-sync-delay 0",
      "repl-ping-replica-period 1",
      ...config,
    ]);
    return process;
  }

  /** A Sentinel that watches the master of this port under the name `fleet`. */
  static async sentinel(masterPort: number) {
    const process = new RedisProcess(await freePort(), {}, ["--sentinel"]);
    await process.#start([
      `port ${process.port}`,
      `sentinel monitor fleet 127.0.0.1 ${masterPort} 2`,
      "sentinel down-after-milliseconds fleet 1000",
      "sentinel failover-timeout fleet 2000",
    ]);
    return process;
  }

  /** The same server again, on the same port, with nothing in it. */
  async restart(): Promise<void> {
    await this.#run();
  }

  /** Runs one command on a connection of its own. */
  ask(command: string, ...args: string[]): Promise<unknown> {
    return askRedis(this.#client, command, ...args);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(config: readonly string[]): Promise<void> {
    const lines = ["bind 127.0.0.1", `dir ${this.#folder}`, ...config];
    writeFileSync(join(this.#folder, "redis.conf"), `${lines.join("\n")}\n`);
    await this.#run();
  }

  async #run(): Promise<void> {
    const config = join(this.#folder, "redis.conf");
    const child = spawn(serverProgram(this.#engine), [config, ...this.#options], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = endsWithUs(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        output += String(chunk);
      });
    }
    for (;;) {
      const answer = await this.ask("PING").catch(() => undefined);
      if (answer === "PONG") return;
      if (child.exitCode !== null) throw new Error(`${this.#engine} has ended: ${output}`);
    }
  }
}
