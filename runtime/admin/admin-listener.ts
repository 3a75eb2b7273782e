import type { Settings } from "@mcp-fleet/contract/settings";
import Fastify, { type FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { sendError, translate } from "../edge/http-response.ts";
import { sockets } from "../platform/sockets.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { AdminGuards } from "./admin-guards.ts";

/** A listener for operators, without any route yet. What it refuses leaves a line in the log. */
export function adminListener(log: Logger): FastifyInstance {
  const server = Fastify({
    forceCloseConnections: true,
    serverFactory: (handler, options) => sockets.httpServer(options, handler),
  });
  server.setErrorHandler((thrown, { method }, reply) => {
    const error = translate(thrown);
    const about = { method, code: error.code, error };
    if (error.code === "INTERNAL") log.error(about, "a request of the admin port failed");
    else log.info(about, "a request of the admin port is refused");
    sendError(reply, error);
  });
  server.setNotFoundHandler((_request, reply) => sendError(reply, new FleetError("NOT_FOUND")));
  return server;
}

/** Has the routes of a server take requests for their own hosts and from their own pages alone. */
export function guard(
  server: FastifyInstance,
  settings: Pick<Settings, "host" | "peerHost" | "allowedHosts">,
): void {
  const guards = new AdminGuards(settings);
  server.addHook("onRequest", ({ headers }, _reply, next) => {
    guards.check(headers.host, headers.origin);
    next();
  });
}
