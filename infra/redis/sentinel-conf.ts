export interface SentinelConf {
  readonly masterName: string;
  /** How long the master may be silent. Default: 5000; below 2000 the Sentinels' ping, once a second, misfires. */
  readonly downAfterMs?: number;
  /** A fail-over that did not succeed is tried again after twice this. Default: 15000. */
  readonly failoverTimeoutMs?: number;
}

/**
 * The text of sentinel.conf: what all Sentinels have in common. Addresses, certificates, passwords and the master
 * to begin with are start-sentinel.sh's to add.
 */
export function sentinelConf({
  masterName,
  downAfterMs = 5_000,
  failoverTimeoutMs = 15_000,
}: SentinelConf): string {
  const lines = [
    "protected-mode no",
    `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
    // A restarted master that still loads its data is no master yet.
    `sentinel master-reboot-down-after-period ${masterName} ${downAfterMs}`,
    `sentinel failover-timeout ${masterName} ${failoverTimeoutMs}`,
    `sentinel parallel-syncs ${masterName} 1`,
  ];
  return `${lines.join("\n")}\n`;
}
