/** What embedders import: each role as an object, and what it is made from. */
export { readSettings } from "./configuration.ts";
export { ConfigError, type Configuration, type Settings, validate } from "./contract/index.ts";
export { createGateway } from "./gateway/gateway.ts";
export { buildLog } from "./log.ts";
export { checkNofile, NofileError } from "./nofile.ts";
export { createProxy } from "./proxy/proxy.ts";
export { type ProcessAddresses, type ProcessOptions, RoleProcess } from "./role-process.ts";
export { readSecrets, type Secrets } from "./secrets.ts";
export { KeyRing } from "./sessions/key-ring.ts";
export { MemoryStore } from "./sessions/memory-store.ts";
export type { SessionRecord, Subscription, UpstreamRecord } from "./sessions/session-record.ts";
export type {
  Creation,
  SessionCaps,
  SessionChange,
  SessionStore,
} from "./sessions/session-store.ts";
export { ERROR_TABLE, type ErrorName } from "./wire/error-table.ts";
