import type { SseEvent } from "../../wire/sse.ts";

/** So much waits for its reader before whoever writes has to wait. */
const HIGH_WATER_CHARACTERS = 64 * 1024;

export interface MessageStreamHooks {
  /** It holds as much as it should, or does not any more. */
  readonly onFull: (isFull: boolean) => void;
  /** Nobody reads it any more. */
  readonly onLeft: () => void;
}

/** Messages for one reader, taken out of a stream that many share. */
export class MessageStream {
  readonly #hooks: MessageStreamHooks;
  #messages: string[] = [];
  #characters = 0;
  #state: "open" | "ended" | "broken" = "open";
  #error: unknown;
  #wake: () => void = () => {};

  constructor(hooks: MessageStreamHooks) {
    this.#hooks = hooks;
  }

  push(text: string): void {
    this.#messages.push(text);
    this.#characters += text.length;
    if (this.#characters >= HIGH_WATER_CHARACTERS) this.#hooks.onFull(true);
    this.#wake();
  }

  end(): void {
    if (this.#state === "open") this.#state = "ended";
    this.#wake();
  }

  break(error: unknown): void {
    if (this.#state === "open") {
      this.#state = "broken";
      this.#error = error;
    }
    this.#wake();
  }

  /** Gives up what has not been read. */
  destroy(): void {
    this.#messages = [];
    this.end();
    this.#hooks.onFull(false);
    this.#hooks.onLeft();
  }

  /**
   * Whoever stops reading early gives it up.
   *
   * @throws what it breaks off with.
   */
  async *read(): AsyncGenerator<SseEvent> {
    try {
      for (;;) {
        const messages = await this.#take();
        if (messages.length === 0) return;
        for (const data of messages) yield { data };
        // Not before they are read: whoever writes holds them until then.
        if (this.#characters < HIGH_WATER_CHARACTERS) this.#hooks.onFull(false);
      }
    } finally {
      this.destroy();
    }
  }

  async #take(): Promise<readonly string[]> {
    while (this.#messages.length === 0 && this.#state === "open") {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const messages = this.#messages;
    if (messages.length === 0 && this.#state === "broken") throw this.#error;
    this.#messages = [];
    this.#characters = 0;
    return messages;
  }
}
