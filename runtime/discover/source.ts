import type { KubernetesObject, ListWatch } from "@kubernetes/client-node";
import type { Logger } from "pino";
import { Backoff } from "../platform/backoff.ts";
import { clock, type Timer } from "../platform/clock.ts";
import { type Cluster, ClusterError, type ListPath } from "./cluster.ts";
import type { Kind } from "./kinds.ts";
import { KubeObject } from "./kube-object.ts";

/** The pauses between attempts to read a kind: an API server that restarts is back within seconds. */
const PAUSES = { firstMs: 500, maxMs: 30_000 };

/** `reading`: it is being listed for the first time. `absent`: the API server does not have the kind. */
export type SourceState = "reading" | "watching" | "absent" | "failing";

export interface SourceParts {
  readonly cluster: Cluster;
  readonly kind: Kind;
  readonly namespace: string;
  /** Which objects are meant, beside the label selector. */
  readonly isChosen: (object: KubeObject) => boolean;
  readonly labelSelector?: string | undefined;
  /** Hears of every change of objects and state. */
  readonly onChange: () => void;
  readonly log: Logger;
}

/** The objects of one kind in one namespace: listed, then watched, and listed again after whatever goes wrong. */
export class Source {
  readonly key: string;
  readonly kind: Kind;
  readonly #parts: SourceParts;
  readonly #backoff = new Backoff(PAUSES);
  #state: SourceState = "reading";
  #reason: string | undefined;
  #version = 0;
  #watch: ListWatch<KubernetesObject> | undefined;
  #retry: Timer | undefined;
  #isStopped = false;

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.kind = parts.kind;
    this.key = `${parts.kind.name} ${parts.namespace}`;
  }

  get state(): SourceState {
    return this.#state;
  }

  /** Why it is absent or failing. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** What the watch knows; undefined while it is none that is complete. */
  get objects(): readonly KubeObject[] | undefined {
    return this.#state === "watching" ? this.#chosen(this.#watch?.list() ?? []) : undefined;
  }

  /** What the API server says when it is asked now; undefined where it says nothing complete. */
  async ask(): Promise<readonly KubeObject[] | undefined> {
    try {
      const { items } = await this.#parts.cluster.list(this.#path);
      return this.#chosen(items);
    } catch (error) {
      this.#parts.log.info({ source: this.key, error }, "a kind could not be listed");
      return undefined;
    }
  }

  start(): void {
    void this.#attempt();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clock.clear(this.#retry);
    await this.#watch?.stop();
  }

  get #path(): ListPath {
    const { kind, namespace, labelSelector } = this.#parts;
    const version = kind.versions[this.#version] ?? "";
    const root = kind.group === "" ? `/api/${version}` : `/apis/${kind.group}/${version}`;
    const path = `${root}/namespaces/${namespace}/${kind.plural}`;
    return { path, ...(labelSelector !== undefined && { labelSelector }) };
  }

  #chosen(items: readonly unknown[]): KubeObject[] {
    return items
      .map((item) => new KubeObject(this.kind.name, item))
      .filter((object) => this.#parts.isChosen(object));
  }

  /** One list and the watch that follows it, until the first error. */
  async #attempt(): Promise<void> {
    if (this.#isStopped) return;
    const { cluster, onChange } = this.#parts;
    const list = this.#path;
    const watch = cluster.watch(list, () => cluster.list(list));
    let ended: unknown;
    const startedMs = clock.monotonicMs();
    watch.on("error", (error) => {
      if (ended !== undefined) return;
      ended = error ?? new Error("the watch ended");
      this.#backoff.endedAfter(clock.monotonicMs() - startedMs);
      this.#failed(watch, ended);
    });
    watch.on("change", () => {
      if (this.#state === "watching") onChange();
    });
    this.#watch = watch;
    try {
      await watch.start();
    } catch (error) {
      if (ended === undefined) this.#failed(watch, error);
      return;
    }
    if (ended !== undefined || this.#isStopped) return;
    this.#enter("watching");
  }

  #failed(watch: ListWatch<KubernetesObject>, error: unknown): void {
    void watch.stop();
    if (this.#isStopped) return;
    const cause = causeOf(error);
    const isAbsent = cause.status === 404;
    const { versions } = this.kind;
    if (isAbsent && this.#version + 1 < versions.length) {
      // The next version is asked at once; after the last one, the first again.
      this.#version += 1;
      if (this.#state === "watching") this.#state = "failing";
      void this.#attempt();
      return;
    }
    this.#version = 0;
    if (isAbsent) this.#enter("absent", "the API server does not have this kind");
    else this.#enter("failing", cause.message, cause);
    this.#retry = clock.after(this.#backoff.nextMs(), () => void this.#attempt());
  }

  #enter(state: SourceState, reason?: string, error?: ClusterError): void {
    const isNew = state !== this.#state || reason !== this.#reason;
    this.#state = state;
    this.#reason = reason;
    if (!isNew) return;
    const { log, onChange } = this.#parts;
    const about = { source: this.key, ...(reason !== undefined && { reason }) };
    if (state === "watching") log.info(about, "a kind is watched");
    else if (state === "absent") log.info(about, "the API server does not have a kind");
    else log.warn({ ...about, error }, "a kind cannot be read: its backends stay as they are");
    onChange();
  }
}

/** Watches end with errors of the library and of the system: none of them is a defect of ours. */
function causeOf(error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 0;
  return new ClusterError(status, `the watch broke: ${message}`);
}
