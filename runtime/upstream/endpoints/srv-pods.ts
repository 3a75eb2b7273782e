import type { SrvRecord } from "node:dns";
import type { BackendAddress } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock } from "../../platform/clock.ts";
import type { PodAddress, PodDirectory } from "./pod-address.ts";
import type { PodResolver } from "./pod-resolver.ts";

export interface SrvPodsParts {
  readonly address: Extract<BackendAddress, { readonly kind: "srv" }>;
  readonly resolver: PodResolver;
  readonly refreshMs: number;
  readonly log: Logger;
  /** How long good answers may leave a pod out until it is gone. */
  readonly unnamedMs?: number;
}

/** Longer than a pod is absent from DNS while it restarts under its name. */
const UNNAMED_MS = 30_000;

/** However often pods refuse, DNS is asked at most so often. */
const LEAST_PAUSE_MS = 1_000;

/**
 * The pods that the SRV records of a headless Service name. Only a good answer that names somebody says anything: one
 * that fails, is late, empty or knows no such name leaves everything as it was.
 */
export class SrvPods implements PodDirectory {
  readonly #parts: SrvPodsParts;
  readonly #unnamedMs: number;
  readonly #stop = new AbortController();
  /** When a good answer last named each pod. */
  readonly #namedAtMs = new Map<string, number>();
  readonly #addresses = new Map<string, PodAddress>();
  #firstAnswerMs: number | undefined;
  #lastAnswerMs = 0;
  #failures = 0;
  #pods: readonly PodAddress[] = [];
  #listener: () => void = () => {};
  #doubted = new AbortController();

  constructor(parts: SrvPodsParts) {
    this.#parts = parts;
    this.#unnamedMs = parts.unnamedMs ?? UNNAMED_MS;
  }

  get pods(): readonly PodAddress[] {
    return this.#pods;
  }

  isGone(name: string): boolean {
    const namedAtMs = this.#namedAtMs.get(name) ?? this.#firstAnswerMs;
    return namedAtMs !== undefined && this.#lastAnswerMs - namedAtMs >= this.#unnamedMs;
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  async start(): Promise<void> {
    await this.#ask();
    void this.#askAgain();
  }

  doubt(): void {
    this.#doubted.abort();
  }

  close(): void {
    this.#stop.abort();
  }

  async #askAgain(): Promise<void> {
    const { refreshMs } = this.#parts;
    const { signal } = this.#stop;
    const pauseMs = Math.min(refreshMs, LEAST_PAUSE_MS);
    while (!signal.aborted) {
      this.#doubted = new AbortController();
      const doubted = AbortSignal.any([signal, this.#doubted.signal]);
      await clock.sleep(pauseMs, { signal, ref: false }).catch(() => {});
      await clock.sleep(refreshMs - pauseMs, { signal: doubted, ref: false }).catch(() => {});
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
      log[level]({ srv: address.service, error }, "the pods cannot be asked for: those known stay");
    }
  }

  #take(records: readonly SrvRecord[]): void {
    const { address, log } = this.#parts;
    const nowMs = clock.monotonicMs();
    this.#firstAnswerMs ??= nowMs;
    this.#lastAnswerMs = nowMs;
    const named = records.map((record) => podOf(record, address)).toSorted(byName);
    if (named.length > address.maxPods) {
      log.warn(
        { srv: address.service, named: named.length },
        "more pods than maxPods: the last are left out",
      );
    }
    for (const pod of named.slice(0, address.maxPods)) {
      this.#namedAtMs.set(pod.name, nowMs);
      this.#addresses.set(pod.name, pod);
    }
    for (const name of this.#addresses.keys()) {
      if (this.isGone(name)) this.#addresses.delete(name);
    }
    const pods = [...this.#addresses.values()].toSorted(byName);
    const isSame = textOf(pods) === textOf(this.#pods);
    this.#pods = pods;
    if (!isSame) this.#listener();
  }
}

function podOf(
  { name: host, port }: SrvRecord,
  { scheme, path }: SrvPodsParts["address"],
): PodAddress {
  const [name = host] = host.split(".");
  return { name, url: `${scheme}://${host}:${port}${path}` };
}

/** `counter-2` comes before `counter-10`. */
function byName(one: PodAddress, other: PodAddress): number {
  return one.name.localeCompare(other.name, "en", { numeric: true });
}

function textOf(pods: readonly PodAddress[]): string {
  return pods.map(({ name, url }) => `${name} ${url}`).join();
}
