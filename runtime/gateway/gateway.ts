import type { AddressInfo } from "node:net";

import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";

import { Views } from "../catalog/views.ts";
import type { Settings } from "../contract/index.ts";
import { buildAdminServer } from "../edge/admin-server.ts";
import { ClientStreams } from "../edge/client-streams.ts";
import { Guards } from "../edge/guards.ts";
import { KeepAlive } from "../edge/keep-alive.ts";
import { McpEndpoint } from "../edge/mcp-endpoint.ts";
import { buildMcpServer } from "../edge/mcp-server.ts";
import { Metrics } from "../metrics.ts";
import { KeyRing } from "../sessions/key-ring.ts";
import { MemoryStore } from "../sessions/memory-store.ts";
import { Reaper } from "../sessions/reaper.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import { Sessions } from "../sessions/sessions.ts";
import { Backend } from "../upstream/backend.ts";
import { Forwarder } from "../upstream/forwarder.ts";
import { UpstreamSessions } from "../upstream/upstream-sessions.ts";
import { VERSION } from "../version.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { GatewayRole } from "./gateway-role.ts";
import { SessionCatalogs } from "./session-catalogs.ts";
import { SessionStreams } from "./session-streams.ts";

export interface GatewayOptions {
  readonly settings: Settings;
  readonly log: Logger;
  /** Where sessions live. The gateway closes it. Default: this process's memory. */
  readonly store?: SessionStore;
  /** Signs session ids; the same for all gateways over one store. Default: a key of this process. */
  readonly ring?: KeyRing;
}

export interface GatewayAddresses {
  /** The MCP endpoint. */
  readonly url: string;
  /** Health, metrics and status. */
  readonly adminUrl: string;
}

/** How often a gateway that closes looks for connections that have become idle. */
const IDLE_CHECK_MS = 50;

/** The gateway role as one thing to start and stop, and its composition root: all its parts are made here. */
export class Gateway {
  readonly #settings: Settings;
  readonly #metrics = new Metrics();
  readonly #store: SessionStore;
  readonly #backends: readonly Backend[];
  readonly #sessions: Sessions;
  readonly #reaper: Reaper;
  readonly #keepAlive: KeepAlive;
  readonly #streams: ClientStreams;
  readonly #views: Views;
  readonly #sessionStreams: SessionStreams;
  readonly #role: GatewayRole;
  readonly #mcp: FastifyInstance;
  readonly #admin: FastifyInstance;
  readonly #cleanUps = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor({ settings, log, ...given }: GatewayOptions) {
    const { limits } = settings;
    const metrics = this.#metrics;

    const store = given.store ?? new MemoryStore();
    const ring = given.ring ?? KeyRing.generate();
    const sessions = new Sessions({ store, ring, settings: settings.session, metrics, log });
    const reaper = new Reaper(sessions, log);

    const backends = settings.backends.map((one) => new Backend(one, limits, metrics));
    const byName = new Map(backends.map((backend) => [backend.name, backend]));
    const upstreams = new UpstreamSessions({ store, backends: byName, limits, metrics, log });
    const listsChanged = (...where: Parameters<GatewayRole["listsChanged"]>) =>
      void this.#role.listsChanged(...where);
    const forwarder = new Forwarder({ upstreams, limits, metrics, log, listsChanged });

    const clientInfo = JSON.stringify({ name: "mcp-fleet", version: VERSION });
    const views = new Views({ backends, settings, clientInfo, log });
    const listTimeoutSeconds = limits.callTimeoutSeconds;
    const catalogs = new SessionCatalogs({ views, upstreams, backends, listTimeoutSeconds });

    const keepAlive = new KeepAlive(limits.keepAliveSeconds);
    const streams = new ClientStreams({ keepAlive, perSession: limits.streams, metrics });
    const streamParts = { store, upstreams, backends, streams, log, listsChanged };
    const sessionStreams = new SessionStreams(streamParts);
    const role = new GatewayRole({
      settings,
      version: VERSION,
      backends: byName,
      views,
      catalogs,
      store,
      upstreams,
      forwarder,
      streams,
      sessionStreams,
      metrics,
      log,
    });

    const guards = new Guards(settings);
    if (guards.isOpen) log.warn({ host: settings.host }, "any Host is accepted: set allowedHosts");
    const probes = { notReady: () => this.#notReady() };
    const endpoint = new McpEndpoint({ role, sessions, streams, keepAlive, limits, metrics, log });

    this.#settings = settings;
    this.#store = store;
    this.#backends = backends;
    this.#sessions = sessions;
    this.#reaper = reaper;
    this.#keepAlive = keepAlive;
    this.#streams = streams;
    this.#views = views;
    this.#sessionStreams = sessionStreams;
    this.#role = role;
    this.#mcp = buildMcpServer({ endpoint, guards, probes, settings, metrics, log });
    this.#admin = buildAdminServer({ probes, metrics, status: () => this.status() });
    this.#connect();
  }

  /** Opens both listeners. Errors: the system's, such as EADDRINUSE. */
  async listen(): Promise<GatewayAddresses> {
    const { host, port, adminPort } = this.#settings;
    await this.#mcp.listen({ host, port });
    await this.#admin.listen({ host, port: adminPort });
    return { url: `${urlOf(this.#mcp, host)}/mcp`, adminUrl: urlOf(this.#admin, host) };
  }

  /** Takes no new connection, lets what is in flight finish, and gives everything back. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Cuts what is in flight. A `close` that was waiting for it then ends. */
  async destroy(reason: Error): Promise<void> {
    this.#sessions.cutCalls(new FleetError("DRAINING", { cause: reason }));
    const views = this.#views.close();
    await Promise.all(this.#backends.map((backend) => backend.destroy(reason)));
    await views;
    this.#mcp.server.closeAllConnections();
    await this.close();
  }

  async status(): Promise<Record<string, unknown>> {
    return {
      name: this.#settings.name,
      role: "gateway",
      version: VERSION,
      ready: this.#notReady() === undefined,
      sessions: {
        stored: await this.#store.count(),
        max: this.#settings.session.maxSessions,
        ...this.#sessions.counts,
        streams: this.#streams.count,
      },
      ...this.#role.status(),
    };
  }

  /** Who hears of what. */
  #connect(): void {
    this.#sessions.onEnded((record) => {
      const cleanUp = this.#role.ended(record).finally(() => this.#cleanUps.delete(cleanUp));
      this.#cleanUps.add(cleanUp);
    });
    this.#sessions.onGone((key) => {
      this.#sessionStreams.drop(key);
      this.#streams.close(key);
    });
    this.#streams.listen({
      opened: (session) => this.#role.streamOpened(session),
      closed: (session) => this.#role.streamClosed(session),
      used: (session) => this.#sessions.touch(session),
    });
    this.#metrics.onScrape(async () => {
      this.#metrics.sessionsStored.set(await this.#store.count());
    });
  }

  #notReady(): string | undefined {
    if (this.#closing !== undefined) return "the gateway is closing";
    return this.#role.ready ? undefined : "the backends have not all been asked yet";
  }

  async #close(): Promise<void> {
    const idle = setInterval(() => this.#mcp.server.closeIdleConnections(), IDLE_CHECK_MS);
    this.#streams.closeAll();
    await this.#mcp.close();
    clearInterval(idle);
    this.#reaper.close();
    this.#sessionStreams.closeAll();
    await this.#views.close();
    await Promise.all(this.#cleanUps);
    this.#sessions.close();
    this.#keepAlive.close();
    await Promise.all(this.#backends.map((backend) => backend.close()));
    await this.#store.close();
    await this.#admin.close();
  }
}

function urlOf(server: FastifyInstance, host: string): string {
  const { port } = server.server.address() as AddressInfo;
  const name = host === "127.0.0.1" ? "localhost" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
