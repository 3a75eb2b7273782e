export type {
  AggregationSettings,
  ConflictResolution,
  ItemOverride,
  WorkloadRules,
} from "./aggregation.ts";
export { AUDIT_QUEUE_BYTES, type AuditSettings } from "./audit.ts";
export { AUDIT_EVENT_TYPES, AUDIT_EVENTS, type AuditEventType } from "./audit-events.ts";
export { type AuthorizationSettings, CACHED_DECISIONS } from "./authorization.ts";
export { type AwsRoleMapping, type AwsStsSettings, stsUrl } from "./aws-sts.ts";
export {
  addressText,
  type BackendAddress,
  type BackendSettings,
  backend,
  connectionsPerPod,
} from "./backend.ts";
export {
  type ClusterDiscoverySettings,
  validateClusterDiscovery,
} from "./cluster-discovery-settings.ts";
export { type Configuration, jsonSchema } from "./configuration.ts";
export type { CrossAppAccessSettings } from "./cross-app-access.ts";
export { type DiscoverySettings, MAX_BACKENDS } from "./discovery-directory.ts";
export { decode, encode, variableName } from "./environment.ts";
export {
  type IncomingAuthSettings,
  type JwtSettings,
  type OidcIssuerSettings,
  type OidcSettings,
  TOKEN_CACHE_BYTES,
} from "./incoming-auth.ts";
export { LIMIT_KINDS } from "./limit-kinds.ts";
export {
  type Changes,
  changesOf,
  LIVE_SECTIONS,
  type LiveSection,
  liveText,
  rolloutPart,
  withLiveSections,
} from "./live-sections.ts";
export { isCidr, isPort, MAX_PORT, PORTS } from "./network.ts";
export {
  type BackendAuth,
  CLIENT_STRATEGIES,
  getsTokens,
  HEADER_VALUE,
  HEADER_VALUE_RULE,
  needsPrincipal,
  TOKEN_STRATEGIES,
} from "./outgoing-auth.ts";
export {
  everyLimit,
  limitBuckets,
  type RateClass,
  type RateLimit,
  type RateLimitSettings,
} from "./rate-limiting.ts";
export { REFUSALS } from "./refusals.ts";
export { fieldsWithin, LEAVES, type Leaf } from "./schema-walk.ts";
export type { SecretSource } from "./secret-source.ts";
export {
  CLUSTER_SHARDS,
  keysBeginWith,
  type NetworkAddress,
  PROXY_KEYS,
  RECORD_FORMATS,
  type RecordFormat,
  type RedisSettings,
  type RedisTlsSettings,
  type SessionStorageSettings,
} from "./session-storage.ts";
export type { CircuitBreakerSettings, Role, Settings } from "./settings.ts";
export { foundStdioFaults, PASSED_ENV, type StdioSettings } from "./stdio.ts";
export {
  type OtlpProtocol,
  PROMETHEUS_PORT,
  QUEUED_SPANS,
  SAMPLING_RATE,
  type TelemetrySettings,
} from "./telemetry.ts";
export { LINGER_SECONDS, RETRY_AFTER_SECONDS } from "./times.ts";
export type { ClientAuthMethod, TokenRequestSettings } from "./token-request.ts";
export { validate } from "./validation.ts";
export { CALL_TIMEOUT, toolhive } from "./vmcp-schema.ts";
