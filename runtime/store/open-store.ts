import type { SessionStorageSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Metrics } from "../telemetry/metrics.ts";
import { MemoryStore } from "./memory/memory-store.ts";
import type { Store } from "./store.ts";

/**
 * The store that the settings name; what a shared one needs is loaded only for it. It connects by itself, and what it
 * cannot reach it says to whoever asks it.
 */
export async function openStore(
  settings: SessionStorageSettings,
  metrics: Metrics,
  log: Logger,
): Promise<Store> {
  if (settings.provider === "memory") return new MemoryStore();
  const reason = settings.tls?.acceptUnverified;
  if (reason !== undefined) log.warn({ reason }, "the certificate of Redis is not verified");
  const { RedisStore } = await import("./redis/redis-store.ts");
  return new RedisStore({ settings, metrics, log });
}
