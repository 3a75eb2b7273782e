import { isSection, type Path, type Section } from "../document.ts";
import { type Fault, fault } from "../faults.ts";

/** A field of ToolHive's whose effect is not built: which values are fine, and what to do about the others. */
export interface Refusal {
  /** Where it stands; `[]` is every entry of a list, `*` every key of a map. */
  readonly path: string;
  /** The values that work. Absent: those that ask for nothing, such as `[]` or `enabled: false`. */
  readonly works?: readonly string[];
  readonly rule: string;
  readonly fix: string;
}

const openPort = "use jwt with the issuer's keys, or anonymous behind a proxy that authenticates";
const allTools = "remove it; clients see every tool of the backend";
const noStrategy = "use unauthenticated, and give the backend its credential in its own deployment";

/** Every refused field, in the order of the documentation. */
export const REFUSALS: readonly Refusal[] = [
  {
    path: "incomingAuth.type",
    works: ["anonymous", "jwt"],
    rule: "anonymous or jwt; oidc and local are not built",
    fix: openPort,
  },
  { path: "incomingAuth.oidc", rule: "oidc is not built", fix: openPort },
  {
    path: "incomingAuth.authz.type",
    works: ["none"],
    rule: "none; cedar is not built",
    fix: "remove authz, and offer only what every client may call",
  },
  {
    path: "incomingAuth.authz.policies",
    rule: "calls are not authorized",
    fix: "remove the policies, and offer only what every client may call",
  },
  {
    path: "outgoingAuth.source",
    works: ["inline"],
    rule: "inline; backends are not discovered",
    fix: "use inline and list each server under backends",
  },
  {
    path: "outgoingAuth.default.type",
    works: ["unauthenticated"],
    rule: "unauthenticated; no other strategy is built",
    fix: noStrategy,
  },
  {
    path: "outgoingAuth.backends.*.type",
    works: ["unauthenticated"],
    rule: "unauthenticated; no other strategy is built",
    fix: noStrategy,
  },
  {
    path: "backends[].transport",
    works: ["streamable-http", "sse"],
    rule: "streamable-http or sse; stdio is not spoken to backends",
    fix: "put a bridge such as mcp-proxy before it, and use its address",
  },
  {
    path: "aggregation.conflictResolution",
    works: ["prefix"],
    rule: "prefix; priority and manual are not built",
    fix: 'use prefix; prefixFormat: "" leaves names unchanged where they do not collide',
  },
  {
    path: "aggregation.conflictResolutionConfig.priorityOrder",
    rule: "priority is not built",
    fix: "remove it; prefixed names do not collide",
  },
  { path: "aggregation.tools[].filter", rule: "tools are not filtered", fix: allTools },
  {
    path: "aggregation.tools[].overrides",
    rule: "tools are not renamed or described anew",
    fix: "remove it; clients see the tool as its server describes it",
  },
  { path: "aggregation.tools[].excludeAll", rule: "tools are not hidden", fix: allTools },
  {
    path: "aggregation.tools[].toolConfigRef",
    rule: "MCPToolConfig resources are not read",
    fix: allTools,
  },
  { path: "aggregation.excludeAllTools", rule: "tools are not hidden", fix: allTools },
  {
    path: "aggregation.defaultToolVisibility",
    works: ["allow"],
    rule: "allow; tools are not hidden",
    fix: allTools,
  },
  {
    path: "operational.failureHandling.circuitBreaker",
    rule: "the circuit breaker is not built",
    fix: "remove it or set enabled: false; health checks and timeouts stay in force",
  },
  {
    path: "compositeTools",
    rule: "workflows are not built",
    fix: "remove them; the client calls the tools one by one",
  },
  {
    path: "compositeToolRefs",
    rule: "workflows are not built",
    fix: "remove them; the client calls the tools one by one",
  },
  {
    path: "telemetry",
    rule: "OpenTelemetry is not built",
    fix: "remove it; Prometheus reads /metrics at adminPort",
  },
  {
    path: "audit",
    rule: "the audit log is not built",
    fix: "remove it or set enabled: false",
  },
  {
    path: "optimizer",
    works: [],
    rule: "the optimizer is not built; the key alone turns it on",
    fix: "remove the key; clients see every tool",
  },
  { path: "codeMode", rule: "code mode is not built", fix: "remove it or set enabled: false" },
  {
    path: "rateLimiting",
    rule: "rate limits are not built",
    fix: "remove it; limits.upstreamConnections bounds the calls in flight per backend",
  },
  {
    path: "passthroughHeaders",
    rule: "client headers stay at the gateway",
    fix: "remove it; backends get no header of the client",
  },
];

/** Absent, empty, false, or switched off: nothing would be different if it were built. */
function asksForNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isSection(value))
    return value.enabled === false || Object.values(value).every(asksForNothing);
  return value === undefined || value === null || value === false || value === "";
}

function works(refusal: Refusal, value: unknown): boolean {
  return refusal.works ? refusal.works.some((known) => known === value) : asksForNothing(value);
}

function* select(value: unknown, steps: readonly string[], at: Path): Generator<[Path, unknown]> {
  const [step, ...rest] = steps;
  if (value === undefined) return;
  if (step === undefined) {
    yield [at, value];
  } else if (step === "[]") {
    if (!Array.isArray(value)) return;
    for (const [index, entry] of value.entries()) yield* select(entry, rest, [...at, index]);
  } else if (isSection(value)) {
    const keys = step === "*" ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : [];
    for (const key of keys) yield* select(value[key], rest, [...at, key]);
  }
}

/** The faults of a document that asks for what is not built. */
export function refusals(document: Section): Fault[] {
  return REFUSALS.flatMap((refusal) => {
    const steps = refusal.path.replaceAll("[]", ".[]").split(".");
    return [...select(document, steps, [])]
      .filter(([, value]) => !works(refusal, value))
      .map(([path, value]) => fault(path, value, refusal.rule, refusal.fix));
  });
}
