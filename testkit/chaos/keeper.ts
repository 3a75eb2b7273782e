import { ClientPool } from "../clients/client-pool.ts";
import { lastMessage, type RawClient, type RawStream } from "../clients/raw-client.ts";
import { until } from "../processes/until.ts";
import { INITIALIZE } from "./chaos-clients.ts";

/** A client like the others that does nothing wrong: its session outlasts the chaos, and keeps the lists of theirs read. */
export class Keeper {
  readonly #pool: ClientPool;
  #client: RawClient | undefined;
  #stream: RawStream | undefined;
  #tools: readonly string[] = [];

  constructor(url: string) {
    this.#pool = new ClientPool(url, 2);
  }

  /** Opens its session and a stream, and has called all of its tools. */
  async open(tools: readonly string[]): Promise<void> {
    this.#client = await this.#pool.open(INITIALIZE);
    this.#stream = await this.#client.stream();
    this.#tools = tools;
    await this.goOn();
  }

  /** Resolves when each tool answers: the backends are back, and the session is the same. */
  async goOn(): Promise<void> {
    const client = this.#client;
    for (const tool of this.#tools) {
      await until(`${tool} to answer`, async () => {
        const answer = await client?.call(tool, {});
        if (answer?.status !== 200)
          throw new Error(`${tool} got ${answer?.status}: ${answer?.text}`);
        return lastMessage(answer).includes('"result"');
      });
    }
  }

  leave(): void {
    this.#stream?.leave();
    void this.#pool.close();
  }
}
