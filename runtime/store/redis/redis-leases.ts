import type { LeaseStore } from "../../fleet/lease-store.ts";
import type { RedisCommands } from "./redis-commands.ts";

/** Leases in Redis: they run out by its clock. */
export class RedisLeases implements LeaseStore {
  readonly #commands: RedisCommands;

  constructor(commands: RedisCommands) {
    this.#commands = commands;
  }

  async take(key: string, purpose: string, holder: string, ttlMs: number): Promise<boolean> {
    const args = [purpose, holder, Math.ceil(ttlMs)];
    return (await this.#commands.ofSession("lease", key, args)) === 1;
  }

  async release(key: string, purpose: string, holder: string): Promise<void> {
    await this.#commands.ofSession("release", key, [purpose, holder]);
  }

  async holder(key: string, purpose: string): Promise<string | undefined> {
    const holder = await this.#commands.ofSession("lease-holder", key, [purpose]);
    return typeof holder === "string" ? holder : undefined;
  }

  async isTaken(key: string, purposePrefix: string): Promise<boolean> {
    return (await this.#commands.ofSession("has-lease", key, [purposePrefix])) === 1;
  }
}
