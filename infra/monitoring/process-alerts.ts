import { type Alert, grown, NEAR_PERCENT, NOTICE_MINUTES, series, type Watched } from "./alert.ts";

/** What gateways or proxies were planned for. */
export interface WatchedProcess extends Watched {
  readonly sessions: number;
  readonly memoryBytes: number;
  /** The time from which calls of a process that ends are cut. */
  readonly drainSeconds: number;
  /** Whether sessions are in a shared store. */
  readonly hasStore: boolean;
}

/** Of the memory limit: the plan has its reserve within it. */
const MEMORY_PERCENT = 90;
/** Of one core, which is all that an event loop can use. */
const CPU_PERCENT = 85;

/** The alerts for the gateways, or for the proxies of one server. */
export function processAlerts(watched: WatchedProcess): Alert[] {
  return [
    ...defects(watched),
    ...room(watched),
    ...refusals(watched),
    ...(watched.hasStore ? store(watched) : []),
    ...backends(watched),
  ];
}

function defects(watched: WatchedProcess): Alert[] {
  const of = (metric: string, further?: string) => series(watched, metric, further);
  return [
    {
      name: "McpFleetMetricsMissing",
      severity: "critical",
      expr: `absent(${of("mcp_fleet_drain_state")})`,
      forSeconds: 600,
      meaning: "Prometheus gets metrics of no pod, so that no other alert can fire.",
      action:
        "See whether the pods run, whether the target is up in Prometheus, and whether the NetworkPolicy admits it (monitoring.from).",
    },
    {
      name: "McpFleetDefect",
      severity: "warning",
      expr: `sum by (pod) (${grown(of("mcp_fleet_defects_total"))})`,
      forSeconds: 0,
      meaning:
        "A promise failed that no part of the process handles, such as an unhandled rejection. The process goes on.",
      action: "Find the stack in the pod's log (level error, “a defect”), and report it.",
    },
    {
      name: "McpFleetInternalError",
      severity: "warning",
      expr: `sum by (pod) (${grown(of("mcp_fleet_calls_total", 'outcome="INTERNAL"'))})`,
      forSeconds: 0,
      meaning: "A request was answered with INTERNAL: it failed in a way that nobody foresaw.",
      action: "Find the stack in the pod's log (level error), and report it.",
    },
    {
      name: "McpFleetDrainNearCut",
      severity: "warning",
      expr: `max by (pod) (${of("mcp_fleet_calls_in_flight")} > 0 and ${of("mcp_fleet_drain_state")} == 2)`,
      forSeconds: Math.floor((watched.drainSeconds * NEAR_PERCENT) / 100),
      meaning: `A pod that ends still has calls after ${NEAR_PERCENT} % of limits.callTimeoutMax. At 100 % it cuts them, and their clients get OUTCOME_UNKNOWN.`,
      action:
        "Find the tool that takes so long (call_seconds by backend). Raise limits.callTimeoutMax if it has to; the grace period follows.",
    },
  ];
}

function room(watched: WatchedProcess): Alert[] {
  const { sessions, memoryBytes } = watched;
  const of = (metric: string, further?: string) => series(watched, metric, further);
  const near = Math.floor((sessions * NEAR_PERCENT) / 100);
  return [
    {
      name: "McpFleetSessionsNearPlan",
      severity: "warning",
      expr: `max(${of("mcp_fleet_sessions_stored")}) > ${near}`,
      forSeconds: 300,
      meaning: `There are more than ${NEAR_PERCENT} % of the sessions that the fleet was planned for. At 100 % new ones are refused.`,
      action:
        "Raise sessions and run pulumi up; the plan follows. If few clients hold most sessions, set session.maxPerPrincipal.",
    },
    {
      name: "McpFleetDescriptorsNearLimit",
      severity: "warning",
      expr: `max by (pod) (${of("process_open_fds")} / ${of("process_max_fds")} > ${NEAR_PERCENT / 100} or ${of("mcp_fleet_descriptors_used")} / ${of("mcp_fleet_descriptors_allowed")} > ${NEAR_PERCENT / 100})`,
      forSeconds: 300,
      meaning: `A pod uses more than ${NEAR_PERCENT} % of its open files. At 100 % it refuses new sessions, streams and connections.`,
      action:
        "Raise the limit of open files (docs/nofile.md), or the number of pods. Compare with nofile.required of the plan.",
    },
    {
      name: "McpFleetNofileDegraded",
      severity: "warning",
      expr: `max by (pod) (${of("mcp_fleet_nofile_degraded")} == 1)`,
      forSeconds: 300,
      meaning: "A pod's limit of open files is below the plan, so that it has lowered its limits.",
      action: "Raise the limit of open files on the node (docs/nofile.md).",
    },
    {
      name: "McpFleetMemoryNearLimit",
      severity: "warning",
      expr: `max by (pod) (${of("process_resident_memory_bytes")} > ${Math.floor((memoryBytes * MEMORY_PERCENT) / 100)})`,
      forSeconds: 600,
      meaning: `A pod uses more than ${MEMORY_PERCENT} % of its memory limit. At 100 % the kernel kills it.`,
      action:
        "Compare load with the plan: lists and answers of backends may be larger than load says. Raise resources.memory.",
    },
    {
      name: "McpFleetCpuNearLimit",
      severity: "warning",
      expr: `max by (pod) (rate(${of("process_cpu_seconds_total")}[5m]) > ${CPU_PERCENT / 100})`,
      forSeconds: 600,
      meaning: `A pod uses more than ${CPU_PERCENT} % of one core, the most that its event loop can use. Calls become slow.`,
      action: "Raise the number of pods, by sessions, load.callsPerSecond or autoscaling.",
    },
  ];
}

function refusals(watched: WatchedProcess): Alert[] {
  const of = (metric: string, further?: string) => series(watched, metric, further);
  return [
    {
      name: "McpFleetSessionsRefused",
      severity: "critical",
      expr: `sum by (outcome) (${grown(of("mcp_fleet_calls_total", 'outcome=~"AT_CAPACITY|PRINCIPAL_AT_CAPACITY|ADDRESS_AT_CAPACITY"'))})`,
      forSeconds: 0,
      meaning: `Within ${NOTICE_MINUTES} minutes, new sessions or streams were refused for want of room: of the fleet, of a principal or of a client address.`,
      action: "The label outcome says whose room it is; docs/errors.md says what to do about each.",
    },
    {
      name: "McpFleetDescriptorsRefused",
      severity: "critical",
      expr: `sum by (what) (${grown(of("mcp_fleet_descriptors_refused_total"))})`,
      forSeconds: 0,
      meaning: `Within ${NOTICE_MINUTES} minutes, sessions, streams or connections were refused for want of open files.`,
      action:
        "Raise the limit of open files (docs/nofile.md), or the number of pods. The label what says what was refused.",
    },
    {
      name: "McpFleetAddressRefused",
      severity: "warning",
      expr: `sum by (what) (${grown(of("mcp_fleet_address_refused_total"))})`,
      forSeconds: 0,
      meaning:
        "Room is short, and client addresses that hold their share of it were refused more: limits.crowdedPercent.",
      action:
        "If one client floods the fleet, block it. If a balancer hides the addresses, name it in trustedProxies. Otherwise raise sessions.",
    },
    {
      name: "McpFleetCallsRefused",
      severity: "warning",
      expr: `sum by (limit, backend) (rate(${of("mcp_fleet_calls_refused_total")}[5m])) > 0`,
      forSeconds: 300,
      meaning:
        "For five minutes, calls found no place in time and were refused with TOO_MANY_CALLS.",
      action:
        "The label limit says which: raise limits.callsPerSession or callsPerPrincipal, or for a backend limits.upstreamConnections or its pods.",
    },
    {
      name: "McpFleetBodiesRefused",
      severity: "warning",
      expr: `sum(rate(${of("mcp_fleet_bodies_refused_total")}[5m])) > 0`,
      forSeconds: 300,
      meaning: "For five minutes, bodies of requests found no room in time: limits.heldBodyBytes.",
      action:
        "Look for clients that send large bodies slowly. If they have to, raise limits.heldBodyBytes.",
    },
  ];
}

function store(watched: WatchedProcess): Alert[] {
  const of = (metric: string, further?: string) => series(watched, metric, further);
  const stored = of("mcp_fleet_sessions_stored");
  return [
    {
      name: "McpFleetStoreUnreachable",
      severity: "critical",
      // A pod whose store does not answer says NaN, which is unequal to itself.
      expr: `count(${stored} != ${stored}) > 0`,
      forSeconds: 60,
      meaning:
        "The session store has not answered at least one pod for a minute. Its requests are refused with STORE_UNAVAILABLE; no session is lost.",
      action:
        "Look at the store's pods and alerts, at its NetworkPolicy, and at the line “the session store does not answer” in the pod's log.",
    },
    {
      name: "McpFleetStoreFull",
      severity: "critical",
      expr: `sum(${grown(of("mcp_fleet_calls_total", 'outcome="STORE_FULL"'))}) > 0`,
      forSeconds: 0,
      meaning: `Within ${NOTICE_MINUTES} minutes, the session store was full: it refused new sessions and subscriptions. Open sessions go on.`,
      action: "Raise sessions of the store, or its maxMemory.",
    },
  ];
}

function backends(watched: WatchedProcess): Alert[] {
  const of = (metric: string, further?: string) => series(watched, metric, further);
  const up = of("mcp_fleet_backend_up");
  return [
    {
      name: "McpFleetBackendDown",
      severity: "critical",
      expr: `max by (backend) (${up}) == 0`,
      forSeconds: 120,
      meaning: "No pod reaches this backend. Calls to it fail; those to others go on.",
      action: "Look at the backend's pods, and at /status of a gateway, which has the reason.",
    },
    {
      name: "McpFleetBackendUnreachableFromPod",
      severity: "warning",
      expr: `min by (backend) (${up}) == 0 and max by (backend) (${up}) == 1`,
      forSeconds: 300,
      meaning: "Some pods reach this backend, and others do not.",
      action: "Look at the nodes and NetworkPolicies of the pods with backend_up 0.",
    },
    {
      name: "McpFleetBackendUnauthenticated",
      severity: "critical",
      expr: `max by (backend) (${of("mcp_fleet_backend_health", 'health="unauthenticated"')}) == 1`,
      forSeconds: 120,
      meaning: "This backend answers the gateway with 401 or 403, so that its lists are not known.",
      action:
        "Look at what the backend requires, and at its credentials in outgoingAuth. /status of a gateway has its answer.",
    },
    {
      name: "McpFleetCircuitOpen",
      severity: "warning",
      expr: `sum by (backend) (${grown(of("mcp_fleet_circuit_opened_total"))}) > 3`,
      forSeconds: 0,
      meaning: `Within ${NOTICE_MINUTES} minutes, circuit breakers of this backend opened more than 3 times: calls to its pods keep failing, and are answered with BACKEND_CIRCUIT_OPEN or sent to other pods.`,
      action:
        "Look at the backend's pods: circuit_state says which of them, call_seconds whether they are slow.",
    },
    {
      name: "McpFleetMemoryLost",
      severity: "warning",
      expr: `sum by (backend) (${grown(of("mcp_fleet_upstream_memory_lost_total"))})`,
      forSeconds: 0,
      meaning: "A pod of a stateful server was lost, and sessions with it: each was told once.",
      action:
        "See why it ended: memory, a node, a rollout. Drain pods before they are taken away (docs/operations.md).",
    },
    {
      name: "McpFleetAuditLost",
      severity: "critical",
      expr: `sum by (pod) (${grown(of("mcp_fleet_audit_dropped_total"))})`,
      forSeconds: 0,
      meaning: `Within ${NOTICE_MINUTES} minutes, audit events were lost: more came than could be written, or a pod ended before they were.`,
      action:
        "Look for “audit” in the pod's log: a full or slow disk. Raise audit.queueBytes, or set audit.onOverload to refuse.",
    },
    {
      name: "McpFleetIssuerUnavailable",
      severity: "critical",
      expr: `sum(rate(${of("mcp_fleet_calls_total", 'outcome=~"JWKS_UNAVAILABLE|ISSUER_UNAVAILABLE"')}[5m])) > 0`,
      forSeconds: 60,
      meaning: "Clients are refused because the signing keys of the issuer cannot be read.",
      action:
        "Open the URLs of incomingAuth from a pod: issuer, DNS, NetworkPolicy (egress), CA. The log says which, and why.",
    },
  ];
}
