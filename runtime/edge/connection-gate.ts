import type { RequestListener, Server, ServerOptions, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { clock } from "../platform/clock.ts";
import { STATUS_CODES, sockets } from "../platform/sockets.ts";
import { NOT_PROCESSED_HEADER } from "../wire/error-table.ts";
import type { FleetError } from "../wire/fleet-error.ts";

/** How long a refused client has, first to say something, then to take the answer and go. */
const REFUSAL_MS = 1_000;

/** How many connections there is room for. */
export interface ConnectionBudget {
  /** Whether a client's connection is taken; if so, it counts until it closes. */
  acquireConnection(socket: Socket): boolean;
  /**
   * A connection that is told that it is refused; it counts until it closes. The oldest gives way to one too many.
   *
   * @returns what it is told.
   */
  acquireRefusal(socket: Socket): FleetError;
  /** A request has come over a connection that was taken. */
  answers(socket: Socket, response: ServerResponse): void;
}

/**
 * An HTTP server that takes a connection only while there are descriptors for it. Beyond that a client is refused
 * as soon as it says something, whatever that is, and its connection is closed once it has read the answer:
 * closed at once, what it was still sending would reset the answer away. A client that says nothing is let go of
 * without a word, as is the one that has been waiting longest where that takes too many descriptors.
 */
export function createGatedServer(
  options: ServerOptions,
  handler: RequestListener,
  budget: ConnectionBudget,
): Server {
  const server = sockets.httpServer(options, (request, response) => {
    budget.answers(request.socket, response);
    handler(request, response);
  });
  const serve = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (budget.acquireConnection(socket)) {
      for (const listener of serve) Reflect.apply(listener, server, [socket]);
    } else {
      refuse(socket, budget.acquireRefusal(socket));
    }
  });
  return server;
}

function refuse(socket: Socket, error: FleetError): void {
  let isAnswered = false;
  const timer = clock
    .after(REFUSAL_MS, () => {
      if (isAnswered) socket.destroy();
      // What has come while this process was busy is read first.
      else clock.soon(() => isAnswered || socket.destroy());
    })
    .unref();
  socket.on("error", () => {});
  socket.once("close", () => clock.clear(timer));
  socket.once("data", () => {
    isAnswered = true;
    timer.refresh();
    socket.end(refusal(error));
  });
}

function refusal(error: FleetError): string {
  const body = error.toJsonRpc();
  return [
    `HTTP/1.1 ${error.statusCode} ${STATUS_CODES[error.statusCode]}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    `retry-after: ${error.retryAfterSeconds}`,
    `${NOT_PROCESSED_HEADER}: true`,
    "connection: close",
    "",
    body,
  ].join("\r\n");
}
