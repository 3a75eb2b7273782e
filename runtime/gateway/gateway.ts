import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";

import { Views } from "../catalog/views.ts";
import type { NofileFit, Settings } from "../contract/index.ts";
import { Descriptors } from "../descriptors.ts";
import { buildAdminServer } from "../edge/admin-server.ts";
import type { Authenticator } from "../edge/authenticator.ts";
import { ClientStreams } from "../edge/client-streams.ts";
import { DRAIN_STATES, Drain } from "../edge/drain.ts";
import { Guards } from "../edge/guards.ts";
import { KeepAlive } from "../edge/keep-alive.ts";
import { McpEndpoint } from "../edge/mcp-endpoint.ts";
import { buildMcpServer, MCP_PATH } from "../edge/mcp-server.ts";
import { openAuthenticator } from "../edge/open-authenticator.ts";
import { Metrics } from "../metrics.ts";
import type { KeyRing } from "../sessions/key-ring.ts";
import { openStore } from "../sessions/open-store.ts";
import { Reaper } from "../sessions/reaper.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import { Sessions } from "../sessions/sessions.ts";
import { SigningKeys } from "../sessions/signing-keys.ts";
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
  /** Where sessions live. The gateway closes it. Default: what `settings.sessionStorage` names. */
  readonly store?: SessionStore;
  /** Signs session ids; the same for all gateways over one store. Default: `session.keysFile`, or a key that the store keeps. */
  readonly ring?: KeyRing;
  /** What the limit of open files makes of the settings, which are then its own. Default: the limit is unknown. */
  readonly nofile?: NofileFit;
  /** What principals are digested with, the same for all gateways over one store: see `ownerOf`. */
  readonly ownerKey?: Buffer;
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
  readonly #log: Logger;
  readonly #metrics = new Metrics();
  readonly #descriptors: Descriptors;
  readonly #keys: SigningKeys;
  readonly #authenticator: Authenticator;
  readonly #store: SessionStore;
  readonly #backends: readonly Backend[];
  readonly #sessions: Sessions;
  readonly #drain: Drain;
  readonly #cut = new AbortController();
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
    const descriptors = new Descriptors({ settings, fit: given.nofile, metrics });

    const store = given.store ?? openStore(settings.sessionStorage, metrics, log);
    const { keysFile } = settings.session;
    const keys = new SigningKeys({ given: given.ring, keysFile, store, log });
    const { ring } = keys;
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
    const catalogs = new SessionCatalogs({ views, upstreams, store, backends, listTimeoutSeconds });

    const keepAlive = new KeepAlive(limits.keepAliveSeconds);
    const streams = new ClientStreams({ keepAlive, perSession: limits.streams, metrics });
    const streamParts = { store, upstreams, backends, streams, descriptors, log, listsChanged };
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

    const authenticator = openAuthenticator(settings, MCP_PATH, given.ownerKey, log);
    const drain = new Drain(store.outlivesProcess);
    const guards = new Guards(settings);
    if (guards.isOpen) log.warn({ host: settings.host }, "any Host is accepted: set allowedHosts");
    const probes = { notReady: () => this.#notReady() };
    const edge = { role, sessions, streams, keepAlive, drain, descriptors };
    const endpoint = new McpEndpoint({ ...edge, limits, metrics, log });

    this.#settings = settings;
    this.#descriptors = descriptors;
    this.#keys = keys;
    this.#authenticator = authenticator;
    this.#log = log;
    this.#drain = drain;
    this.#store = store;
    this.#backends = backends;
    this.#sessions = sessions;
    this.#reaper = reaper;
    this.#keepAlive = keepAlive;
    this.#streams = streams;
    this.#views = views;
    this.#sessionStreams = sessionStreams;
    this.#role = role;
    const front = { endpoint, authenticator, guards, drain, probes, descriptors };
    this.#mcp = buildMcpServer({ ...front, settings, metrics, log });
    this.#admin = buildAdminServer({ probes, metrics, status: () => this.status() });
    this.#connect();
  }

  /**
   * Opens both listeners; where the store keeps the signing key, once the store has answered.
   * Errors: the system's, such as EADDRINUSE.
   */
  async listen(): Promise<GatewayAddresses> {
    const { host, port, adminPort } = this.#settings;
    await this.#keys.load(this.#cut.signal);
    await this.#mcp.listen({ host, port });
    await this.#admin.listen({ host, port: adminPort });
    return { url: `${urlOf(this.#mcp, host)}/mcp`, adminUrl: urlOf(this.#admin, host) };
  }

  /**
   * The end in a fleet: unready at once, everything served for `lingerSeconds` more, for whom the news has not
   * reached, then `close`.
   */
  async drain(lingerSeconds: number): Promise<void> {
    this.#drain.advance("lingering");
    await delay(lingerSeconds * 1000, undefined, { signal: this.#cut.signal }).catch(() => {});
    await this.close();
  }

  /** Takes no new connection, lets what is in flight finish, and gives everything back. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Cuts what is in flight, and says what that was. A `close` that was waiting for it then ends. */
  async destroy(reason: Error): Promise<void> {
    this.#cut.abort(reason);
    const calls = this.#sessions.cutCalls(cutOff(reason));
    if (Object.keys(calls).length > 0) {
      this.#log.error({ reason: reason.message, calls }, "calls are cut");
    }
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
        stored: (await this.#stored()) ?? null,
        max: this.#settings.session.maxSessions,
        ...this.#sessions.counts,
        streams: this.#streams.count,
      },
      nofile: this.#descriptors.status,
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
    this.#sessions.onChanged((record) => this.#role.changed(record));
    this.#sessions.onLists((view, backend) => this.#views.refresh(view, backend));
    this.#streams.listen({
      opened: (session) => this.#role.streamOpened(session),
      closed: (session) => this.#role.streamClosed(session),
      used: (session) => this.#sessions.touch(session),
    });
    this.#metrics.onScrape(async () => {
      this.#metrics.sessionsStored.set((await this.#stored()) ?? Number.NaN);
      this.#metrics.drainState.set(DRAIN_STATES.indexOf(this.#drain.state));
      for (const { backend, health } of this.#views.base.discoveries) {
        this.#metrics.backendUp.set({ backend: backend.name }, health.state === "up" ? 1 : 0);
      }
    });
  }

  /** How many sessions the store has; undefined while it does not answer, when status and metrics matter most. */
  #stored(): Promise<number | undefined> {
    return this.#store.count().catch(() => undefined);
  }

  #notReady(): string | undefined {
    if (this.#drain.state !== "serving") return "the gateway is shutting down";
    return this.#role.ready ? undefined : "the backends have not all been asked yet";
  }

  async #close(): Promise<void> {
    const idle = setInterval(() => this.#mcp.server.closeIdleConnections(), IDLE_CHECK_MS);
    this.#drain.advance("closing");
    this.#streams.sendAway();
    await this.#mcp.close();
    clearInterval(idle);
    this.#reaper.close();
    this.#sessionStreams.closeAll();
    await this.#views.close();
    await this.#sessions.endAll();
    await Promise.all(this.#cleanUps);
    this.#sessions.close();
    this.#keepAlive.close();
    await Promise.all(this.#backends.map((backend) => backend.close()));
    this.#keys.close();
    this.#authenticator.close();
    await this.#store.close();
    await this.#admin.close();
  }
}

/** A call that is cut may have run. */
function cutOff(reason: Error): FleetError {
  const message = "the gateway was stopped during the call; whether it ran is unknown";
  return new FleetError("OUTCOME_UNKNOWN", { message, cause: reason });
}

function urlOf(server: FastifyInstance, host: string): string {
  const { port } = server.server.address() as AddressInfo;
  const name = host === "127.0.0.1" ? "localhost" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
