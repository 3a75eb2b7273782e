import { Worker } from "node:worker_threads";
import { ConfigError } from "@mcp-fleet/contract";
import type { AuthorizationSettings } from "@mcp-fleet/contract/settings";
import type { Decision, Item } from "./decider.ts";
import type { PrincipalClass } from "./principal-class.ts";
import type { Answer, Question, WorkerData } from "./worker-messages.ts";

/** What the policies speak of: sent once, when they have been read. */
export type Ready = Extract<Answer, { kind: "ready" }>;

/** Its file, which is built beside this one. */
const FILE = import.meta.url.endsWith(".ts") ? "./cedar-worker.ts" : "./cedar-worker.js";

/** The thread that decides. Once it has ended, it decides nothing more: whoever asks hears so. */
export class DeciderThread {
  readonly ready: Ready;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly Decision[]>>();
  #asked = 0;
  #ended: Error | undefined;

  private constructor(worker: Worker, ready: Ready) {
    this.#worker = worker;
    this.ready = ready;
    worker.on("message", (answer: Answer) => this.#onAnswer(answer));
    worker.on("error", (error) => this.#end(error));
    worker.on("exit", (code) => this.#end(new Error(`it ended with ${code}`)));
    // Nothing waits for it yet: it keeps no process alive.
    worker.unref();
  }

  /** @throws {ConfigError} with the faults of all policies. */
  static async start(settings: AuthorizationSettings, gateway: string): Promise<DeciderThread> {
    const workerData: WorkerData = { settings, gateway };
    const worker = new Worker(new URL(FILE, import.meta.url), { workerData });
    const first = await firstAnswer(worker);
    if (first.kind === "faulty") throw new ConfigError(first.faults);
    if (first.kind !== "ready") throw new Error("the thread for policies has not read any");
    return new DeciderThread(worker, first);
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** @throws when the thread has ended. */
  async decide(
    principal: PrincipalClass,
    items: readonly Item[],
    args?: Readonly<Record<string, unknown>>,
  ): Promise<readonly Decision[]> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#asked += 1;
    const question: Question = { id: this.#asked, principal, items, ...(args && { args }) };
    const waiting = Promise.withResolvers<readonly Decision[]>();
    this.#waiting.set(question.id, waiting);
    this.#worker.ref();
    this.#worker.postMessage(question);
    return await waiting.promise;
  }

  /** Ends once what it was asked is answered. */
  async finish(): Promise<void> {
    await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    await this.close();
  }

  async close(): Promise<void> {
    this.#end(new Error("closed"));
    await this.#worker.terminate();
  }

  #onAnswer(answer: Answer): void {
    if (answer.kind !== "decided") return;
    this.#waiting.get(answer.id)?.resolve(answer.decisions);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #end(cause: Error): void {
    this.#ended ??= new Error("the thread for policies has ended", { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/** @throws what the thread ended with before it said anything. */
function firstAnswer(worker: Worker): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`the thread for policies ended with ${code}`)));
  return promise;
}
