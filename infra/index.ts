import "./requirements.ts";

export type {
  AggregationArgs,
  ItemOverrideArgs,
  PromptRulesArgs,
  ResourceRulesArgs,
  ToolAnnotationsArgs,
  ToolOverrideArgs,
  ToolRulesArgs,
} from "./arguments/aggregation-args.ts";
export type { AuditArgs } from "./arguments/audit-args.ts";
export type { AuthzArgs } from "./arguments/authz-args.ts";
export type {
  BackendArgs,
  HasBackend,
  ServerBackend,
  StatefulSetAddressArgs,
} from "./arguments/backend-args.ts";
export {
  AuditOverload,
  AuthorizationType,
  BackendAuthType,
  Catalog,
  ClientAuthMethod,
  ConflictResolution,
  IncomingAuthType,
  LogLevel,
  NofileMode,
  NofileShortage,
  Notifications,
  PartialFailureMode,
  Routing,
  Scaling,
  Scheme,
  ServiceType,
  SessionAffinity,
  Spread,
  StoreFailure,
  TelemetryProtocol,
  TokenType,
  ToolVisibility,
  Transport,
  WorkloadKind,
} from "./arguments/choices.ts";
export type { DiscoveredServicesArgs, DiscoveryArgs } from "./arguments/discovery-args.ts";
export type { EnvArgs, SecretEnvArgs } from "./arguments/env-args.ts";
export type {
  HttpRouteArgs,
  IngressArgs,
  MonitoringArgs,
  ParentRefArgs,
  ServiceArgs,
} from "./arguments/exposure-args.ts";
export type { AutoscalingArgs, CeilingsArgs, LoadArgs } from "./arguments/load-args.ts";
export type { OidcArgs, OidcIssuerArgs } from "./arguments/oidc-args.ts";
export type {
  BackendAuthArgs,
  BearerTokenArgs,
  ClientCredentialsArgs,
  HeaderInjectionArgs,
  OutgoingAuthArgs,
  ServiceAccountTokenArgs,
  TokenExchangeArgs,
} from "./arguments/outgoing-auth-args.ts";
export type {
  AcceptRisksArgs,
  DestinationArgs,
  NetworkPolicyArgs,
  NofileArgs,
  PeerArgs,
  PodTemplate,
  ProcessRisksArgs,
  ResourcesArgs,
  ServiceAccountArgs,
  WorkloadArgs,
} from "./arguments/pod-args.ts";
export type { ProcessArgs } from "./arguments/process-args.ts";
export type {
  ByteLimitArgs,
  ByteLimitsArgs,
  InitializeLimitArgs,
  NamedRateLimitArgs,
  RateClassArgs,
  RateLimitArgs,
  RateLimitsArgs,
} from "./arguments/rate-limit-args.ts";
export type {
  ConfigMapKeyArgs,
  HasConnection,
  SecretKeyArgs,
  SessionStorageArgs,
  StorageClusterArgs,
  StorageSentinelArgs,
  StorageTlsArgs,
} from "./arguments/session-storage-args.ts";
export type {
  DnsArgs,
  FailureHandlingArgs,
  IncomingAuthArgs,
  JwtArgs,
  LimitsArgs,
  OperationalArgs,
  SessionArgs,
  SessionKeyArgs,
  TimeoutsArgs,
} from "./arguments/settings-args.ts";
export type { TelemetryArgs } from "./arguments/telemetry-args.ts";
export { McpServer } from "./mcp-server.ts";
export type { McpServerArgs, ServerCostArgs } from "./mcp-server-args.ts";
export { ClaimRetention } from "./redis/claim-retention.ts";
export { Engine } from "./redis/engine.ts";
export { Eviction, Persistence } from "./redis/redis-conf.ts";
export { RedisSentinel } from "./redis-sentinel.ts";
export type {
  ExporterArgs,
  IssuerArgs,
  RedisSentinelArgs,
  RedisTlsArgs,
  StoreUserArgs,
} from "./redis-sentinel-args.ts";
export type { McpServerTransforms, ProcessTransforms, RedisTransforms } from "./transform.ts";
export { VirtualMcpServer } from "./virtual-mcp-server.ts";
export type { VirtualMcpServerArgs } from "./virtual-mcp-server-args.ts";
