import { describe, expect, test } from "vitest";
import { metricsIn } from "../../infra/monitoring/alert.ts";
import { Metrics } from "../../runtime/telemetry/metrics.ts";
import {
  type AlertCase,
  checkRules,
  hasPromtool,
  type Series,
  testRules,
} from "../../testkit/processes/promtool.ts";
import { gatewayStack, lonelyGatewayStack, redisStack } from "../../testkit/pulumi/components.ts";
import type { RecordedStack } from "../../testkit/pulumi/recorded-stack.ts";

/** What Prometheus computes an alert from, and at which minute. */
type Case = Omit<AlertCase, "fires">;

const POD = 'namespace="default",pod="eng-gateway-5d9c8b7f6-x2x4z"';
const OTHER = 'namespace="default",pod="eng-gateway-5d9c8b7f6-q9w8e"';
const STRANGER = 'namespace="default",pod="eng-gateway-two-gateway-5d9c8b7f6-x2x4z"';
const SERVERS = [0, 1, 2].map((ordinal) => `namespace="default",pod="sessions-redis-${ordinal}"`);
const [FIRST = "", SECOND = "", THIRD = ""] = SERVERS;

/** promtool multiplies numbers only. */
const still = (value: "NaN" | "Inf") => Array.from({ length: 10 }, () => value).join(" ");

const at = (minute: number, series: Series): Case => ({ series, minute });

/** By alert: what it fires for, and the nearest that it does not fire for. */
const GATEWAY: Readonly<Record<string, readonly [fires: Case, silent: Case]>> = {
  McpFleetMetricsMissing: [
    at(11, { [`mcp_fleet_drain_state{${STRANGER}}`]: "0x20" }),
    at(20, { [`mcp_fleet_drain_state{${POD}}`]: "0x20" }),
  ],
  McpFleetDefect: [
    at(5, { [`mcp_fleet_defects_total{${POD}}`]: "0 0 0 1x10" }),
    at(30, { [`mcp_fleet_defects_total{${POD}}`]: "0 0 0 1x40" }),
  ],
  McpFleetInternalError: [
    // The series is born with its first error.
    at(6, { [`mcp_fleet_calls_total{${POD},method="tools/call",outcome="INTERNAL"}`]: "_x4 1x20" }),
    at(6, { [`mcp_fleet_calls_total{${POD},method="tools/call",outcome="ok"}`]: "0+9x20" }),
  ],
  McpFleetDrainNearCut: [
    at(5, {
      [`mcp_fleet_drain_state{${POD}}`]: "2x10",
      [`mcp_fleet_calls_in_flight{${POD}}`]: "1x10",
    }),
    at(9, {
      [`mcp_fleet_drain_state{${POD}}`]: "2x10",
      [`mcp_fleet_calls_in_flight{${POD}}`]: "1 1 1 0x10",
    }),
  ],
  McpFleetSessionsNearPlan: [
    at(6, { [`mcp_fleet_sessions_stored{${POD}}`]: "4001x10" }),
    at(9, { [`mcp_fleet_sessions_stored{${POD}}`]: "4000x10" }),
  ],
  McpFleetDescriptorsNearLimit: [
    at(6, {
      [`mcp_fleet_descriptors_used{${POD}}`]: "81x10",
      [`mcp_fleet_descriptors_allowed{${POD}}`]: "100x10",
      [`process_open_fds{${POD}}`]: "10x10",
      [`process_max_fds{${POD}}`]: "1000x10",
    }),
    at(9, {
      [`mcp_fleet_descriptors_used{${POD}}`]: "99x10",
      [`mcp_fleet_descriptors_allowed{${POD}}`]: still("Inf"),
      [`process_open_fds{${POD}}`]: "80x10",
      [`process_max_fds{${POD}}`]: "100x10",
    }),
  ],
  McpFleetNofileDegraded: [
    at(6, { [`mcp_fleet_nofile_degraded{${POD}}`]: "1x10" }),
    at(9, { [`mcp_fleet_nofile_degraded{${POD}}`]: "0x10" }),
  ],
  McpFleetMemoryNearLimit: [
    at(11, { [`process_resident_memory_bytes{${POD}}`]: "9e9x20" }),
    at(19, { [`process_resident_memory_bytes{${POD}}`]: "1e8x20" }),
  ],
  McpFleetCpuNearLimit: [
    at(16, { [`process_cpu_seconds_total{${POD}}`]: "0+54x20" }),
    at(19, { [`process_cpu_seconds_total{${POD}}`]: "0+48x20" }),
  ],
  McpFleetSessionsRefused: [
    at(6, { [`mcp_fleet_calls_total{${POD},method="none",outcome="AT_CAPACITY"}`]: "_x4 1x20" }),
    at(6, { [`mcp_fleet_calls_total{${POD},method="none",outcome="DRAINING"}`]: "_x4 1x20" }),
  ],
  McpFleetDescriptorsRefused: [
    at(6, { [`mcp_fleet_descriptors_refused_total{${POD},what="session"}`]: "_x4 1x20" }),
    at(30, { [`mcp_fleet_descriptors_refused_total{${POD},what="session"}`]: "1x40" }),
  ],
  McpFleetAddressRefused: [
    at(6, { [`mcp_fleet_address_refused_total{${POD},what="session"}`]: "1 1 1 1 2x20" }),
    at(30, { [`mcp_fleet_address_refused_total{${POD},what="session"}`]: "1x40" }),
  ],
  McpFleetCallsRefused: [
    at(11, { [`mcp_fleet_calls_refused_total{${POD},limit="session"}`]: "0+1x20" }),
    // Once, and not for five minutes.
    at(19, { [`mcp_fleet_calls_refused_total{${POD},limit="session"}`]: "0 5x20" }),
  ],
  McpFleetBodiesRefused: [
    at(11, { [`mcp_fleet_bodies_refused_total{${POD}}`]: "0+1x20" }),
    at(19, { [`mcp_fleet_bodies_refused_total{${POD}}`]: "0 5x20" }),
  ],
  McpFleetStoreUnreachable: [
    at(3, {
      [`mcp_fleet_sessions_stored{${POD}}`]: still("NaN"),
      [`mcp_fleet_sessions_stored{${OTHER}}`]: "7x10",
    }),
    at(9, { [`mcp_fleet_sessions_stored{${POD}}`]: "0x10" }),
  ],
  McpFleetStoreFull: [
    at(6, { [`mcp_fleet_calls_total{${POD},method="none",outcome="STORE_FULL"}`]: "_x4 1x20" }),
    at(30, { [`mcp_fleet_calls_total{${POD},method="none",outcome="STORE_FULL"}`]: "1x40" }),
  ],
  McpFleetBackendDown: [
    at(3, {
      [`mcp_fleet_backend_up{${POD},backend="github"}`]: "0x10",
      [`mcp_fleet_backend_up{${OTHER},backend="github"}`]: "0x10",
    }),
    at(9, {
      [`mcp_fleet_backend_up{${POD},backend="github"}`]: "0x10",
      [`mcp_fleet_backend_up{${OTHER},backend="github"}`]: "1x10",
    }),
  ],
  McpFleetBackendUnreachableFromPod: [
    at(6, {
      [`mcp_fleet_backend_up{${POD},backend="github"}`]: "0x10",
      [`mcp_fleet_backend_up{${OTHER},backend="github"}`]: "1x10",
    }),
    at(9, {
      [`mcp_fleet_backend_up{${POD},backend="github"}`]: "0x10",
      [`mcp_fleet_backend_up{${OTHER},backend="github"}`]: "0x10",
    }),
  ],
  McpFleetBackendUnauthenticated: [
    at(3, {
      [`mcp_fleet_backend_health{${POD},backend="github",health="unauthenticated"}`]: "1x10",
      [`mcp_fleet_backend_health{${POD},backend="github",health="healthy"}`]: "0x10",
    }),
    at(9, {
      [`mcp_fleet_backend_health{${POD},backend="github",health="unauthenticated"}`]: "0x10",
      [`mcp_fleet_backend_health{${POD},backend="github",health="unhealthy"}`]: "1x10",
    }),
  ],
  McpFleetCircuitOpen: [
    at(6, { [`mcp_fleet_circuit_opened_total{${POD},backend="github"}`]: "0+2x20" }),
    at(30, { [`mcp_fleet_circuit_opened_total{${POD},backend="github"}`]: "1x40" }),
  ],
  McpFleetMemoryLost: [
    at(6, { [`mcp_fleet_upstream_memory_lost_total{${POD},backend="github"}`]: "_x4 1x20" }),
    at(30, { [`mcp_fleet_upstream_memory_lost_total{${POD},backend="github"}`]: "1x40" }),
  ],
  McpFleetAuditLost: [
    at(6, { [`mcp_fleet_audit_dropped_total{${POD}}`]: "_x4 1x20" }),
    at(30, { [`mcp_fleet_audit_dropped_total{${POD}}`]: "1x40" }),
  ],
  McpFleetIssuerUnavailable: [
    at(8, { [`mcp_fleet_calls_total{${POD},method="none",outcome="JWKS_UNAVAILABLE"}`]: "0+1x20" }),
    at(19, { [`mcp_fleet_calls_total{${POD},method="none",outcome="JWKS_UNAVAILABLE"}`]: "3x20" }),
  ],
};

const each = (
  metric: string,
  [first, second, third]: readonly [string, string, string],
): Series => ({
  [`${metric}{${FIRST}}`]: first,
  [`${metric}{${SECOND}}`]: second,
  [`${metric}{${THIRD}}`]: third,
});

const role = (pod: string, name: string) => `redis_instance_info{${pod},role="${name}"}`;
const CERTIFICATE =
  'namespace="cert-manager",exported_namespace="default",name="sessions-redis-tls"';

const STORE: Readonly<Record<string, readonly [fires: Case, silent: Case]>> = {
  McpFleetStoreMetricsMissing: [at(11, {}), at(19, { [`redis_up{${THIRD}}`]: "1x20" })],
  McpFleetStoreServerDown: [
    at(3, each("redis_up", ["1x10", "0x10", "1x10"])),
    at(9, each("redis_up", ["1x10", "0 1x10", "1x10"])),
  ],
  McpFleetStoreNoMaster: [
    at(3, { [role(FIRST, "slave")]: "1x10", [role(SECOND, "slave")]: "1x10" }),
    at(9, { [role(FIRST, "master")]: "1x10", [role(SECOND, "slave")]: "1x10" }),
  ],
  McpFleetStoreReplicaMissing: [
    at(6, each("redis_connected_slaves", ["1x10", "0x10", "0x10"])),
    at(9, each("redis_connected_slaves", ["0x10", "2x10", "0x10"])),
  ],
  McpFleetStoreNearMaxmemory: [
    at(6, {
      [`redis_memory_used_bytes{${FIRST}}`]: "81x10",
      [`redis_memory_max_bytes{${FIRST}}`]: "100x10",
    }),
    at(9, {
      [`redis_memory_used_bytes{${FIRST}}`]: "80x10",
      [`redis_memory_max_bytes{${FIRST}}`]: "100x10",
      // Without a limit, there is no share of it.
      [`redis_memory_used_bytes{${SECOND}}`]: "80x10",
      [`redis_memory_max_bytes{${SECOND}}`]: "0x10",
    }),
  ],
  McpFleetStoreNearMaxclients: [
    at(6, {
      [`redis_connected_clients{${FIRST}}`]: "81x10",
      [`redis_config_maxclients{${FIRST}}`]: "100x10",
    }),
    at(9, {
      [`redis_connected_clients{${FIRST}}`]: "80x10",
      [`redis_config_maxclients{${FIRST}}`]: "100x10",
    }),
  ],
  McpFleetStoreConnectionsRefused: [
    at(5, { [`redis_rejected_connections_total{${FIRST}}`]: "0 0 3x10" }),
    at(30, { [`redis_rejected_connections_total{${FIRST}}`]: "3x40" }),
  ],
  McpFleetStoreSessionsDropped: [
    at(5, { [`redis_evicted_keys_total{${FIRST}}`]: "0 0 3x10" }),
    at(5, { [`redis_evicted_keys_total{${FIRST}}`]: "0x10" }),
  ],
  McpFleetStoreWriteFailed: [
    at(2, { [`redis_aof_last_write_status{${FIRST}}`]: "0x10" }),
    at(9, {
      [`redis_aof_last_write_status{${FIRST}}`]: "1x10",
      [`redis_rdb_last_bgsave_status{${FIRST}}`]: "1x10",
    }),
  ],
  McpFleetStoreVolumeNearFull: [at(6, volume("19x10")), at(9, volume("20x10"))],
  McpFleetStoreCertificateEnds: [
    // Planned for the second minute, and not renewed when half of the time until its end in the eighth is over.
    at(11, certificate(120, 480)),
    at(19, certificate(1200, 2400)),
  ],
};

function volume(available: string): Series {
  const claim = 'namespace="default",persistentvolumeclaim="data-sessions-redis-1"';
  return {
    [`kubelet_volume_stats_available_bytes{${claim}}`]: available,
    [`kubelet_volume_stats_capacity_bytes{${claim}}`]: "100x10",
  };
}

function certificate(renewal: number, end: number): Series {
  return {
    [`certmanager_certificate_renewal_timestamp_seconds{${CERTIFICATE}}`]: `${renewal}x20`,
    [`certmanager_certificate_expiration_timestamp_seconds{${CERTIFICATE}}`]: `${end}x20`,
  };
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const gateway = await gatewayStack({ monitoring: { serviceMonitor: true, labels: { a: "b" } } });
const store = await redisStack({
  exporter: { serviceMonitor: true },
  tls: { issuer: { name: "ca" } },
});

const specOf = (stack: RecordedStack, name: string) =>
  stack.one("PrometheusRule", `${name}-alerts`).map("spec");

function rulesOf(spec: Readonly<Record<string, unknown>>): Rule[] {
  const groups: unknown = spec.groups;
  if (!Array.isArray(groups)) throw new Error("there are no groups");
  return groups.flatMap(({ rules }) => rules);
}

const TESTED = [
  ["gateways", specOf(gateway, "eng-gateway"), GATEWAY],
  ["a store", specOf(store, "sessions-redis"), STORE],
] as const;

describe.each(TESTED)("the alerts of %s", (_, spec, cases) => {
  const rules = rulesOf(spec);

  test("are tested, each with what it fires for and what it does not", () => {
    expect(Object.keys(cases).sort()).toEqual(rules.map(({ alert }) => alert).sort());
    expect(rules.length).toBeGreaterThan(10);
  });

  test("say how bad it is, what it means and what to do, and whom it is about", () => {
    for (const { labels, annotations } of rules) {
      expect(["critical", "warning"]).toContain(labels.severity);
      expect(labels.namespace).toBe("default");
      expect(annotations.summary).toMatch(/^(?:eng-gateway|sessions-redis): [A-Z].*\.$/);
      expect(annotations.description).toMatch(/^[A-Z].*\.$/);
    }
  });

  test.runIf(hasPromtool)("are valid for Prometheus", () => {
    expect(checkRules(spec)).toBe("");
  });

  test.runIf(hasPromtool).each(Object.entries(cases))(
    "%s fires, and else is silent",
    (alert, [loud, silent]) => {
      const judged = [
        { ...loud, fires: true },
        { ...silent, fires: false },
      ];
      expect(testRules(spec, alert, judged)).toBe("");
    },
  );
});

describe("alerts", () => {
  test("of gateways read 21 metrics, all of which the runtime has", async () => {
    const known = new Set((await new Metrics().text()).match(/(?<=^# TYPE )\S+/gm));
    const used = new Set(
      rulesOf(specOf(gateway, "eng-gateway")).flatMap(({ expr }) => metricsIn(expr)),
    );
    expect(used.size).toBe(21);
    expect([...used].filter((name) => !known.has(name))).toEqual([]);
  });

  test("come with the ServiceMonitor unless they are switched off, and alone where only they are asked for", async () => {
    const off = await gatewayStack({ monitoring: { serviceMonitor: true, alerts: false } });
    const alone = await gatewayStack({ monitoring: { alerts: true } });
    const none = await gatewayStack();
    expect(off.ofType("PrometheusRule")).toEqual([]);
    expect(none.ofType("PrometheusRule")).toEqual([]);
    expect(alone.ofType("PrometheusRule")).toHaveLength(1);
    expect(alone.ofType("ServiceMonitor")).toEqual([]);
    const rule = gateway.one("PrometheusRule", "eng-gateway-alerts");
    expect(rule.at("metadata.labels")).toMatchObject({ a: "b" });
  });

  test("about a store are not there for a gateway with its sessions in memory", async () => {
    const lonely = await lonelyGatewayStack({ monitoring: { alerts: true } });
    const names = rulesOf(specOf(lonely, "eng-gateway")).map(({ alert }) => alert);
    expect(names.filter((name) => name.includes("Store"))).toEqual([]);
  });

  test("about volumes and certificates are not there where a store has none", async () => {
    const stack = await redisStack({ exporter: { alerts: true }, persistence: "None" });
    const names = rulesOf(specOf(stack, "sessions-redis")).map(({ alert }) => alert);
    expect(names).not.toContain("McpFleetStoreVolumeNearFull");
    expect(names).not.toContain("McpFleetStoreCertificateEnds");
  });
});
