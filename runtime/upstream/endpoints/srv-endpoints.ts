import type { SrvRecord } from "node:dns";
import type { BackendAddress } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock } from "../../platform/clock.ts";
import type { EndpointAddress, EndpointDirectory } from "./endpoint-address.ts";
import type { EndpointResolver } from "./endpoint-resolver.ts";

export interface SrvEndpointsParts {
  readonly address: Extract<BackendAddress, { readonly kind: "srv" }>;
  readonly resolver: EndpointResolver;
  readonly refreshMs: number;
  readonly log: Logger;
  /** The endpoints are others than before. */
  readonly onChange: () => void;
  /** How long good answers may leave a pod out until it is gone. */
  readonly unnamedMs?: number;
}

/** Longer than a pod is absent from DNS while it restarts under its name. */
const UNNAMED_MS = 30_000;

/** However often pods refuse, DNS is asked at most so often. */
const MIN_PAUSE_MS = 1_000;

/**
 * The pods that the SRV records of a headless Service name. Only a good answer that names somebody says anything: one
 * that fails, is late, empty or knows no such name leaves everything as it was.
 */
export class SrvEndpoints implements EndpointDirectory {
  readonly #parts: SrvEndpointsParts;
  readonly #unnamedMs: number;
  readonly #stop = new AbortController();
  /** When a good answer last named each pod. */
  readonly #namedAtMs = new Map<string, number>();
  readonly #addresses = new Map<string, EndpointAddress>();
  #firstAnswerMs: number | undefined;
  #lastAnswerMs = 0;
  #failures = 0;
  #endpoints: readonly EndpointAddress[] = [];
  #sooner = new AbortController();

  constructor(parts: SrvEndpointsParts) {
    this.#parts = parts;
    this.#unnamedMs = parts.unnamedMs ?? UNNAMED_MS;
  }

  get endpoints(): readonly EndpointAddress[] {
    return this.#endpoints;
  }

  isGone(name: string): boolean {
    const namedAtMs = this.#namedAtMs.get(name) ?? this.#firstAnswerMs;
    return namedAtMs !== undefined && this.#lastAnswerMs - namedAtMs >= this.#unnamedMs;
  }

  async start(): Promise<void> {
    await this.#ask();
    void this.#askAgain();
  }

  refreshSoon(): void {
    this.#sooner.abort();
  }

  close(): void {
    this.#stop.abort();
  }

  async #askAgain(): Promise<void> {
    const { refreshMs } = this.#parts;
    const { signal } = this.#stop;
    const pauseMs = Math.min(refreshMs, MIN_PAUSE_MS);
    while (!signal.aborted) {
      this.#sooner = new AbortController();
      const sooner = AbortSignal.any([signal, this.#sooner.signal]);
      await clock.sleep(pauseMs, { signal, ref: false }).catch(() => {});
      await clock.sleep(refreshMs - pauseMs, { signal: sooner, ref: false }).catch(() => {});
      if (!signal.aborted) await this.#ask();
    }
  }

  async #ask(): Promise<void> {
    const { resolver, address, log } = this.#parts;
    try {
      const records = await resolver.services(address.service);
      if (records.length === 0) throw new Error("the answer names no pod");
      this.#failures = 0;
      this.#take(records);
    } catch (error) {
      this.#failures += 1;
      const level = this.#failures === 1 ? "warn" : "debug";
      log[level](
        { srv: address.service, error },
        "the pods cannot be looked up: keeping the known ones",
      );
    }
  }

  #take(records: readonly SrvRecord[]): void {
    const { address, log, onChange } = this.#parts;
    const nowMs = clock.monotonicMs();
    this.#firstAnswerMs ??= nowMs;
    this.#lastAnswerMs = nowMs;
    const named = records.map((record) => endpointOf(record, address)).toSorted(byName);
    if (named.length > address.maxPods) {
      log.warn(
        { srv: address.service, named: named.length },
        "more pods than maxPods: the last are left out",
      );
    }
    for (const endpoint of named.slice(0, address.maxPods)) {
      this.#namedAtMs.set(endpoint.name, nowMs);
      this.#addresses.set(endpoint.name, endpoint);
    }
    for (const name of this.#addresses.keys()) {
      if (this.isGone(name)) this.#addresses.delete(name);
    }
    const endpoints = [...this.#addresses.values()].toSorted(byName);
    const isSame = textOf(endpoints) === textOf(this.#endpoints);
    this.#endpoints = endpoints;
    if (!isSame) onChange();
  }
}

function endpointOf(
  { name: host, port }: SrvRecord,
  { scheme, path }: SrvEndpointsParts["address"],
): EndpointAddress {
  const [name = host] = host.split(".");
  return { name, url: `${scheme}://${host}:${port}${path}` };
}

/** `counter-2` comes before `counter-10`. */
function byName(one: EndpointAddress, other: EndpointAddress): number {
  return one.name.localeCompare(other.name, "en", { numeric: true });
}

function textOf(endpoints: readonly EndpointAddress[]): string {
  return endpoints.map(({ name, url }) => `${name} ${url}`).join();
}
