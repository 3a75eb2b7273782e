import { createHash } from "node:crypto";
import type { ProcessPlan } from "@mcp-fleet/contract/capacity";

/** A graph: its title, its queries, and the planned value as its threshold. */
interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly (readonly [query: string, legend: string])[];
  readonly planned?: number;
}

const WIDTH = 12;
const HEIGHT = 8;

/** A Grafana dashboard for the pods of one workload, with the figures of the plan as thresholds. */
export function dashboard(name: string, plan: ProcessPlan): Record<string, unknown> {
  return {
    uid: uidOf(name),
    title: `mcp-fleet ${name}`,
    tags: ["mcp-fleet"],
    timezone: "utc",
    schemaVersion: 39,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    panels: panelsOf(`pod=~"${name}-.*"`, plan).map(panel),
  };
}

/** Grafana accepts at most 40 characters. */
function uidOf(name: string): string {
  return `mcp-fleet-${createHash("sha256").update(name).digest("hex").slice(0, 30)}`;
}

function panelsOf(pods: string, plan: ProcessPlan): Panel[] {
  const of = (metric: string, more = "") => `${metric}{${pods}${more}}`;
  const rate = (metric: string) => `rate(${of(metric)}[5m])`;
  return [
    {
      title: "Sessions",
      unit: "short",
      queries: [
        [`max(${of("mcp_fleet_sessions_stored")})`, "stored"],
        [of("mcp_fleet_sessions_cached"), "{{pod}}"],
      ],
      planned: plan.cacheEntries.value,
    },
    {
      title: "Calls per second, by outcome",
      unit: "reqps",
      queries: [[`sum by (outcome) (${rate("mcp_fleet_calls_total")})`, "{{outcome}}"]],
    },
    {
      title: "Call duration by backend, 99th percentile",
      unit: "s",
      queries: [
        [
          `histogram_quantile(0.99, sum by (le, backend) (${rate("mcp_fleet_call_seconds_bucket")}))`,
          "{{backend}}",
        ],
      ],
    },
    {
      title: "Open files",
      unit: "short",
      queries: [[of("process_open_fds"), "{{pod}}"]],
      planned: plan.requiredNofile.value,
    },
    {
      title: "Memory",
      unit: "bytes",
      queries: [[of("process_resident_memory_bytes"), "{{pod}}"]],
      planned: plan.memory.value,
    },
    {
      title: "CPU",
      unit: "short",
      queries: [[rate("process_cpu_seconds_total"), "{{pod}}"]],
      planned: plan.cpu.value / 1000,
    },
    {
      title: "Backends up",
      unit: "short",
      queries: [[`min by (backend) (${of("mcp_fleet_backend_up")})`, "{{backend}}"]],
    },
    {
      title: "Store: operation duration (99th percentile) and errors per second",
      unit: "short",
      queries: [
        [
          `histogram_quantile(0.99, sum by (le) (${rate("mcp_fleet_store_seconds_bucket")}))`,
          "seconds",
        ],
        [`sum(${rate("mcp_fleet_store_errors_total")})`, "errors"],
      ],
    },
    {
      title: "Refused for lack of file descriptors, per second",
      unit: "short",
      queries: [[`sum by (what) (${rate("mcp_fleet_descriptors_refused_total")})`, "{{what}}"]],
    },
  ];
}

function panel({ title, unit, queries, planned }: Panel, index: number): Record<string, unknown> {
  return {
    id: index + 1,
    type: "timeseries",
    title,
    gridPos: {
      x: (index % 2) * WIDTH,
      y: Math.floor(index / 2) * HEIGHT,
      w: WIDTH,
      h: HEIGHT,
    },
    targets: queries.map(([expr, legendFormat], query) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + query),
      expr,
      legendFormat,
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(planned !== undefined && {
          custom: { thresholdsStyle: { mode: "dashed" } },
          thresholds: {
            mode: "absolute",
            steps: [
              { color: "green", value: null },
              { color: "red", value: planned },
            ],
          },
        }),
      },
      overrides: [],
    },
  };
}
