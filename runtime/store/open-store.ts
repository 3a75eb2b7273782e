import type { SessionStorageSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { SessionStore } from "../sessions/session-store.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { MemoryStore } from "./memory/memory-store.ts";
import { RedisStore } from "./redis/redis-store.ts";

/** The store that the settings name. It connects by itself; what it cannot reach it says to whoever asks it. */
export function openStore(
  settings: SessionStorageSettings,
  metrics: Metrics,
  log: Logger,
): SessionStore {
  if (settings.provider === "memory") return new MemoryStore();
  return new RedisStore({ settings, metrics, log });
}
