import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { Coalescer } from "../../async/coalescer.ts";
import type { ItemSource } from "../../catalog/item-source.ts";
import { type Item, LIST_NAMES, LISTS, type Listing } from "../../catalog/listing.ts";
import { clock } from "../../platform/clock.ts";
import type { Backend } from "../../upstream/backend.ts";
import {
  handshake,
  type InitializeOutcome,
  type InitializeParams,
} from "../../upstream/sessions/handshake.ts";
import { ownRequest } from "../../upstream/sessions/own-request.ts";
import type { UpstreamSession } from "../../upstream/sessions/upstream-session.ts";
import { FleetError } from "../../wire/fleet-error.ts";
import { envelopeOf } from "../../wire/message.ts";
import { type ListName, listsChangedBy } from "../../wire/methods.ts";
import type { SseEvent } from "../../wire/sse.ts";
import { readList } from "./read-list.ts";

/** `failing`: it does not answer, and its last lists still stand. `down`: it offers nothing. */
export type BackendState = "connecting" | "up" | "failing" | "down";

export interface BackendHealth {
  readonly state: BackendState;
  readonly sinceMs: number;
  readonly error: string | undefined;
  readonly protocol: string | undefined;
}

export interface DiscoveryParts {
  readonly backend: Backend;
  readonly initialize: InitializeParams;
  readonly health: Settings["health"];
  readonly refreshSeconds: number;
  readonly log: Logger;
  /** The listing is another one, or the first attempt failed. */
  readonly onChange: () => void;
}

const FIRST_RETRY_MS = 250;

/** How long a lost stream is left alone before it is opened again. */
const STREAM_RETRY_MS = 500;

/**
 * Keeps knowing what one backend offers to clients of one kind: a session of our own at the backend, its
 * lists, and a stream that says when they change. Starts over, ever more slowly, when the backend fails.
 */
export class Discovery implements ItemSource {
  readonly backend: Backend;
  readonly #parts: DiscoveryParts;
  readonly #stop = new AbortController();
  readonly #settled = Promise.withResolvers<void>();
  #listing: Listing | undefined;
  #health: BackendHealth;
  #failures = 0;
  #lastAnswerMs = clock.now();
  #session: InitializeOutcome | undefined;
  /** One reading after the other, so that an older answer never replaces a newer one. */
  readonly #readings = new Coalescer<InitializeOutcome, void>();
  /** What the reading that waits, or begins now, is to read. */
  readonly #wanted = new Set<ListName>();
  #running: Promise<void> = Promise.resolve();

  constructor(parts: DiscoveryParts) {
    this.backend = parts.backend;
    this.#parts = parts;
    this.#health = {
      state: "connecting",
      sinceMs: clock.now(),
      error: undefined,
      protocol: undefined,
    };
  }

  get provider(): string {
    return this.backend.name;
  }

  get listing(): Listing | undefined {
    return this.#listing;
  }

  get health(): BackendHealth {
    return this.#health;
  }

  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  start(): void {
    this.#running = this.#run();
  }

  refresh(): void {
    const { signal } = this.#stop;
    if (this.#session === undefined || signal.aborted) return;
    this.#readLists(this.#session, LIST_NAMES, signal).catch((error: unknown) => {
      this.#parts.log.info({ backend: this.backend.name, error }, "lists cannot be read again");
    });
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("closed"));
    this.#settled.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const attempt = new AbortController();
      const either = AbortSignal.any([signal, attempt.signal]);
      try {
        await this.#serve(either);
      } catch (error) {
        if (!signal.aborted) this.#fail(error);
      } finally {
        attempt.abort(new Error("discovery starts over"));
        this.#settled.resolve();
      }
      if (signal.aborted) return;
      const waitMs = Math.min(
        FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 16),
        this.#parts.health.intervalSeconds * 1000,
      );
      await clock.sleep(waitMs, { signal }).catch(() => {});
    }
  }

  /** One session at the backend, from handshake to its loss. */
  async #serve(signal: AbortSignal): Promise<never> {
    const { initialize } = this.#parts;
    const outcome = await handshake(this.backend, initialize, 1, this.#withTimeout(signal));
    const { session } = outcome;
    try {
      await this.#readLists(outcome, LIST_NAMES, signal);
      this.#session = outcome;
      this.#settled.resolve();
      return await Promise.race([this.#follow(outcome, signal), this.#watch(session, signal)]);
    } finally {
      this.#session = undefined;
      await session.end(this.#withTimeout()).catch(() => {});
    }
  }

  /** Reads the lists again whenever the backend says so, or now and then where it keeps no stream. */
  async #follow(outcome: InitializeOutcome, signal: AbortSignal): Promise<never> {
    let opened = false;
    for (;;) {
      const stream = await outcome.session.receive(signal);
      if (stream.kind === "events") {
        opened = true;
        // What changed before the stream was open went unheard.
        await this.#readLists(outcome, LIST_NAMES, signal);
        for await (const event of stream.events) await this.#hear(event, outcome, signal);
        await clock.sleep(STREAM_RETRY_MS, { signal });
      } else if (stream.kind === "session-unknown" && opened) {
        throw new Error("the backend forgot the discovery session");
      } else {
        await clock.sleep(this.#parts.refreshSeconds * 1000, { signal });
        await this.#readLists(outcome, LIST_NAMES, signal);
      }
    }
  }

  async #hear(event: SseEvent, outcome: InitializeOutcome, signal: AbortSignal): Promise<void> {
    const envelope = envelopeOf(event.data);
    if (envelope === undefined) return;
    if (envelope.kind === "request") {
      const refusal = "no client stands behind this session";
      return await outcome.session.respond(envelope, -32601, refusal, signal);
    }
    const changed = listsChangedBy(envelope.method);
    if (changed.length > 0) await this.#readLists(outcome, changed, signal);
  }

  /** Asks for a sign of life at an even pace. */
  async #watch(session: UpstreamSession, signal: AbortSignal): Promise<never> {
    for (;;) {
      await clock.sleep(this.#parts.health.intervalSeconds * 1000, { signal });
      const ping = ownRequest("ping", {});
      const { text, answer } = await session.request(ping, "probe", this.#withTimeout(signal));
      if (text === undefined) {
        const status = answer.kind === "refused" ? `HTTP ${answer.statusCode}` : answer.kind;
        throw new Error(`a ping got ${status}`);
      }
      this.#lastAnswerMs = clock.now();
    }
  }

  #readLists(
    outcome: InitializeOutcome,
    lists: readonly ListName[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const list of lists) this.#wanted.add(list);
    return this.#readings.run(outcome, () => {
      const wanted = [...this.#wanted];
      this.#wanted.clear();
      return this.#readNow(outcome, wanted, signal);
    });
  }

  async #readNow(
    { session, capabilities, instructions }: InitializeOutcome,
    wanted: readonly ListName[],
    signal: AbortSignal,
  ): Promise<void> {
    const timeout = this.#withTimeout(signal);
    const read = async (list: ListName): Promise<readonly Item[]> => {
      if (capabilities[LISTS[list].capability] === undefined) return [];
      if (!wanted.includes(list)) return this.#listing?.lists[list] ?? [];
      return await readList(session, list, timeout);
    };
    const [tools, prompts, resources, resourceTemplates] = await Promise.all([
      read("tools"),
      read("prompts"),
      read("resources"),
      read("resourceTemplates"),
    ]);
    this.#listing = { lists: { tools, prompts, resources, resourceTemplates }, instructions };
    this.#failures = 0;
    this.#lastAnswerMs = clock.now();
    this.#become("up", undefined, session.record.protocol);
    this.#parts.onChange();
  }

  #fail(error: unknown): void {
    const { health, log, onChange } = this.#parts;
    const silentMs = clock.now() - this.#lastAnswerMs;
    const patienceMs = health.unhealthyThreshold * health.intervalSeconds * 1000;
    this.#failures += 1;
    if (this.#listing !== undefined && silentMs >= patienceMs) this.#listing = undefined;
    const level = this.#failures === 1 ? "warn" : "debug";
    log[level]({ backend: this.backend.name, failures: this.#failures, error }, "backend fails");
    this.#become(this.#listing === undefined ? "down" : "failing", reasonOf(error), undefined);
    onChange();
  }

  #become(state: BackendState, error: string | undefined, protocol: string | undefined): void {
    if (this.#health.state !== state) {
      this.#parts.log.info({ backend: this.backend.name, state }, "backend state");
    }
    const sinceMs = this.#health.state === state ? this.#health.sinceMs : clock.now();
    this.#health = { state, sinceMs, error, protocol: protocol ?? this.#health.protocol };
  }

  #withTimeout(signal?: AbortSignal): AbortSignal {
    const timeout = clock.timeout(this.#parts.health.timeoutSeconds * 1000);
    return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  }
}

/** For operators, who want to know what the system said rather than what a client is told. */
function reasonOf(error: unknown): string {
  const cause = error instanceof FleetError && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
