/**
 * The risks that somebody may take, by their names. Components and workloads name each with its reason, and policies are
 * silent about it then.
 */
export const RISKS = {
  belowPlan: "Something is deployed below the plan",
  openGateway: "Everyone who reaches it from outside the cluster may call",
  wildcardPermits: "A policy permits every client every tool",
  httpIssuers: "Keys, metadata or introspection of an issuer come over http",
  privateIssuers: "An issuer may be at private and loopback addresses",
  httpTokenEndpoints: "Secrets and tokens go to a token endpoint over http",
  authorizationPassthrough: "Backends get the Authorization or Cookie header of clients",
} as const;

export type Risk = keyof typeof RISKS;

export const RISK_NAMES = Object.keys(RISKS).filter((name): name is Risk =>
  Object.hasOwn(RISKS, name),
);
