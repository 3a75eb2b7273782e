import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { endsWithUs } from "./ends-with-us.ts";
import { freePort } from "./free-ports.ts";
import { until } from "./until.ts";

const PROGRAM = join(import.meta.dirname, "../../.tools/prometheus/prometheus-redis-exporter");

/** A server of the store, and whom its exporter is there. */
export interface ExportedServer {
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** The exporter for Prometheus that runs beside the servers of a store. */
export class RedisExporter {
  /** Whether there is one to run. */
  static readonly isHere = existsSync(PROGRAM);
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
  }

  /** Resolves when it answers. */
  static async start({ port, username, password }: ExportedServer): Promise<RedisExporter> {
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(PROGRAM, ["-web.listen-address", address], {
      env: {
        REDIS_ADDR: `redis://localhost:${port}`,
        REDIS_USER: username,
        REDIS_PASSWORD: password,
        PATH: process.env.PATH,
      },
      stdio: "ignore",
    });
    const exporter = new RedisExporter(endsWithUs(child), `http://${address}/metrics`);
    const answers = () =>
      exporter.metrics().then(
        () => true,
        () => false,
      );
    await until("the exporter", answers);
    return exporter;
  }

  /** What it tells Prometheus. */
  async metrics(): Promise<string> {
    const response = await fetch(this.#url);
    return await response.text();
  }

  stop(): void {
    this.#child.kill();
  }
}
