import type { DrainingPod, PodStore } from "../../fleet/pod-store.ts";
import type { SessionRecord } from "../../sessions/session-record.ts";
import { upstreamField } from "./record-format.ts";
import type { RedisBus } from "./redis-bus.ts";
import type { RedisCommands } from "./redis-commands.ts";
import { podText } from "./redis-keys.ts";

/** Pins and drains in Redis. */
export class RedisPods implements PodStore {
  readonly #commands: RedisCommands;
  readonly #bus: RedisBus;
  /** As last read: what a store that came back empty is told again. */
  #draining: readonly DrainingPod[] = [];

  constructor(commands: RedisCommands, bus: RedisBus) {
    this.#commands = commands;
    this.#bus = bus;
  }

  /** The pods that drained when that was last asked. */
  get known(): readonly DrainingPod[] {
    return this.#draining;
  }

  async pin(
    record: SessionRecord,
    backend: string,
    pods: readonly string[],
  ): Promise<string | undefined> {
    const { keys } = this.#commands;
    const args = [upstreamField(backend), ...pods.map((pod) => podText(backend, pod))];
    const sets = [...keys.setsOf(record), ...pods.map((pod) => keys.podSet(backend, pod))];
    const place = Number((await this.#commands.ofSession("pin", record.key, args, sets)) ?? 0);
    return pods[place - 1];
  }

  async count(backend: string, pods: readonly string[]): Promise<number[]> {
    const sets = pods.map((pod) => this.#commands.keys.podSet(backend, pod));
    const counts = await this.#commands.ofStore("pod-sessions", [], sets);
    return Array.isArray(counts) ? counts.map(Number) : [];
  }

  async sessionsOn(backend: string, pod: string, limit: number): Promise<string[]> {
    const set = this.#commands.keys.podSet(backend, pod);
    const keys = await this.#commands.ofStore("list-pod-sessions", [limit], [set]);
    return Array.isArray(keys) ? keys.map(String) : [];
  }

  async setDraining({ backend, pod }: DrainingPod, drains: boolean): Promise<void> {
    await this.#commands.ofStore("set-draining", [podText(backend, pod), drains ? 1 : 0]);
    this.#bus.tell({ kind: "drains" });
  }

  async draining(): Promise<readonly DrainingPod[]> {
    const found = await this.#commands.ofStore("draining");
    this.#draining = (Array.isArray(found) ? found : []).map((text) => {
      const [backend, pod]: [string, string] = JSON.parse(String(text));
      return { backend, pod };
    });
    return this.#draining;
  }
}
