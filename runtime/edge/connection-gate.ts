import type { RequestListener, Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";
import { clock } from "../platform/clock.ts";
import { sockets } from "../platform/sockets.ts";
import type { Descriptors } from "../server/descriptors.ts";
import { ERROR_TABLE, NOT_PROCESSED_HEADER } from "../wire/error-table.ts";
import { FleetError } from "../wire/fleet-error.ts";

/** How long a refused client has, first to say something, then to take the answer and go. */
const REFUSAL_MS = 1_000;

/**
 * An HTTP server that takes a connection only while there are descriptors for it. Beyond that a client is answered
 * 503 as soon as it says something, whatever that is, and its connection is closed once it has read the answer:
 * closed at once, what it was still sending would reset the answer away. A client that says nothing is let go of
 * without a word, as is the one that has been waiting longest where that takes too many descriptors.
 */
export function createGatedServer(
  options: ServerOptions,
  handler: RequestListener,
  descriptors: Descriptors,
): Server {
  const server = sockets.httpServer(options, handler);
  const serve = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (descriptors.takeConnection(socket)) {
      for (const listener of serve) Reflect.apply(listener, server, [socket]);
    } else {
      descriptors.takeRefusal(socket);
      refuse(socket);
    }
  });
  return server;
}

function refuse(socket: Socket): void {
  const patience = clock.after(REFUSAL_MS, () => socket.destroy()).unref();
  socket.on("error", () => {});
  socket.once("close", () => clock.clear(patience));
  socket.once("data", () => {
    patience.refresh();
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
