import type { Logger } from "pino";

import type { SessionStorageSettings } from "../contract/index.ts";
import type { Metrics } from "../metrics.ts";
import { MemoryStore } from "./memory-store.ts";
import { RedisStore } from "./redis-store.ts";
import type { SessionStore } from "./session-store.ts";

/** The store that the settings name. It connects by itself; what it cannot reach it says to whoever asks it. */
export function openStore(
  settings: SessionStorageSettings,
  metrics: Metrics,
  log: Logger,
): SessionStore {
  if (settings.provider === "memory") return new MemoryStore();
  return new RedisStore({ settings, metrics, log });
}
