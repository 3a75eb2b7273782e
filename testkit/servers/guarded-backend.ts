import type { IncomingHttpHeaders } from "node:http";
import { EchoBackend } from "./echo-backend.ts";

/** An echo backend that lets nobody in without what a test says, and counts those whom it refused. */
export class GuardedBackend extends EchoBackend {
  /** The requests that were refused. */
  refused = 0;

  /** @param accepts whether a request with these headers is let in. */
  static async guard(accepts: (headers: IncomingHttpHeaders) => boolean): Promise<GuardedBackend> {
    const backend = new GuardedBackend({});
    backend.on("tools/call", (exchange) => backend.echo(exchange));
    backend.onHead = ({ headers }, response) => {
      if (accepts(headers)) return false;
      backend.refused += 1;
      response.writeHead(401, { "www-authenticate": "Bearer" }).end();
      return true;
    };
    await backend.listen();
    return backend;
  }
}
