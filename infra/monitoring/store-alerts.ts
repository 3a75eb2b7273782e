import { type Alert, grown, NEAR_PERCENT, NOTICE_MINUTES, series, type Watched } from "./alert.ts";

/** The servers of a store, as its exporters see them. */
export interface WatchedStore extends Watched {
  readonly replicas: number;
  /** The name of the claims of its pods, without the ordinal; absent: it has no volumes. */
  readonly claims?: string | undefined;
  /** The name of the Certificate that cert-manager renews; absent: somebody else does, or there is none. */
  readonly certificate?: string | undefined;
}

/** Of the time between the planned renewal of a certificate and its end. */
const OVERDUE_PERCENT = 50;

/** The alerts for the servers of a store. */
export function storeAlerts(watched: WatchedStore): Alert[] {
  const { claims, certificate } = watched;
  return [
    ...servers(watched),
    ...limits(watched),
    ...(claims === undefined ? [] : [volumes(watched, claims)]),
    ...(certificate === undefined ? [] : [renewal(watched, certificate)]),
  ];
}

function servers(watched: WatchedStore): Alert[] {
  const of = (metric: string, further?: string) => series(watched, metric, further);
  return [
    {
      name: "McpFleetStoreMetricsMissing",
      severity: "critical",
      expr: `absent(${of("redis_up")})`,
      forSeconds: 600,
      meaning: "Prometheus gets metrics of no server, so that no other alert of it can fire.",
      action:
        "See whether the pods run, whether the target is up in Prometheus, and whether the NetworkPolicy admits it (exporter.from).",
    },
    {
      name: "McpFleetStoreServerDown",
      severity: "warning",
      expr: `max by (pod) (${of("redis_up")} == 0)`,
      forSeconds: 120,
      meaning: "A server does not answer. The others go on; the next loss stops writes.",
      action: "Look at the pod, its log and its volume.",
    },
    {
      name: "McpFleetStoreNoMaster",
      severity: "critical",
      expr: `(count(${of("redis_instance_info", 'role="master"')}) or vector(0)) != 1`,
      forSeconds: 120,
      meaning:
        "There is no master, or more than one: gateways cannot write, or do so to the wrong one.",
      action:
        "Ask a Sentinel (SENTINEL get-master-addr-by-name mcp-fleet), and see whether two of three Sentinels run.",
    },
    {
      name: "McpFleetStoreReplicaMissing",
      severity: "warning",
      expr: `max(${of("redis_connected_slaves")}) < ${watched.replicas - 1}`,
      forSeconds: 300,
      meaning: "The master has fewer replicas than there are. With none, it accepts no writes.",
      action: "Look at the log of the server that is missing; a new volume takes minutes to fill.",
    },
  ];
}

function limits(watched: WatchedStore): Alert[] {
  const of = (metric: string, further?: string) => series(watched, metric, further);
  const near = NEAR_PERCENT / 100;
  return [
    {
      name: "McpFleetStoreNearMaxmemory",
      severity: "warning",
      expr: `max by (pod) (${of("redis_memory_used_bytes")} / (${of("redis_memory_max_bytes")} > 0) > ${near})`,
      forSeconds: 300,
      meaning: `A server uses more than ${NEAR_PERCENT} % of maxmemory. At 100 % new sessions are refused, or with VolatileTtl others dropped.`,
      action: "Raise sessions of the store, or its maxMemory.",
    },
    {
      name: "McpFleetStoreNearMaxclients",
      severity: "warning",
      expr: `max by (pod) (${of("redis_connected_clients")} / ${of("redis_config_maxclients")} > ${near})`,
      forSeconds: 300,
      meaning: `A server has more than ${NEAR_PERCENT} % of the clients that it accepts.`,
      action: "Raise clientPods of the store to the pods that there are, rollouts included.",
    },
    {
      name: "McpFleetStoreConnectionsRefused",
      severity: "critical",
      expr: `sum by (pod) (${grown(of("redis_rejected_connections_total"))})`,
      forSeconds: 0,
      meaning: `Within ${NOTICE_MINUTES} minutes, a server refused connections beyond maxclients.`,
      action: "Raise clientPods of the store to the pods that there are, rollouts included.",
    },
    {
      name: "McpFleetStoreSessionsDropped",
      severity: "critical",
      expr: `sum by (pod) (${grown(of("redis_evicted_keys_total"))})`,
      forSeconds: 0,
      meaning: `Within ${NOTICE_MINUTES} minutes, a full server dropped sessions that had not ended.`,
      action: "Raise sessions of the store, or its maxMemory.",
    },
    {
      name: "McpFleetStoreWriteFailed",
      severity: "critical",
      expr: `max by (pod) (${of("redis_aof_last_write_status")} == 0 or ${of("redis_rdb_last_bgsave_status")} == 0)`,
      forSeconds: 60,
      meaning: "A server cannot write to its volume. It accepts no writes of gateways.",
      action: "See whether the volume is full or broken, and read the server's log.",
    },
  ];
}

function volumes({ namespace }: WatchedStore, claims: string): Alert {
  const of = (metric: string) =>
    `${metric}{namespace="${namespace}",persistentvolumeclaim=~"${claims}-[0-9]+"}`;
  const free = (100 - NEAR_PERCENT) / 100;
  return {
    name: "McpFleetStoreVolumeNearFull",
    severity: "warning",
    expr: `min by (persistentvolumeclaim) (${of("kubelet_volume_stats_available_bytes")} / ${of("kubelet_volume_stats_capacity_bytes")} < ${free})`,
    forSeconds: 300,
    meaning: `A volume is more than ${NEAR_PERCENT} % full. At 100 % the server accepts no writes.`,
    action: "Expand the volumes, as the page of RedisSentinel says.",
  };
}

/** Where Prometheus labels the namespace of cert-manager itself, that of the Certificate is `exported_namespace`. */
function renewal({ namespace }: WatchedStore, certificate: string): Alert {
  const of = (metric: string) =>
    ["namespace", "exported_namespace"]
      .map((label) => `${metric}{name="${certificate}",${label}="${namespace}"}`)
      .join(" or ");
  const end = `max(${of("certmanager_certificate_expiration_timestamp_seconds")})`;
  const renewed = `max(${of("certmanager_certificate_renewal_timestamp_seconds")})`;
  return {
    name: "McpFleetStoreCertificateEnds",
    severity: "critical",
    expr: `time() > ${renewed} + (${end} - ${renewed}) * ${OVERDUE_PERCENT / 100}`,
    forSeconds: 300,
    meaning:
      "The certificate of the servers should have been renewed, and half of the time until it ends is over. Then nobody can connect.",
    action: "Read the events of the Certificate and of its CertificateRequest (kubectl describe).",
  };
}
