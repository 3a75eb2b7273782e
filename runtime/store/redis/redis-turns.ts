import type { TurnStore } from "../../fleet/turn-store.ts";
import type { RedisCommands } from "./redis-commands.ts";

/** Turns in Redis, a key for each: they run out by its clock. */
export class RedisTurns implements TurnStore {
  readonly #commands: RedisCommands;

  constructor(commands: RedisCommands) {
    this.#commands = commands;
  }

  async take(name: string, holder: string, ttlMs: number): Promise<boolean> {
    const args = [holder, Math.ceil(ttlMs)];
    return (await this.#commands.ofStore("take-turn", args, [this.#key(name)])) === 1;
  }

  async release(name: string, holder: string): Promise<void> {
    await this.#commands.ofStore("release-turn", [holder], [this.#key(name)]);
  }

  async holder(name: string): Promise<string | undefined> {
    const holder = await this.#commands.ofStore("turn-holder", [], [this.#key(name)]);
    return typeof holder === "string" ? holder : undefined;
  }

  #key(name: string): string {
    return this.#commands.keys.turn(name);
  }
}
