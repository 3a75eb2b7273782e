/** What embedders import: each role as an object, and what it is made from. */

export { ConfigError } from "@mcp-fleet/contract";
export { type Configuration, type Settings, validate } from "@mcp-fleet/contract/settings";
export { createGateway } from "./roles/gateway/gateway.ts";
export { createProxy } from "./roles/proxy/proxy.ts";
export { readSettings } from "./server/configuration.ts";
export { checkNofile, NofileError } from "./server/nofile.ts";
export { type ProcessAddresses, type ProcessOptions, RoleProcess } from "./server/role-process.ts";
export { readSecrets, type Secrets } from "./server/secrets.ts";
export { KeyRing } from "./sessions/key-ring.ts";
export type { SessionRecord, Subscription, UpstreamRecord } from "./sessions/session-record.ts";
export type {
  Creation,
  SessionCaps,
  SessionChange,
  SessionStore,
} from "./sessions/session-store.ts";
export { MemoryStore } from "./store/memory/memory-store.ts";
export { buildLog } from "./telemetry/log.ts";
export { ERROR_TABLE, type ErrorName } from "./wire/error-table.ts";
