import type { FastifyReply } from "fastify";
import type { FleetError } from "../wire/fleet-error.ts";
import { JSON_CONTENT_TYPE } from "../wire/message.ts";
import { type FramedMessage, framedText, type Reply } from "../wire/reply.ts";
import { encodeEvent, SSE_CONTENT_TYPE } from "../wire/sse.ts";
import { sendError } from "./http-response.ts";
import type { AnswerForm } from "./negotiation.ts";

/** An answer that is one message whatever it takes: its status and headers are not known before it is. */
export class WholeReply implements Reply {
  readonly takesEvents = false;
  readonly #reply: FastifyReply;
  readonly #idText: string;
  readonly #form: AnswerForm;
  #isGone = false;

  constructor(reply: FastifyReply, idText: string, form: AnswerForm) {
    this.#reply = reply;
    this.#idText = idText;
    this.#form = form;
    reply.raw.once("close", () => {
      if (!reply.raw.writableFinished) this.#isGone = true;
    });
  }

  get begun(): boolean {
    return this.#reply.sent;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  message(text: string | Buffer): void {
    if (this.#form === "events") {
      this.#reply.header("content-type", SSE_CONTENT_TYPE).send(encodeEvent(text.toString()));
    } else this.#reply.header("content-type", JSON_CONTENT_TYPE).send(text);
  }

  framed(message: FramedMessage): void {
    this.message(framedText(message));
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
