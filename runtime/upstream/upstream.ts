import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { Forwarder } from "../calls/forwarder.ts";
import { PeerCalls } from "../fleet/peer-calls.ts";
import { Peers } from "../fleet/peers.ts";
import type { Descriptors } from "../server/descriptors.ts";
import type { KeyRing } from "../sessions/key-ring.ts";
import type { LiveSession } from "../sessions/live-session.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { Backend } from "./backend.ts";
import { PodDrains } from "./sessions/pod-drains.ts";
import { PodReport } from "./sessions/pod-report.ts";
import { UpstreamSessions } from "./sessions/upstream-sessions.ts";

export interface UpstreamParts {
  readonly settings: Settings;
  readonly store: SessionStore;
  readonly ring: KeyRing;
  readonly descriptors: Descriptors;
  /** The session, if this process holds it. */
  readonly held: (key: string) => LiveSession | undefined;
  /** A backend said within a call that its lists changed. Answers what of that to pass on. */
  readonly listsChanged: (
    session: LiveSession,
    backend: Backend,
    text: string,
  ) => string | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Everything behind the sessions, put together: backends, the sessions there, and the way of a call. */
export class Upstream {
  /** By name. */
  readonly backends: ReadonlyMap<string, Backend>;
  readonly sessions: UpstreamSessions;
  readonly forwarder: Forwarder;
  readonly drains: PodDrains;
  readonly report: PodReport;
  /** What other processes ask this one for. */
  readonly peerCalls: PeerCalls;
  readonly #peers: Peers;
  readonly #metrics: Metrics;

  constructor({ settings, store, ring, descriptors, held, ...more }: UpstreamParts) {
    const { listsChanged, metrics, log } = more;
    const { limits, health, dns } = settings;
    const peers = new Peers({ ring, limits });
    const parts = { limits, health, dns, peers, descriptors, metrics, log };
    const backends = settings.backends.map((one) => new Backend({ ...parts, settings: one }));
    const byName = new Map(backends.map((backend) => [backend.name, backend]));
    const sessions = new UpstreamSessions({ store, backends: byName, limits, metrics, log });
    this.backends = byName;
    this.sessions = sessions;
    this.forwarder = new Forwarder({ upstreams: sessions, limits, metrics, log, listsChanged });
    this.drains = new PodDrains({
      store,
      backends,
      upstreams: sessions,
      held,
      refreshMs: health.intervalSeconds * 1000,
      moveMs: limits.initializeTimeoutSeconds * 1000,
      log,
    });
    this.report = new PodReport(store);
    this.peerCalls = new PeerCalls(peers, byName);
    this.#peers = peers;
    this.#metrics = metrics;
  }

  /** Resolves when the pods are first known, or could not be found out. */
  async start(): Promise<void> {
    await Promise.all(this.#all.map((backend) => backend.start()));
  }

  /** @param url where other processes find this one's admin port. */
  announce(url: string): void {
    this.#peers.announce(url);
  }

  /** Sets the gauges that nobody counts along the way. */
  async measure(): Promise<void> {
    await Promise.all(this.#all.map((backend) => this.report.measure(backend, this.#metrics)));
  }

  /** Lets what is in flight finish. */
  async close(): Promise<void> {
    this.drains.close();
    await Promise.all(this.#all.map((backend) => backend.close()));
    await this.#peers.close();
  }

  /** Cuts what is in flight. */
  async destroy(reason: Error): Promise<void> {
    await Promise.all(this.#all.map((backend) => backend.destroy(reason)));
  }

  get #all(): Backend[] {
    return [...this.backends.values()];
  }
}
