import { untilAborted } from "../../../async/until-aborted.ts";
import { clock, type Timer } from "../../../platform/clock.ts";
import { JsonRpcChannel } from "../json-rpc-channel.ts";
import type { LocalSession } from "../local-sessions.ts";
import { Child, type ChildParts } from "./child.ts";

export interface StdioSessionParts extends Omit<ChildParts, "onLine"> {
  /** Hears the first message. */
  readonly onAnswer: () => void;
}

/** One session of a server over stdio: a program of its own. */
export class StdioSession implements LocalSession {
  readonly channel: JsonRpcChannel;
  /** Resolves with why the program ended. */
  readonly ended: Promise<Error>;
  /** Whether the program has said anything. */
  hasAnswered = false;
  readonly #child: Child;
  readonly #idleMs: number | undefined;
  #idle: Timer | undefined;

  constructor({ onAnswer, ...parts }: StdioSessionParts) {
    const { idleTimeoutSeconds } = parts.settings;
    this.#idleMs = idleTimeoutSeconds === undefined ? undefined : idleTimeoutSeconds * 1000;
    this.channel = new JsonRpcChannel(
      async ({ text, signal }) => {
        this.#used();
        // A program that reads nothing takes no message that is longer than its pipe.
        await untilAborted(this.#child.write(text), signal);
        return undefined;
      },
      (reason) => this.#child.stop(reason instanceof Error ? reason.message : String(reason)),
    );
    this.#child = new Child({
      ...parts,
      onLine: (line) => {
        this.#used();
        if (!this.hasAnswered) onAnswer();
        this.hasAnswered = true;
        return this.channel.take(line);
      },
    });
    this.ended = this.#child.ended.then((reason) => {
      clock.clear(this.#idle);
      this.channel.close(reason);
      return reason;
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  close(): void {
    this.channel.close(new Error("its session ended"));
  }

  /** Ends the program at once. */
  kill(): void {
    this.close();
    this.#child.kill();
  }

  #used(): void {
    if (this.#idleMs === undefined) return;
    clock.clear(this.#idle);
    this.#idle = clock.after(this.#idleMs, () => {
      // A call that runs says nothing for as long as it takes.
      if (this.channel.isBusy) this.#used();
      else this.channel.close(new Error("nobody used it for as long as process.idleTimeout"));
    });
    this.#idle.unref();
  }
}
