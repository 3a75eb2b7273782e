import type { ProcessPlan } from "@mcp-fleet/contract/capacity";
import { matchers, series, type Watched } from "./alert.ts";
import type { Panel } from "./dashboard.ts";

/** The graphs of gateways or proxies, with the figures of their plan. */
export function processPanels(watched: Watched, plan: ProcessPlan): Panel[] {
  const of = (metric: string) => series(watched, metric);
  const rate = (metric: string) => `rate(${of(metric)}[5m])`;
  const quantile = (metric: string, by: string) =>
    `histogram_quantile(0.99, sum by (${by}) (${rate(`${metric}_bucket`)}))`;
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
      queries: [[quantile("mcp_fleet_call_seconds", "le, backend"), "{{backend}}"]],
    },
    {
      title: "Calls in flight and waiting",
      unit: "short",
      queries: [
        [`sum(${of("mcp_fleet_calls_in_flight")})`, "in flight"],
        [`sum by (limit) (${of("mcp_fleet_calls_waiting")})`, "waiting: {{limit}}"],
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
      title: "Sessions by pod of a backend",
      unit: "short",
      queries: [
        [
          `max by (backend, pod) (mcp_fleet_pod_sessions{${matchers(watched)}})`,
          "{{backend}} {{pod}}",
        ],
      ],
    },
    {
      title: "Store: duration of operations, 99th percentile",
      unit: "s",
      queries: [[quantile("mcp_fleet_store_seconds", "le"), "seconds"]],
    },
    {
      title: "Store: errors per second",
      unit: "short",
      queries: [[`sum(${rate("mcp_fleet_store_errors_total")})`, "errors"]],
    },
    {
      title: "Refused per second: for lack of descriptors, of room for an address, of a place",
      unit: "short",
      queries: [
        [`sum by (what) (${rate("mcp_fleet_descriptors_refused_total")})`, "descriptors: {{what}}"],
        [`sum by (what) (${rate("mcp_fleet_address_refused_total")})`, "address: {{what}}"],
        [`sum by (limit) (${rate("mcp_fleet_calls_refused_total")})`, "calls: {{limit}}"],
      ],
    },
  ];
}
