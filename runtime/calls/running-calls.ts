import type { Requester } from "../upstream/transports/transport.ts";
import type { Reply } from "../wire/reply.ts";
import type { CallTimer } from "./call-timer.ts";

/** A call that is under way here: until it is answered, its reply is a way to the client. */
export interface RunningCall {
  readonly reply: Reply;
  readonly timer: CallTimer;
  readonly call: { readonly context: Requester };
}

/** The calls of one session at one backend that run in this process. */
export class RunningCalls {
  readonly #calls = new Set<RunningCall>();

  get size(): number {
    return this.#calls.size;
  }

  /** Whose request the last one is. */
  get requester(): Requester | undefined {
    return [...this.#calls].at(-1)?.call.context;
  }

  add(call: RunningCall): void {
    this.#calls.add(call);
  }

  delete(call: RunningCall): void {
    this.#calls.delete(call);
  }

  /** Any of them may be the one that the backend asks for: a person has the floor, and only the cap counts. */
  waitForClient(): void {
    for (const { timer } of this.#calls) timer.untilCap();
  }

  /** Brings a request of the backend to the client. Returns whether there was a call to bring it with. */
  async ask(text: string): Promise<boolean> {
    const asking = [...this.#calls].findLast(({ reply }) => reply.takesEvents);
    if (asking === undefined) return false;
    await asking.reply.event(text);
    return true;
  }
}
