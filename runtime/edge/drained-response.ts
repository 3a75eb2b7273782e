import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders } from "node:http";

import { ServerResponse } from "../platform/sockets.ts";

import type { Drain } from "./drain.ts";

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * Answers that say `Connection: close` while the process ends. That is known when an answer begins, not when its
 * request comes: in between, a call may have waited for longer than the process lingers.
 */
export function drainedResponse(drain: Drain): typeof ServerResponse {
  return class<Request extends IncomingMessage> extends ServerResponse<Request> {
    override writeHead(status: number, ...rest: [(string | Headers)?, Headers?]): this {
      if (drain.closesConnections) this.setHeader("connection", "close");
      return Reflect.apply(super.writeHead, this, [status, ...rest]);
    }
  };
}
