import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { NofileFit } from "@mcp-fleet/contract/capacity";
import type { Settings } from "@mcp-fleet/contract/settings";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { buildAdminServer } from "../admin/admin-server.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { openAuthenticator } from "../auth/open-authenticator.ts";
import { renewalNotice } from "../calls/renewal-notice.ts";
import { SessionStreams } from "../calls/session-streams.ts";
import { ClientStreams } from "../edge/client-streams.ts";
import { closeListener } from "../edge/close-listener.ts";
import { DRAIN_STATES, Drain } from "../edge/drain.ts";
import { Guards } from "../edge/guards.ts";
import { KeepAlive } from "../edge/keep-alive.ts";
import { McpEndpoint } from "../edge/mcp-endpoint.ts";
import { buildMcpServer, MCP_PATH } from "../edge/mcp-server.ts";
import { clock } from "../platform/clock.ts";
import type { Role } from "../roles/role.ts";
import type { MakeRole } from "../roles/role-parts.ts";
import type { KeyRing } from "../sessions/key-ring.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import { Reaper } from "../sessions/reaper.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import { Sessions } from "../sessions/sessions.ts";
import { openStore } from "../store/open-store.ts";
import { Metrics } from "../telemetry/metrics.ts";
import type { Backend } from "../upstream/backend.ts";
import { Upstream } from "../upstream/upstream.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { Descriptors } from "./descriptors.ts";
import { SigningKeys } from "./signing-keys.ts";
import { VERSION } from "./version.ts";

export interface ProcessOptions {
  readonly settings: Settings;
  readonly log: Logger;
  /** Where sessions live. The process closes it. Default: what `settings.sessionStorage` names. */
  readonly store?: SessionStore;
  /** Signs session ids; the same for all processes over one store. Default: `session.keysFile`, or a key that the store keeps. */
  readonly ring?: KeyRing;
  /** What the limit of open files makes of the settings, which are then its own. Default: the limit is unknown. */
  readonly nofile?: NofileFit;
  /** What principals are digested with, the same for all processes over one store: see `ownerOf`. */
  readonly ownerKey?: Buffer;
  /** Guards what changes something on the admin port. Default: whoever reaches the port may. */
  readonly adminToken?: string;
}

/** Makes a process of one role. */
export type Create = (options: ProcessOptions) => RoleProcess;

export interface ProcessAddresses {
  /** The MCP endpoint. */
  readonly url: string;
  /** Health, metrics and status. */
  readonly adminUrl: string;
}

/** One role as a thing to start and stop, and the composition root of what all roles have in common. */
export class RoleProcess {
  readonly #settings: Settings;
  readonly #log: Logger;
  readonly #metrics = new Metrics();
  readonly #descriptors: Descriptors;
  readonly #keys: SigningKeys;
  readonly #authenticator: Authenticator;
  readonly #store: SessionStore;
  readonly #upstream: Upstream;
  readonly #sessions: Sessions;
  readonly #drain: Drain;
  readonly #cut = new AbortController();
  readonly #reaper: Reaper;
  readonly #keepAlive: KeepAlive;
  readonly #streams: ClientStreams;
  readonly #sessionStreams: SessionStreams;
  readonly #role: Role;
  readonly #mcp: FastifyInstance;
  readonly #admin: FastifyInstance;
  readonly #cleanUps = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor({ settings, log, ...given }: ProcessOptions, makeRole: MakeRole) {
    const { limits } = settings;
    const metrics = this.#metrics;
    const descriptors = new Descriptors({ settings, fit: given.nofile, metrics });

    const store = given.store ?? openStore(settings.sessionStorage, metrics, log);
    const { keysFile } = settings.session;
    const keys = new SigningKeys({ given: given.ring, keysFile, store, log });
    const { ring } = keys;
    const sessions = new Sessions({ store, ring, settings: settings.session, metrics, log });
    const reaper = new Reaper(sessions, log);

    const held = (key: string) => sessions.held(key);
    const listsChanged = (session: LiveSession, backend: Backend, text: string) =>
      this.#role.listsChanged(session, backend.name, text);
    const behind = { settings, store, ring, descriptors, held, listsChanged, metrics, log };
    const upstream = new Upstream(behind);

    const keepAlive = new KeepAlive(limits.keepAliveSeconds);
    const streams = new ClientStreams({ keepAlive, perSession: limits.streams, metrics });
    const { backends, sessions: upstreams, forwarder, report: podReport } = upstream;
    const sessionStreams = new SessionStreams({
      store,
      upstreams,
      backends: [...backends.values()],
      streams,
      descriptors,
      log,
      listsChanged,
    });
    const relay = { store, backends, upstreams, forwarder, streams, sessionStreams, podReport };
    const role = makeRole({ settings, ...relay, metrics, log });

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
    this.#upstream = upstream;
    this.#sessions = sessions;
    this.#reaper = reaper;
    this.#keepAlive = keepAlive;
    this.#streams = streams;
    this.#sessionStreams = sessionStreams;
    this.#role = role;
    const front = { endpoint, authenticator, guards, drain, probes, descriptors };
    this.#mcp = buildMcpServer({ ...front, settings, metrics, log });
    const status = () => this.status();
    const token = given.adminToken;
    const services = { pods: upstream.drains, peers: upstream.peerCalls };
    this.#admin = buildAdminServer({ probes, metrics, status, ...services, token });
    this.#connect();
  }

  /**
   * Opens both listeners; where the store keeps the signing key, once the store has answered.
   * Errors: the system's, such as EADDRINUSE.
   */
  async listen(): Promise<ProcessAddresses> {
    const { host, port, adminPort } = this.#settings;
    await this.#keys.load(this.#cut.signal);
    await this.#upstream.start();
    // First, since what lives in this process is reached there by the others.
    await this.#admin.listen({ host, port: adminPort });
    this.#upstream.announce(peerUrlOf(this.#admin, this.#settings));
    await this.#mcp.listen({ host, port });
    return { url: `${urlOf(this.#mcp, host)}/mcp`, adminUrl: urlOf(this.#admin, host) };
  }

  /**
   * The end in a fleet: unready at once, everything served for `lingerSeconds` more, for whom the news has not
   * reached, then `close`.
   */
  async drain(lingerSeconds: number): Promise<void> {
    this.#drain.advance("lingering");
    await clock.sleep(lingerSeconds * 1000, { signal: this.#cut.signal }).catch(() => {});
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
    const role = this.#role.close();
    await this.#upstream.destroy(reason);
    await role;
    this.#mcp.server.closeAllConnections();
    await this.close();
  }

  async status(): Promise<Record<string, unknown>> {
    return {
      name: this.#settings.name,
      role: this.#settings.role,
      version: VERSION,
      ready: this.#notReady() === undefined,
      sessions: {
        stored: (await this.#stored()) ?? null,
        max: this.#settings.session.maxSessions,
        ...this.#sessions.counts,
        streams: this.#streams.count,
      },
      nofile: this.#descriptors.status,
      ...(await this.#role.status()),
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
    this.#sessions.onChanged((record) => {
      const session = this.#sessions.held(record.key);
      if (session !== undefined) this.#upstream.sessions.moving(session);
      this.#role.changed(record);
    });
    this.#upstream.sessions.onTold((session, backend) => {
      const notice = renewalNotice(session, backend.name);
      if (notice !== undefined) this.#streams.send(session.key, notice);
    });
    this.#sessions.onLists((view, backend) => this.#role.listsToldOf(view, backend));
    this.#streams.listen({
      opened: (session) => this.#role.streamOpened(session),
      closed: (session) => this.#role.streamClosed(session),
      used: (session) => this.#sessions.touch(session),
    });
    this.#metrics.onScrape(async () => {
      this.#metrics.sessionsStored.set((await this.#stored()) ?? Number.NaN);
      this.#metrics.drainState.set(DRAIN_STATES.indexOf(this.#drain.state));
      this.#role.measure();
      await this.#upstream.measure();
    });
  }

  /** How many sessions the store has; undefined while it does not answer, when status and metrics matter most. */
  #stored(): Promise<number | undefined> {
    return this.#store.count().catch(() => undefined);
  }

  #notReady(): string | undefined {
    if (this.#drain.state !== "serving") return "the process is shutting down";
    return this.#role.ready ? undefined : "the backends have not all been asked yet";
  }

  async #close(): Promise<void> {
    this.#drain.advance("closing");
    this.#streams.sendAway();
    await closeListener(this.#mcp);
    this.#reaper.close();
    this.#sessionStreams.closeAll();
    await this.#role.close();
    await this.#sessions.endAll();
    await Promise.all(this.#cleanUps);
    this.#sessions.close();
    this.#keepAlive.close();
    await this.#upstream.close();
    this.#keys.close();
    this.#authenticator.close();
    await this.#store.close();
    await this.#admin.close();
  }
}

/** A call that is cut may have run. */
function cutOff(reason: Error): FleetError {
  const message = "the process was stopped during the call; whether it ran is unknown";
  return new FleetError("OUTCOME_UNKNOWN", { message, cause: reason });
}

/** Where the other processes find this one's admin port: every address is none of theirs. */
function peerUrlOf(admin: FastifyInstance, { host, peerHost }: Settings): string {
  const isEvery = host === "0.0.0.0" || host === "::";
  const outer = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal);
  const own = outer.find(({ family }) => family === "IPv4") ?? outer[0];
  return urlOf(admin, peerHost ?? (isEvery ? (own?.address ?? "127.0.0.1") : host));
}

function urlOf(server: FastifyInstance, host: string): string {
  const { port } = server.server.address() as AddressInfo;
  const name = host === "127.0.0.1" ? "localhost" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
