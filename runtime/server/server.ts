import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { Settings } from "@mcp-fleet/contract/settings";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Status, StatusReport } from "../admin/status-report.ts";
import type { Auditor } from "../audit/auditor.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import type { SessionStreams } from "../calls/session-streams.ts";
import type { Credentials } from "../credentials/credentials.ts";
import type { ClientStreams } from "../edge/client-streams.ts";
import { closeListener, type Drain } from "../edge/drain.ts";
import type { KeepAlive } from "../edge/keep-alive.ts";
import { MCP_PATH } from "../edge/mcp-server.ts";
import type { FleetFollower } from "../fleet/fleet-follower.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import { clock } from "../platform/clock.ts";
import type { Role } from "../roles/role.ts";
import type { Reaper } from "../sessions/reaper.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Store } from "../store/store.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Telemetry } from "../tracing/telemetry.ts";
import type { BackendRegistry } from "../upstream/backend-registry.ts";
import type { PodDrains } from "../upstream/sessions/pod-drains.ts";
import type { UpstreamSessions } from "../upstream/sessions/upstream-sessions.ts";
import type { PeerForwarder } from "../upstream/transports/peer-forwarder.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { surviveDefects } from "./defects.ts";
import type { LiveConfiguration } from "./live/live-configuration.ts";
import type { Readiness } from "./readiness.ts";
import type { SigningKeys } from "./signing-keys.ts";

export interface ServerAddresses {
  /** The MCP endpoint. */
  readonly url: string;
  /** Health, metrics and status. */
  readonly adminUrl: string;
  /** Metrics alone. Absent without `metricsPort`. */
  readonly metricsUrl?: string;
}

/** What a server starts and stops: see `compose.ts` for what each of them is. */
export interface ServerParts {
  readonly settings: Settings;
  readonly log: Logger;
  readonly admin: FastifyInstance;
  readonly metricsServer: FastifyInstance | undefined;
  readonly mcp: FastifyInstance;
  readonly authenticator: Authenticator;
  readonly drain: Drain;
  readonly readiness: Readiness;
  readonly streams: ClientStreams;
  readonly sessionStreams: SessionStreams;
  readonly role: Role;
  readonly upstreams: UpstreamSessions;
  readonly drains: PodDrains;
  readonly backends: BackendRegistry;
  /** Undefined: nothing of the configuration is followed. */
  readonly live: LiveConfiguration | undefined;
  readonly credentials: Credentials | undefined;
  readonly telemetry: Telemetry | undefined;
  readonly rates: RateLimits | undefined;
  readonly auditor: Auditor | undefined;
  readonly peers: PeerForwarder;
  readonly reaper: Reaper;
  readonly follower: FleetFollower;
  readonly sessions: Sessions;
  readonly keepAlive: KeepAlive;
  readonly keys: SigningKeys;
  readonly store: Store;
  readonly status: StatusReport;
  readonly metrics: Metrics;
}

/** One process of a fleet as a thing to start and stop. */
export class Server {
  readonly #parts: ServerParts;
  readonly #cut = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  /** The backends, which may change while the process runs. */
  get backends(): BackendRegistry {
    return this.#parts.backends;
  }

  /** Has the whole process live on after failures that nobody handles. Returns what stops that. */
  surviveDefects(): () => void {
    return surviveDefects(this.#parts.metrics, this.#parts.log);
  }

  /**
   * Opens the listeners: those of operators at once, that of clients, where the store keeps the signing key, once the
   * store has answered.
   *
   * @throws the system's, such as EADDRINUSE.
   */
  async listen(): Promise<ServerAddresses> {
    const { settings, admin, metricsServer, mcp, peers, keys, backends, live, readiness } =
      this.#parts;
    const { host, port, adminPort, metricsPort } = settings;
    // First, so that probes are answered, and what lives in this process is reached there by the others.
    await admin.listen({ host, port: adminPort });
    await metricsServer?.listen({ host, port: metricsPort ?? 0 });
    peers.announce(peerUrlOf(admin, settings));
    await keys.load(this.#cut.signal);
    await backends.start();
    await mcp.listen({ host, port });
    readiness.listening();
    live?.start();
    return {
      url: urlOf(mcp, host) + MCP_PATH,
      adminUrl: urlOf(admin, host),
      ...(metricsServer && { metricsUrl: urlOf(metricsServer, host) }),
    };
  }

  /**
   * Fails when the store turns out to be one that cannot be used, or the role finds that it must not serve; never resolves.
   *
   * @throws {ConfigError}
   */
  async refused(): Promise<never> {
    const { store, role } = this.#parts;
    const forever = new Promise<never>(() => {});
    return await Promise.race([store.opened.then(() => forever), role.refused ?? forever]);
  }

  /**
   * The end in a fleet: unready at once, everything served for `lingerSeconds` more, for whom the news has not
   * reached, then `close`.
   */
  async drain(lingerSeconds: number): Promise<void> {
    this.#parts.drain.advance("lingering");
    await clock.sleep(lingerSeconds * 1000, { signal: this.#cut.signal }).catch(() => {});
    await this.close();
  }

  /** Says when what is in flight is cut. */
  cutAfter(milliseconds: number): void {
    this.#parts.drain.cutAfter(milliseconds);
  }

  /** Takes no new connection, lets what is in flight finish, and gives everything back. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Cuts what is in flight, and says what that was. A `close` that was waiting for it then ends. */
  async destroy(reason: Error): Promise<void> {
    const { log, sessions, role, backends, mcp } = this.#parts;
    this.#cut.abort(reason);
    const calls = sessions.cutCalls(cutOff(reason));
    if (Object.keys(calls).length > 0) {
      log.error({ reason: reason.message, calls }, "calls in flight are cut off");
    }
    const roleClosed = role.close();
    await backends.destroy(reason);
    await roleClosed;
    mcp.server.closeAllConnections();
    await this.close();
  }

  status(): Promise<Status> {
    return this.#parts.status.read();
  }

  async #close(): Promise<void> {
    const parts = this.#parts;
    parts.drain.advance("closing");
    parts.live?.close();
    parts.streams.closeAll();
    await closeListener(parts.mcp);
    parts.reaper.close();
    parts.sessionStreams.closeAll();
    await parts.role.close();
    if (!parts.store.outlivesProcess) await parts.sessions.endAll();
    await parts.upstreams.cleanedUp();
    parts.follower.close();
    parts.sessions.close();
    parts.keepAlive.close();
    parts.drains.close();
    await parts.backends.close();
    await parts.credentials?.close();
    await parts.rates?.close();
    await parts.peers.close();
    parts.keys.close();
    parts.authenticator.close();
    await parts.store.close();
    await parts.telemetry?.close();
    await parts.metricsServer?.close();
    await parts.admin.close();
    await parts.auditor?.close();
  }
}

/** A call that is cut may have run. */
function cutOff(reason: Error): FleetError {
  const message = "the process was stopped during the call; whether it ran is unknown";
  return new FleetError("OUTCOME_UNKNOWN", { message, cause: reason });
}

/** Where the other processes find this one's admin port: an address that stands for all of them is none. */
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
