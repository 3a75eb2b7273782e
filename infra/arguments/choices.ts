// Closed sets of values. Each is an object and a type of the same name: TypeScript programs write Spread.Required,
// programs in other languages the value itself.

/** How a server is spoken to. */
export const Transport = { StreamableHttp: "streamable-http", Sse: "sse" } as const;
export type Transport = (typeof Transport)[keyof typeof Transport];

/** What of a server's own messages a client gets: those during its calls, or all of its session. */
export const Notifications = { Calls: "calls", Session: "session" } as const;
export type Notifications = (typeof Notifications)[keyof typeof Notifications];

/** Whether a server's lists are the same for all sessions. */
export const Catalog = { Shared: "shared", PerSession: "perSession" } as const;
export type Catalog = (typeof Catalog)[keyof typeof Catalog];

/** Which pod gets a call: that of its session, or the least busy one. */
export const Routing = { Session: "session", Spread: "spread" } as const;
export type Routing = (typeof Routing)[keyof typeof Routing];

/** Whether a Service sends a client address to the same pod. Any pod serves any session, so nothing needs it. */
export const SessionAffinity = { None: "None", ClientIP: "ClientIP" } as const;
export type SessionAffinity = (typeof SessionAffinity)[keyof typeof SessionAffinity];

/** How a Service is reached. */
export const ServiceType = {
  ClusterIP: "ClusterIP",
  NodePort: "NodePort",
  LoadBalancer: "LoadBalancer",
} as const;
export type ServiceType = (typeof ServiceType)[keyof typeof ServiceType];

/** Who may call: everybody who reaches the port, or who brings a token of the issuer. */
export const IncomingAuthType = { Anonymous: "anonymous", Jwt: "jwt" } as const;
export type IncomingAuthType = (typeof IncomingAuthType)[keyof typeof IncomingAuthType];

/** The least severe line of the log. */
export const LogLevel = {
  Debug: "debug",
  Info: "info",
  Warn: "warn",
  Error: "error",
  Silent: "silent",
} as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

/** How pods get their limit of open files: the process verifies what it finds, or an NRI plugin sets it. */
export const NofileMode = { Verify: "Verify", NriAnnotation: "NriAnnotation" } as const;
export type NofileMode = (typeof NofileMode)[keyof typeof NofileMode];

/** What a process does where its limit of open files is below the plan: end with the reason, or lower its limits. */
export const NofileShortage = { Enforce: "enforce", Degrade: "degrade" } as const;
export type NofileShortage = (typeof NofileShortage)[keyof typeof NofileShortage];

/** Whether pods of a workload have to be spread over nodes, or only should; those of Redis then stand on different ones. */
export const Spread = { Required: "Required", Preferred: "Preferred" } as const;
export type Spread = (typeof Spread)[keyof typeof Spread];
