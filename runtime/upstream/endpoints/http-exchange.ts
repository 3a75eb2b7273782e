import type { Dispatcher } from "undici";

import type { MessageLimits } from "./message-limits.ts";
import { ResponseBody } from "./response-body.ts";

type Handler = Required<Dispatcher.DispatchHandler>;
type Controller = Parameters<Handler["onRequestStart"]>[0];

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Parameters<Handler["onResponseStart"]>[2];
  readonly body: ResponseBody;
}

/**
 * One request on its way through undici and the response that comes back. It is there for two things that undici's
 * own `request` does not have: to know whether a byte was written, and to hand over an answer that arrives in one
 * piece at the price of that piece.
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly response: Promise<HttpResponse>;
  readonly #signal: AbortSignal;
  readonly #messages: MessageLimits;
  readonly #abort = () => this.#cut();
  #resolve: (response: HttpResponse) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #controller: Controller | undefined;
  #body: ResponseBody | undefined;

  constructor(signal: AbortSignal, messages: MessageLimits) {
    this.#signal = signal;
    this.#messages = messages;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal.addEventListener("abort", this.#abort);
  }

  /** Whether undici began to write the request: before that, it certainly did not run. */
  get sent(): boolean {
    return this.#controller !== undefined;
  }

  onRequestStart(controller: Controller): void {
    if (this.#signal.aborted) controller.abort(this.#signal.reason);
    else this.#controller = controller;
  }

  onResponseStart(...[controller, statusCode, headers]: Parameters<Handler["onResponseStart"]>) {
    if (statusCode < 200) return;
    this.#body = new ResponseBody(controller, this.#messages);
    this.#resolve({ statusCode, headers, body: this.#body });
  }

  onResponseData(_controller: Controller, piece: Buffer): void {
    this.#body?.push(piece);
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener("abort", this.#abort);
    this.#body?.end();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#signal.removeEventListener("abort", this.#abort);
    this.#body?.break(error);
    this.#reject(error);
  }

  /** Also while it waits for a connection: undici then hears of it when it begins. */
  #cut(): void {
    this.#controller?.abort(this.#signal.reason);
    this.#reject(this.#signal.reason);
  }
}
