import type { DrainingPod, PodStore } from "../../fleet/pod-store.ts";
import type { SessionRecord } from "../../sessions/session-record.ts";
import type { MemoryRecords } from "./memory-records.ts";

/** Pins and drains in memory. */
export class MemoryPods implements PodStore {
  readonly #records: MemoryRecords;
  /** The pod of each backend where a session is counted, by session and backend. */
  readonly #pins = new Map<string, Map<string, string>>();
  /** By their JSON text. */
  readonly #draining = new Map<string, DrainingPod>();

  constructor(records: MemoryRecords) {
    this.#records = records;
  }

  async pin(
    { key }: SessionRecord,
    backend: string,
    pods: readonly string[],
  ): Promise<string | undefined> {
    if (this.#records.live(key) === undefined) return undefined;
    const able = pods.filter((pod) => !this.#draining.has(textOf({ backend, pod })));
    const counts = able.map((pod) => this.#on(backend, pod).length);
    const pod = able[counts.indexOf(Math.min(...counts))];
    if (pod !== undefined) this.pinTo(key, backend, pod);
    return pod;
  }

  async count(backend: string, pods: readonly string[]): Promise<number[]> {
    return pods.map((pod) => this.#on(backend, pod).length);
  }

  async sessionsOn(backend: string, pod: string, limit: number): Promise<string[]> {
    return this.#on(backend, pod).slice(0, limit);
  }

  async setDraining(pod: DrainingPod, drains: boolean): Promise<void> {
    if (drains) this.#draining.set(textOf(pod), pod);
    else this.#draining.delete(textOf(pod));
    this.#records.tell({ kind: "drains" });
  }

  async draining(): Promise<readonly DrainingPod[]> {
    return [...this.#draining.values()];
  }

  pinTo(key: string, backend: string, pod: string): void {
    const pins = this.#pins.get(key) ?? new Map<string, string>();
    this.#pins.set(key, pins.set(backend, pod));
  }

  unpin(key: string, backend: string): void {
    this.#pins.get(key)?.delete(backend);
  }

  /** The session has ended. */
  forget(key: string): void {
    this.#pins.delete(key);
  }

  clear(): void {
    this.#pins.clear();
    this.#draining.clear();
  }

  /** The live sessions that are counted at a pod. */
  #on(backend: string, pod: string): string[] {
    const keys: string[] = [];
    for (const [key, pins] of this.#pins) {
      if (pins.get(backend) === pod && this.#records.live(key) !== undefined) keys.push(key);
    }
    return keys;
  }
}

function textOf({ backend, pod }: DrainingPod): string {
  return JSON.stringify([backend, pod]);
}
