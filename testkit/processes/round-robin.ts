import { once } from "node:events";
import {
  type ClientRequest,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestTo,
  type Server,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream";

export interface RoundRobinOptions {
  /** What it stands before: URLs whose path is left out. */
  readonly targets: readonly string[];
  /** On 127.0.0.1; 0 is any free one. */
  readonly port?: number;
  /** Sees every request before it goes on, and may hold it. */
  readonly before?: (request: IncomingMessage) => Promise<void>;
}

/** They speak of one connection, and these are two. */
const HOP_BY_HOP: readonly string[] = ["connection", "keep-alive", "transfer-encoding"];

/**
 * The plainest of balancers: each request goes to the next process over a new connection, whatever session it
 * belongs to. A process that takes no connections is passed over; one that ends amid an answer ends it.
 */
export class RoundRobin {
  /** Requests that each target answered. */
  readonly answered = new Map<string, number>();
  /** Answers that said that there is no such session: 404. */
  notFound = 0;
  readonly #server: Server;
  readonly #targets: readonly URL[];
  readonly #before: (request: IncomingMessage) => Promise<void>;
  #next = 0;

  private constructor({ targets, before = async () => {} }: RoundRobinOptions) {
    this.#targets = targets.map((target) => new URL(target));
    this.#before = before;
    this.#server = createServer((request, response) => {
      this.#before(request).then(
        () => this.#send(request, response, this.#targets.length),
        (error: Error) => response.destroy(error),
      );
    });
  }

  /** @throws the system's, such as EADDRINUSE. */
  static async start(options: RoundRobinOptions): Promise<RoundRobin> {
    const front = new RoundRobin(options);
    front.#server.listen(options.port ?? 0, "127.0.0.1");
    await once(front.#server, "listening");
    return front;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port to listen on");
    return `http://localhost:${address.port}/mcp`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #send(request: IncomingMessage, response: ServerResponse, attempts: number): void {
    const target = this.#targets[this.#next++ % this.#targets.length];
    if (target === undefined || attempts === 0) return void response.writeHead(503).end();
    const { hostname, port } = target;
    const { method, url } = request;
    const headers = endToEnd(request.headers);
    const sent = requestTo({ hostname, port, method, path: url, headers, agent: false });
    let connected = false;
    sent.once("socket", (socket) => {
      socket.once("connect", () => {
        connected = true;
        pipeline(request, sent, () => {});
      });
    });
    sent.on("error", () => {
      if (response.destroyed) return;
      if (!connected) this.#send(request, response, attempts - 1);
      else if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    });
    sent.once("response", (answer) => this.#answer(target, answer, response));
    abandonWith(response, sent);
  }

  #answer(target: URL, answer: IncomingMessage, response: ServerResponse): void {
    this.answered.set(target.href, (this.answered.get(target.href) ?? 0) + 1);
    if (answer.statusCode === 404) this.notFound += 1;
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers)).flushHeaders();
    pipeline(answer, response, () => {});
  }
}

/** A client that goes away leaves nothing open behind. */
function abandonWith(response: ServerResponse, sent: ClientRequest): void {
  response.once("close", () => sent.destroy());
}

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name));
  return Object.fromEntries(kept);
}
