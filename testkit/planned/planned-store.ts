import { randomBytes, randomUUID } from "node:crypto";

import type { Configuration } from "@mcp-fleet/contract/settings";
import { RedisKeys } from "../../runtime/store/redis/redis-keys.ts";
import { RedisProcess } from "../processes/redis.ts";

const KEY_PREFIX = "mcp-fleet:";

/** What the stream of changes is cut down to, and a little more, since it is cut in blocks. */
const CHANGES = 10_000;

/** Writes changes as the store's own scripts do. */
const WRITE_CHANGES = `for _ = 1, ${CHANGES} do
  redis.call("XADD", KEYS[1], "*", "kind", "changed", "key", ARGV[1], "by", ARGV[2])
end`;

/** A Redis as it is after the first hour: its stream of changes is full. */
export class PlannedStore {
  readonly #redis: RedisProcess;

  private constructor(redis: RedisProcess) {
    this.#redis = redis;
  }

  static async start(): Promise<PlannedStore> {
    const redis = await RedisProcess.server();
    const { changes } = new RedisKeys(KEY_PREFIX);
    const sessionKey = randomBytes(32).toString("base64url");
    await redis.ask("EVAL", WRITE_CHANGES, "1", changes, sessionKey, randomUUID());
    return new PlannedStore(redis);
  }

  /** How a gateway is told of it. */
  get settings(): NonNullable<Configuration["sessionStorage"]> {
    const address = `127.0.0.1:${this.#redis.port}`;
    return { provider: "redis", address, keyPrefix: KEY_PREFIX };
  }

  /** The most that it has held so far, by its own account: what it compares with `maxmemory`. */
  async peakBytes(): Promise<number> {
    const info = String(await this.#redis.ask("INFO", "memory"));
    return Number(/^used_memory_peak:(\d+)/m.exec(info)?.[1]);
  }

  stop(): Promise<void> {
    return this.#redis.stop();
  }
}
