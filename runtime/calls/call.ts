import type { Message } from "../wire/message.ts";
import type { Reply } from "../wire/reply.ts";
import type { RequestContext } from "./request-context.ts";

/** One request and the way of its answer back. */
export interface Call {
  readonly context: RequestContext;
  readonly message: Message;
  readonly reply: Reply;
}

/** Answers a call through its reply; throws what went wrong before or during that. */
export type Handler = (call: Call) => Promise<void>;

/** A link around every call, those that the process makes by itself included: it may refuse, wait, watch or change one. */
export type Interceptor = (call: Call, next: Handler) => Promise<void>;

/** The handler behind the interceptors, the first one outermost. With none of them it is the handler itself. */
export function intercepted(interceptors: readonly Interceptor[], handler: Handler): Handler {
  return interceptors.reduceRight<Handler>(
    (next, interceptor) => (call) => interceptor(call, next),
    handler,
  );
}
