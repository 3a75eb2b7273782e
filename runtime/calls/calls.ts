import { asFleetError } from "../wire/fleet-error.ts";
import type { Message } from "../wire/message.ts";
import { type Call, type Handler, type Interceptor, intercepted } from "./call.ts";
import type { ClientMessages } from "./client-messages.ts";
import type { RequestContext } from "./request-context.ts";

export interface CallsParts {
  /** What a request comes to: the role's. */
  readonly handler: Handler;
  /** From the outermost. */
  readonly interceptors: readonly Interceptor[];
  readonly messages: ClientMessages;
  /** Hears of what clients say without waiting for an answer. */
  readonly heard?: ((context: RequestContext, message: Message) => void) | undefined;
}

/**
 * The life of a call: whatever a client sends comes in here, and so does what the process asks by itself. Requests go
 * through the interceptors to the role; forwarding, timers, answers and what servers ask meanwhile are beside this file.
 */
export class Calls {
  readonly #parts: CallsParts;
  readonly #handler: Handler;

  constructor(parts: CallsParts) {
    this.#parts = parts;
    this.#handler = intercepted(parts.interceptors, parts.handler);
  }

  /** Answers a request, well or badly. Never fails. */
  async request(call: Call): Promise<void> {
    const { context, message, reply } = call;
    const pending = context.session?.calls;
    const isFirst = pending !== undefined && !pending.has(message.idText);
    if (isFirst) pending.set(message.idText, context);
    try {
      await this.#handler(call);
    } catch (thrown) {
      reply.fail(asFleetError(thrown));
    } finally {
      if (isFirst && pending.get(message.idText) === context) pending.delete(message.idText);
    }
  }

  /**
   * A request that is answered by another handler than the role's, such as initialize.
   *
   * @throws the handler's.
   */
  through(call: Call, handler: Handler): Promise<void> {
    return intercepted(this.#parts.interceptors, handler)(call);
  }

  /** What a client says without waiting for an answer. */
  async notification(context: RequestContext, message: Message): Promise<void> {
    if (context.session !== undefined) {
      this.#parts.heard?.(context, message);
      await this.#parts.messages.notification(context.session, message, context);
    }
  }

  /**
   * The client's answer to what a backend asked.
   *
   * @throws INVALID_REQUEST.
   */
  async response(context: RequestContext, message: Message): Promise<void> {
    if (context.session !== undefined) {
      await this.#parts.messages.response(context.session, message, context);
    }
  }
}
