/** What embedders import: the gateway as an object, and what it is made from. */
export { readSettings } from "./configuration.ts";
export { ConfigError, type Configuration, type Settings, validate } from "./contract/index.ts";
export { Gateway, type GatewayAddresses, type GatewayOptions } from "./gateway/gateway.ts";
export { buildLog } from "./log.ts";
export { checkNofile, NofileError } from "./nofile.ts";
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
