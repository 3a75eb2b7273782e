import {
  type Exhausted,
  type LimitStore,
  stockMs,
  type Taken,
  type TokenRequest,
  type TokenStock,
} from "../../fleet/limit-store.ts";
import type { RedisCommands } from "./redis-commands.ts";

/** Buckets of tokens in Redis, counted by its clock, so that the clocks of processes do not matter. */
export class RedisLimits implements LimitStore {
  readonly #commands: RedisCommands;

  constructor(commands: RedisCommands) {
    this.#commands = commands;
  }

  async take(requests: readonly TokenRequest[]): Promise<Taken | Exhausted> {
    const args = requests.flatMap(({ tokens, periodMs, cost }) => [
      tokens,
      periodMs,
      cost,
      stockMs(periodMs),
    ]);
    const keys = requests.map(({ bucket }) => this.#commands.keys.bucket(bucket));
    const answer = await this.#commands.ofStore("take-tokens", args, keys);
    const [refused = 0, ...rest] = Array.isArray(answer) ? answer.map(Number) : [];
    if (refused > 0) return { kind: "exhausted", index: refused - 1, retryMs: rest[0] ?? 0 };
    const stocks = requests.map((_, index) => ({
      tokens: rest[2 * index] ?? 0,
      slot: rest[2 * index + 1] ?? 0,
    }));
    return { kind: "taken", stocks };
  }

  async giveBack(bucket: string, { slot, tokens }: TokenStock): Promise<void> {
    const keys = [this.#commands.keys.bucket(bucket)];
    await this.#commands.ofStore("give-back-tokens", [slot, tokens], keys);
  }
}
