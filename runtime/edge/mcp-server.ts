import type { ServerOptions } from "node:http";

import cors from "@fastify/cors";
import type { Settings } from "@mcp-fleet/contract/settings";
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HookHandlerDoneFunction,
} from "fastify";
import type { Logger } from "pino";
import type { Authenticator } from "../auth/authenticator.ts";
import type { Events } from "../sessions/events.ts";
import type { Principal } from "../sessions/principal.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { JSON_CONTENT_TYPE } from "../wire/message.ts";
import type { ClientAddresses } from "./client-addresses.ts";
import { type ConnectionBudget, createGatedServer } from "./connection-gate.ts";
import type { Drain } from "./drain.ts";
import type { Guards } from "./guards.ts";
import { drainedResponse, sendError, translate } from "./http-response.ts";
import { addLogout } from "./logout-route.ts";
import type { McpEndpoint } from "./mcp-endpoint.ts";
import { addProbes, type Probes } from "./probes.ts";
import { recordRefusal } from "./refusal-record.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who sent it. */
    principal: Principal;
  }
}

export interface McpServerParts {
  readonly endpoint: McpEndpoint;
  readonly authenticator: Authenticator;
  /** What ends the sessions of an owner in the whole fleet. */
  readonly endSessions: (owner: string) => Promise<number>;
  readonly guards: Guards;
  readonly drain: Drain;
  readonly probes: Probes;
  readonly connections: ConnectionBudget;
  readonly addresses: ClientAddresses;
  readonly settings: Settings;
  readonly events: Events;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Longer than the 60 s for which balancers keep idle connections: they do not heed announcements, so they close first. */
const KEEP_ALIVE_MS = 75_000;

/**
 * How long an idle connection is kept, and how much of that clients are told: within a linger, so that each of theirs is
 * used and told to close, or let go by them, before the process closes it under the request that is under way.
 */
function idleTimes(lingerSeconds: number): ServerOptions {
  const announcedSeconds = Math.floor(lingerSeconds) - 1;
  if (announcedSeconds < 1) return { keepAliveTimeout: KEEP_ALIVE_MS };
  const keepAliveTimeout = Math.min(KEEP_ALIVE_MS, announcedSeconds * 1000);
  return { keepAliveTimeout, keepAliveTimeoutBuffer: KEEP_ALIVE_MS - keepAliveTimeout };
}

/** How often connections are looked at: a late request ends at most this long after its time. */
const MAX_CHECK_MS = 1_000;

/** How long a request may take to arrive, from the first byte of its connection: its headers, its body, or nothing at all. */
export function arrivalTimes(requestTimeoutSeconds: number): ServerOptions {
  const requestTimeout = requestTimeoutSeconds * 1000;
  const connectionsCheckingInterval = Math.ceil(Math.min(MAX_CHECK_MS, requestTimeout / 10));
  return { requestTimeout, headersTimeout: requestTimeout, connectionsCheckingInterval };
}

export const MCP_PATH = "/mcp";

/** The listener that clients talk to. */
export function buildMcpServer(parts: McpServerParts): FastifyInstance {
  const { endpoint, authenticator, guards, drain, probes, connections, settings } = parts;
  const ServerResponse = drainedResponse(drain);
  const options = {
    ServerResponse,
    ...arrivalTimes(settings.limits.requestTimeoutSeconds),
    ...idleTimes(settings.drain.lingerSeconds),
  };
  const server = Fastify({
    serverFactory: (handler) => createGatedServer(options, handler, connections),
    forceCloseConnections: "idle",
    routerOptions: { ignoreTrailingSlash: true },
    return503OnClosing: false,
  });
  acceptJsonOnly(server);
  answerErrors(server, parts);
  addProbes(server, probes);
  server.register((mcp, _options, done) => {
    mcp.addHook("onRequest", ({ headers }, _reply, next) => {
      guards.check(headers.host, headers.origin);
      next();
    });
    allowPages(mcp, settings);
    publishMetadata(mcp, authenticator);
    addLogout(mcp, authenticator.logout, parts);
    const known = { onRequest: authenticateWith(mcp, authenticator) };
    mcp.post(MCP_PATH, known, (request, reply) => endpoint.post(request, reply));
    // HEAD would open a stream that nobody reads.
    mcp.get(MCP_PATH, { ...known, exposeHeadRoute: false }, (request, reply) =>
      endpoint.get(request, reply),
    );
    mcp.delete(MCP_PATH, known, (request, reply) => endpoint.delete(request, reply));
    done();
  });
  return server;
}

/** Before the body is read, so that nobody unknown makes the process hold one. */
function authenticateWith(mcp: FastifyInstance, authenticator: Authenticator) {
  mcp.decorateRequest("principal");
  return (request: FastifyRequest, _reply: FastifyReply, next: HookHandlerDoneFunction): void => {
    const done = (principal: Principal) => {
      request.principal = principal;
      next();
    };
    const principal = authenticator.authenticate(request.raw);
    if (principal instanceof Promise) principal.then(done, next);
    else done(principal);
  };
}

/** Where a client without a token looks. */
function publishMetadata(mcp: FastifyInstance, { resource }: Authenticator): void {
  if (resource === undefined) return;
  for (const path of resource.metadataPaths) {
    mcp.get(path, async ({ headers }) => resource.metadata(headers.host));
  }
}

/** Bodies are left to the endpoint, which reads them once it knows whose they are. */
function acceptJsonOnly(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(JSON_CONTENT_TYPE, (_request, _body, done) => done(null));
}

function answerErrors(server: FastifyInstance, parts: McpServerParts): void {
  server.setErrorHandler((thrown, request, reply) => {
    const error = translate(thrown);
    recordRefusal(parts, request.raw, error);
    sendError(reply, error);
  });
  server.setNotFoundHandler((request, reply) => {
    const known = request.url.split("?", 1)[0]?.replace(/\/$/, "") === MCP_PATH;
    if (known) reply.header("allow", "POST, GET, DELETE");
    sendError(reply, new FleetError(known ? "METHOD_NOT_ALLOWED" : "NOT_FOUND"));
  });
}

/** CORS, for the pages whose origin the guards let through: no other one comes this far. */
function allowPages(mcp: FastifyInstance, { backends, telemetry }: Settings): void {
  mcp.register(cors, {
    origin: (origin, callback) => callback(null, origin !== undefined),
    methods: ["POST", "GET", "DELETE"],
    allowedHeaders: [
      "accept",
      "authorization",
      "dpop",
      "content-type",
      "last-event-id",
      "mcp-protocol-version",
      "mcp-session-id",
      ...(telemetry?.tracing ? ["traceparent", "tracestate", "baggage"] : []),
      ...new Set(backends.flatMap(({ passthroughHeaders = [] }) => passthroughHeaders)),
    ],
    exposedHeaders: ["mcp-session-id", "mcp-protocol-version", "retry-after", "www-authenticate"],
    maxAge: 600,
  });
}
