import type { Logger } from "pino";
import type { PodStore } from "../../fleet/pod-store.ts";
import { clock, type Timer } from "../../platform/clock.ts";
import type { Events } from "../../sessions/events.ts";
import { LiveSession } from "../../sessions/live-session.ts";
import type { SessionStore } from "../../sessions/session-store.ts";
import type { Backend } from "../backend.ts";
import type { BackendRegistry } from "../backend-registry.ts";
import type { UpstreamSessions } from "./upstream-sessions.ts";

export interface PodDrainsParts {
  readonly sessions: SessionStore;
  readonly pods: PodStore;
  readonly backends: BackendRegistry;
  readonly upstreams: UpstreamSessions;
  /** The session, if this process holds it. */
  readonly held: (key: string) => LiveSession | undefined;
  readonly events: Events;
  /** What drains is asked again so often, should a change have gone unheard. */
  readonly refreshMs: number;
  /** The longest time that the move of one session may take. */
  readonly moveMs: number;
  readonly log: Logger;
}

/** What draining a pod comes to. */
export interface PodDrain {
  readonly pod: string;
  /** Those that have a pod of this name. */
  readonly backends: readonly string[];
  /** How many sessions it has, of those that move and those that wait. */
  readonly sessions: number;
}

/** Sessions that are moved at the same time. */
const MOVED_AT_ONCE = 16;

/** More than a pod holds. */
const MAX_SESSIONS = 1_000_000;

/** Which pods drain, for the whole fleet: the store knows, and every process follows it. */
export class PodDrains {
  readonly #parts: PodDrainsParts;
  readonly #timer: Timer;
  readonly #unlisten: readonly (() => void)[];
  #closed = false;

  constructor(parts: PodDrainsParts) {
    const { events, refreshMs } = parts;
    this.#parts = parts;
    this.#timer = clock.every(refreshMs, () => void this.#read()).unref();
    this.#unlisten = [
      events.on("drainsChanged", () => this.#read()),
      events.on("backendAdded", () => this.#read()),
    ];
    void this.#read();
  }

  /** Names of all pods that drain or are there. */
  get pods(): string[] {
    const names = this.#parts.backends.all.flatMap(({ hasPods, endpoints, drains }) =>
      hasPods ? [...endpoints.map(({ name }) => name), ...drains] : [],
    );
    return [...new Set(names)];
  }

  /**
   * From now on the pod gets no new session. Those whose memory is not in it begin to move; the others stay until
   * they end. Undefined: no backend has such a pod.
   *
   * @throws STORE_UNAVAILABLE.
   */
  async drain(pod: string): Promise<PodDrain | undefined> {
    const { pods } = this.#parts;
    const backends = this.#having(pod);
    if (backends.length === 0) return undefined;
    await Promise.all(backends.map(({ name }) => pods.setDraining({ backend: name, pod }, true)));
    await this.#read();
    let sessions = 0;
    for (const backend of backends) {
      const keys = await pods.sessionsOn(backend.name, pod, MAX_SESSIONS);
      sessions += keys.length;
      if (!backend.settings.stateful) void this.#moveAll(backend, keys);
    }
    return { pod, backends: backends.map(({ name }) => name), sessions };
  }

  /**
   * The pod takes sessions again. False: no backend has such a pod.
   *
   * @throws STORE_UNAVAILABLE.
   */
  async undrain(pod: string): Promise<boolean> {
    const { pods } = this.#parts;
    const backends = this.#having(pod);
    await Promise.all(backends.map(({ name }) => pods.setDraining({ backend: name, pod }, false)));
    await this.#read();
    return backends.length > 0;
  }

  close(): void {
    this.#closed = true;
    clock.clear(this.#timer);
    for (const unlisten of this.#unlisten) unlisten();
  }

  #having(pod: string): Backend[] {
    return this.#parts.backends.all.filter(
      ({ hasPods, endpoints, drains }) =>
        hasPods && (drains.has(pod) || endpoints.some(({ name }) => name === pod)),
    );
  }

  async #read(): Promise<void> {
    const { pods, backends, log } = this.#parts;
    try {
      const draining = await pods.draining();
      for (const backend of backends.all) {
        const own = draining.filter((one) => one.backend === backend.name);
        backend.setDrains(new Set(own.map(({ pod }) => pod)));
      }
    } catch (error) {
      if (!this.#closed)
        log.warn({ error }, "the draining pods cannot be read: keeping the known ones");
    }
  }

  async #moveAll(backend: Backend, keys: readonly string[]): Promise<void> {
    const rest = keys.values();
    const mover = async () => {
      for (const key of rest) if (!this.#closed) await this.#move(backend, key);
    };
    await Promise.all(Array.from({ length: MOVED_AT_ONCE }, mover));
    this.#parts.log.info({ backend: backend.name, sessions: keys.length }, "moves are over");
  }

  /** To use a session is to move it. */
  async #move(backend: Backend, key: string): Promise<void> {
    const { sessions, upstreams, held, moveMs, log } = this.#parts;
    try {
      const record = await sessions.load(key);
      if (record === undefined) return;
      const session = held(key) ?? new LiveSession("", record, clock.now());
      await upstreams.open(session, backend, clock.timeout(moveMs));
    } catch (error) {
      log.warn(
        { backend: backend.name, error },
        "a session was not moved off a draining pod: its next call moves it",
      );
    }
  }
}
