// Enums. Each is an object and a type of the same name: TypeScript programs write Spread.Required,
// programs in other languages the value itself.

/** The MCP transport of a server. */
export const Transport = { StreamableHttp: "streamable-http", Sse: "sse" } as const;
export type Transport = (typeof Transport)[keyof typeof Transport];

/** Which server messages a client receives: those sent during its calls, or all of its session. */
export const Notifications = { Calls: "calls", Session: "session" } as const;
export type Notifications = (typeof Notifications)[keyof typeof Notifications];

/** Whether a server's lists are the same for all sessions. */
export const Catalog = { Shared: "shared", PerSession: "perSession" } as const;
export type Catalog = (typeof Catalog)[keyof typeof Catalog];

/** Which pod gets a call: the pod of its session, or the least busy one. */
export const Routing = { Session: "session", Spread: "spread" } as const;
export type Routing = (typeof Routing)[keyof typeof Routing];

/** Whether a Service sends all connections of a client address to the same pod. Not needed: any pod serves any session. */
export const SessionAffinity = { None: "None", ClientIP: "ClientIP" } as const;
export type SessionAffinity = (typeof SessionAffinity)[keyof typeof SessionAffinity];

/** The type of a Service. */
export const ServiceType = {
  ClusterIP: "ClusterIP",
  NodePort: "NodePort",
  LoadBalancer: "LoadBalancer",
} as const;
export type ServiceType = (typeof ServiceType)[keyof typeof ServiceType];

/** Who sets the number of pods: an autoscaler that the component creates, or one of the user. */
export const Scaling = {
  HorizontalPodAutoscaler: "HorizontalPodAutoscaler",
  External: "External",
} as const;
export type Scaling = (typeof Scaling)[keyof typeof Scaling];

/** What runs the pods of a server: a StatefulSet gives each a name of its own, a Deployment starts a new pod before it stops an old one. */
export const WorkloadKind = { StatefulSet: "StatefulSet", Deployment: "Deployment" } as const;
export type WorkloadKind = (typeof WorkloadKind)[keyof typeof WorkloadKind];

/** The URL scheme of pods. */
export const Scheme = { Http: "http", Https: "https" } as const;
export type Scheme = (typeof Scheme)[keyof typeof Scheme];

/** How lists are answered while a backend is unavailable: without its part, or with an error. */
export const PartialFailureMode = { BestEffort: "best_effort", Fail: "fail" } as const;
export type PartialFailureMode = (typeof PartialFailureMode)[keyof typeof PartialFailureMode];

/** How equal names of tools of several backends are told apart. */
export const ConflictResolution = {
  Prefix: "prefix",
  Priority: "priority",
  Manual: "manual",
} as const;
export type ConflictResolution = (typeof ConflictResolution)[keyof typeof ConflictResolution];

/** Whether every client may use everything, or what Cedar policies permit. */
export const AuthorizationType = { None: "none", Cedar: "cedar" } as const;
export type AuthorizationType = (typeof AuthorizationType)[keyof typeof AuthorizationType];

/** Whether tools are listed that nothing is said about. */
export const ToolVisibility = { Allow: "allow", Deny: "deny" } as const;
export type ToolVisibility = (typeof ToolVisibility)[keyof typeof ToolVisibility];

/** Who may call: everyone who reaches the port, or clients with a token of an issuer, whose keys are given (jwt) or found (oidc). */
export const IncomingAuthType = { Anonymous: "anonymous", Jwt: "jwt", Oidc: "oidc" } as const;
export type IncomingAuthType = (typeof IncomingAuthType)[keyof typeof IncomingAuthType];

/** How requests to a backend are authenticated: not at all, by a header or a token of the process, by a token that it gets for itself, or by one that it gets for the client's token. */
export const BackendAuthType = {
  Unauthenticated: "unauthenticated",
  HeaderInjection: "header_injection",
  BearerToken: "bearer_token",
  ClientCredentials: "client_credentials",
  TokenExchange: "token_exchange",
  AwsSts: "aws_sts",
  Xaa: "xaa",
} as const;
export type BackendAuthType = (typeof BackendAuthType)[keyof typeof BackendAuthType];

/** How a process authenticates at a token endpoint: by its client secret in the Authorization header or in the body, or by a JWT that it signs. */
export const ClientAuthMethod = {
  ClientSecretBasic: "client_secret_basic",
  ClientSecretPost: "client_secret_post",
  PrivateKeyJwt: "private_key_jwt",
} as const;
export type ClientAuthMethod = (typeof ClientAuthMethod)[keyof typeof ClientAuthMethod];

/** Which typ header of a JWT is accepted: that of access tokens, or also JWT and none. */
export const TokenType = { Any: "any", AccessToken: "at+jwt" } as const;
export type TokenType = (typeof TokenType)[keyof typeof TokenType];

/** The minimum severity of log lines. */
export const LogLevel = {
  Debug: "debug",
  Info: "info",
  Warn: "warn",
  Error: "error",
  Silent: "silent",
} as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

/** How pods get their limit of open files: the process checks the limit that it has, or an NRI plugin sets it. */
export const NofileMode = { Verify: "Verify", NriAnnotation: "NriAnnotation" } as const;
export type NofileMode = (typeof NofileMode)[keyof typeof NofileMode];

/** What a process does if its limit of open files is below the plan: exit with the reason, or lower its own limits. */
export const NofileShortage = { Enforce: "enforce", Degrade: "degrade" } as const;
export type NofileShortage = (typeof NofileShortage)[keyof typeof NofileShortage];

/** Whether the pods of a workload must or only should be spread over nodes. Required keeps Redis pods on different nodes. */
export const Spread = { Required: "Required", Preferred: "Preferred" } as const;
export type Spread = (typeof Spread)[keyof typeof Spread];

/** How traces and metrics go to an OpenTelemetry collector: OTLP over HTTP, or over gRPC. */
export const TelemetryProtocol = { HttpProtobuf: "http/protobuf", Grpc: "grpc" } as const;
export type TelemetryProtocol = (typeof TelemetryProtocol)[keyof typeof TelemetryProtocol];

/** What happens while audit events come faster than they are written: events are lost, or calls are refused. */
export const AuditOverload = { Drop: "drop", Refuse: "refuse" } as const;
export type AuditOverload = (typeof AuditOverload)[keyof typeof AuditOverload];

/** What happens to calls whose rate limits cannot be asked for: they run, or are refused. */
export const StoreFailure = { Allow: "allow", Refuse: "refuse" } as const;
export type StoreFailure = (typeof StoreFailure)[keyof typeof StoreFailure];
