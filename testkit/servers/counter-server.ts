import { freePort } from "../processes/free-ports.ts";
import { NodeProcess } from "../processes/node-process.ts";
import { SdkServer } from "./sdk-server.ts";
import { buildServer, workDone } from "./sdk-tools.ts";

/** The counter as a process of its own, which keeps its port when it comes back. */
export class CounterProcess {
  #process: NodeProcess | undefined;
  #url = "";

  static async start(): Promise<CounterProcess> {
    const counter = new CounterProcess();
    await counter.#run(await freePort());
    return counter;
  }

  get url(): string {
    return this.#url;
  }

  /** kill -9: its memory is gone. */
  async kill(): Promise<void> {
    await this.#process?.end();
  }

  /** Another process at the same port. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#run(Number(new URL(this.#url).port));
  }

  /** It takes connections, and answers nothing. */
  freeze(): void {
    this.#process?.signal("SIGSTOP");
  }

  thaw(): void {
    this.#process?.signal("SIGCONT");
  }

  async #run(port: number): Promise<void> {
    this.#process = new NodeProcess([import.meta.filename, String(port)]);
    this.#url = await this.#process.nextLine(/^http/);
  }
}

// PORT [HOST]
if (import.meta.main) {
  const [port, host] = process.argv.slice(2);
  const server = await SdkServer.start({
    build: buildServer,
    port: Number(port),
    ...(host !== undefined && { host }),
  });
  process.stdout.write(`${server.url}\n`);
  // The first process of a container has to end by itself when it is told to; what has begun is finished first.
  process.once("SIGTERM", async () => {
    await workDone();
    await server.close();
  });
}
