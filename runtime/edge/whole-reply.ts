import type { FastifyReply } from "fastify";
import type { FleetError } from "../wire/fleet-error.ts";
import type { Reply } from "../wire/reply.ts";
import { sendError } from "./http-response.ts";

/** An answer that is one message whatever it takes: its status and headers are not known before it is. */
export class WholeReply implements Reply {
  readonly #reply: FastifyReply;
  readonly #idText: string;
  readonly #gone = new AbortController();

  constructor(reply: FastifyReply, idText: string) {
    this.#reply = reply;
    this.#idText = idText;
    reply.raw.once("close", () => this.#gone.abort());
  }

  get begun(): boolean {
    return this.#reply.sent;
  }

  readonly takesEvents = false;

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  message(text: string | Buffer): void {
    this.#reply.header("content-type", "application/json").send(text);
  }

  async stream(): Promise<void> {
    throw new Error("this request is answered by one message");
  }

  async event(): Promise<void> {
    throw new Error("this request is answered by one message");
  }

  end(): void {
    throw new Error("this request is answered by one message");
  }

  fail(error: FleetError): void {
    sendError(this.#reply, error, this.#idText);
  }
}
