export interface SentinelConf {
  readonly masterName: string;
  /** How long the master may not answer. Default: 5000. Below 2000, a single lost ping of one per second may trigger a failover. */
  readonly downAfterMs?: number;
  /** A failed failover is retried after twice this time. Default: 15000. */
  readonly failoverTimeoutMs?: number;
}

/**
 * The text of sentinel.conf, which all Sentinels share. start-sentinel.sh adds addresses, certificates, passwords
 * and the initial master.
 */
export function sentinelConf({
  masterName,
  downAfterMs = 5_000,
  failoverTimeoutMs = 15_000,
}: SentinelConf): string {
  const lines = [
    "protected-mode no",
    `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
    // A restarted master cannot serve while it loads its data.
    `sentinel master-reboot-down-after-period ${masterName} ${downAfterMs}`,
    `sentinel failover-timeout ${masterName} ${failoverTimeoutMs}`,
    `sentinel parallel-syncs ${masterName} 1`,
  ];
  return `${lines.join("\n")}\n`;
}
