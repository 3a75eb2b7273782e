import { series, type Watched } from "./alert.ts";
import type { Panel } from "./dashboard.ts";

/** What a store was sized for. */
export interface StoreLimits {
  readonly maxMemoryBytes: number;
  readonly maxClients: number;
}

/** The graphs of the servers of a store. */
export function storePanels(
  watched: Watched,
  { maxMemoryBytes, maxClients }: StoreLimits,
): Panel[] {
  const of = (metric: string, further?: string) => series(watched, metric, further);
  const rate = (metric: string) => `rate(${of(metric)}[5m])`;
  return [
    {
      title: "Memory, and maxmemory",
      unit: "bytes",
      queries: [[of("redis_memory_used_bytes"), "{{pod}}"]],
      planned: maxMemoryBytes,
    },
    {
      title: "Clients, and maxclients",
      unit: "short",
      queries: [[of("redis_connected_clients"), "{{pod}}"]],
      planned: maxClients,
    },
    {
      title: "Servers that answer, and masters",
      unit: "short",
      queries: [
        [`sum(${of("redis_up")})`, "servers"],
        [`count(${of("redis_instance_info", 'role="master"')})`, "masters"],
      ],
    },
    {
      title: "Replicas of the master",
      unit: "short",
      queries: [[`max(${of("redis_connected_slaves")})`, "replicas"]],
    },
    {
      title: "Commands per second",
      unit: "ops",
      queries: [[rate("redis_commands_processed_total"), "{{pod}}"]],
    },
    {
      title: "Keys",
      unit: "short",
      queries: [[`sum by (pod) (${of("redis_db_keys")})`, "{{pod}}"]],
    },
    {
      title: "Network",
      unit: "Bps",
      queries: [
        [rate("redis_net_input_bytes_total"), "in: {{pod}}"],
        [rate("redis_net_output_bytes_total"), "out: {{pod}}"],
      ],
    },
    {
      title: "CPU",
      unit: "short",
      queries: [
        [
          `${rate("redis_cpu_user_seconds_total")} + ${rate("redis_cpu_sys_seconds_total")}`,
          "{{pod}}",
        ],
      ],
    },
    {
      title: "Sessions dropped and connections refused, per second",
      unit: "short",
      queries: [
        [`sum(${rate("redis_evicted_keys_total")})`, "dropped"],
        [`sum(${rate("redis_rejected_connections_total")})`, "refused"],
      ],
    },
  ];
}
