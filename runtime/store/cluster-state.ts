/** The cluster that a store is in, as far as this process knows it. */
export interface ClusterState {
  /** Shards that have slots; 0 while no node has named them. */
  readonly shards: number;
  /** Replicas of the shard that has our keys. */
  readonly replicas: number;
  /** Whether one of them confirms what its master says, before a client hears of it. */
  readonly confirmed: boolean;
}
