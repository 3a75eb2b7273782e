import type { RequestListener, Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";
import { clock } from "../platform/clock.ts";
import { sockets } from "../platform/sockets.ts";
import { ERROR_TABLE, NOT_PROCESSED_HEADER } from "../wire/error-table.ts";
import { FleetError } from "../wire/fleet-error.ts";

/** How long a refused client has, first to say something, then to take the answer and go. */
const REFUSAL_MS = 1_000;

/** How many connections there is room for. */
export interface ConnectionBudget {
  /** Whether a client's connection is taken; if so, it counts until it closes. */
  acquireConnection(socket: Socket): boolean;
  /** A connection that is told that it is refused; it counts until it closes. The oldest gives way to one too many. */
  acquireRefusal(socket: Socket): void;
}

/**
 * An HTTP server that takes a connection only while there are descriptors for it. Beyond that a client is answered
 * 503 as soon as it says something, whatever that is, and its connection is closed once it has read the answer:
 * closed at once, what it was still sending would reset the answer away. A client that says nothing is let go of
 * without a word, as is the one that has been waiting longest where that takes too many descriptors.
 */
export function createGatedServer(
  options: ServerOptions,
  handler: RequestListener,
  budget: ConnectionBudget,
): Server {
  const server = sockets.httpServer(options, handler);
  const serve = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (budget.acquireConnection(socket)) {
      for (const listener of serve) Reflect.apply(listener, server, [socket]);
    } else {
      budget.acquireRefusal(socket);
      refuse(socket);
    }
  });
  return server;
}

function refuse(socket: Socket): void {
  const timer = clock.after(REFUSAL_MS, () => socket.destroy()).unref();
  socket.on("error", () => {});
  socket.once("close", () => clock.clear(timer));
  socket.once("data", () => {
    timer.refresh();
    socket.end(refusal());
  });
}

function refusal(): string {
  const message = "this process has no room for another connection: its open files are in use";
  const error = new FleetError("AT_CAPACITY", { message });
  const body = error.toJsonRpc();
  return [
    `HTTP/1.1 ${ERROR_TABLE.AT_CAPACITY.httpStatus} Service Unavailable`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    `retry-after: ${error.retryAfterSeconds}`,
    `${NOT_PROCESSED_HEADER}: true`,
    "connection: close",
    "",
    body,
  ].join("\r\n");
}
