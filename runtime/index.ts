/** What embedders import: a gateway or a proxy as an object, and what it is made from. */

export { ConfigError } from "@mcp-fleet/contract";
export { type Configuration, type Settings, validate } from "@mcp-fleet/contract/settings";
export type { Status } from "./admin/status-report.ts";
export type { FleetBus, FleetChange } from "./fleet/fleet-bus.ts";
export type { LeaseStore } from "./fleet/lease-store.ts";
export type { DrainingPod, PodStore } from "./fleet/pod-store.ts";
export type { SecretStore } from "./fleet/secret-store.ts";
export type { TurnStore } from "./fleet/turn-store.ts";
export { compose, type ServerOptions } from "./server/compose.ts";
export { readSettings, readStart, type StartedFrom } from "./server/configuration.ts";
export { checkNofile, NofileError } from "./server/nofile.ts";
export { readSecrets, type Secrets } from "./server/secrets.ts";
export { Server, type ServerAddresses } from "./server/server.ts";
export { KeyRing } from "./sessions/key-ring.ts";
export type { SessionRecord, Subscription, UpstreamRecord } from "./sessions/session-record.ts";
export type { Creation, SessionCaps, SessionStore } from "./sessions/session-store.ts";
export { MemoryStore } from "./store/memory/memory-store.ts";
export type { Store } from "./store/store.ts";
export { buildLog } from "./telemetry/log.ts";
export { ERROR_TABLE, type ErrorName } from "./wire/error-table.ts";
