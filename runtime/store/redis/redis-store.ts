import type { RedisSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { clock } from "../../platform/clock.ts";
import { random } from "../../platform/random.ts";
import type { SessionRecord } from "../../sessions/session-record.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { ClusterState } from "../cluster-state.ts";
import type { Store } from "../store.ts";
import { RedisBus } from "./redis-bus.ts";
import { RedisCommands } from "./redis-commands.ts";
import { RedisKeys } from "./redis-keys.ts";
import { RedisLeases } from "./redis-leases.ts";
import { RedisLimits } from "./redis-limits.ts";
import { RedisPods } from "./redis-pods.ts";
import { RedisSecrets } from "./redis-secrets.ts";
import { RedisSessions } from "./redis-sessions.ts";
import { RedisTurns } from "./redis-turns.ts";

/** How long a store that came back empty is tried to be filled again: `RELEARN_MS` of lua/prelude.lua. */
const REFILL_MS = 10_000;
const REFILL_RETRY_MS = 100;

export interface RedisStoreParts {
  readonly settings: RedisSettings;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Milliseconds since 1970. Default: the server's clock, which is the same for all processes. */
  readonly now?: () => number;
}

/** The store of many processes, in Redis or Valkey, standalone, behind Sentinel or in a cluster. */
export class RedisStore implements Store {
  readonly outlivesProcess = true;
  readonly sessions: RedisSessions;
  readonly leases: RedisLeases;
  readonly pods: RedisPods;
  readonly bus: RedisBus;
  readonly secrets: RedisSecrets;
  readonly turns: RedisTurns;
  readonly limits: RedisLimits;
  readonly #commands: RedisCommands;
  readonly #log: Logger;

  constructor({ settings, metrics, log, now }: RedisStoreParts) {
    const keys = new RedisKeys(settings.keyPrefix);
    const shared = { settings, keys, log, by: random.uuid() };
    const commands = new RedisCommands({ ...shared, metrics, now });
    const load = (key: string) => this.sessions.load(key);
    const bus = new RedisBus({ ...shared, commands, load, onEmptied: () => this.#refill() });
    this.#commands = commands;
    this.#log = log;
    this.bus = bus;
    this.sessions = new RedisSessions(commands, bus, settings.recordFormat);
    this.leases = new RedisLeases(commands);
    this.pods = new RedisPods(commands, bus);
    this.secrets = new RedisSecrets(commands);
    this.turns = new RedisTurns(commands);
    this.limits = new RedisLimits(commands);
  }

  get cluster(): ClusterState | undefined {
    return this.#commands.cluster;
  }

  get opened(): Promise<void> {
    return this.bus.opened;
  }

  async close(): Promise<void> {
    this.bus.close();
    this.#commands.close();
  }

  /** Everybody writes again what is known here. */
  #refill(): void {
    this.#log.error("the session store came back empty: writing the sessions held here again");
    const restore = (record: SessionRecord) => retried(() => this.sessions.restore(record));
    this.bus.tell({ kind: "emptied", restore });
    for (const pod of this.pods.known) {
      retried(() => this.pods.setDraining(pod, true)).catch((error: unknown) =>
        this.#log.warn(
          { error, ...pod },
          "a draining pod could not be written to the session store",
        ),
      );
    }
    retried(() => this.secrets.restore()).catch((error: unknown) =>
      this.#log.warn({ error }, "the signing key could not be written to the session store"),
    );
  }
}

/** The connection that hears of the emptiness may be back before the one that commands go through. */
async function retried(work: () => Promise<void>): Promise<void> {
  const untilMs = clock.monotonicMs() + REFILL_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (clock.monotonicMs() > untilMs) throw error;
      await clock.sleep(REFILL_RETRY_MS, { ref: false });
    }
  }
}
