import { acceptedRisks } from "./capacity/accepted-risks.ts";
import { autoscalerRange } from "./capacity/autoscaler-range.ts";
import { factsKnown } from "./capacity/facts-known.ts";
import { factsMatchManifest } from "./capacity/facts-match-manifest.ts";
import { factsPlanned } from "./capacity/facts-planned.ts";
import { gracePeriod } from "./capacity/grace-period.ts";
import { nofileCeiling } from "./capacity/nofile-ceiling.ts";
import { onePodLost } from "./capacity/one-pod-lost.ts";
import { oneScaler } from "./capacity/one-scaler.ts";
import { rolesDeclared } from "./capacity/roles-declared.ts";
import { rolloutStrategy } from "./capacity/rollout-strategy.ts";
import { rolloutTimeouts } from "./capacity/rollout-timeouts.ts";
import { sampledTraces } from "./capacity/sampled-traces.ts";
import { closedMetadata } from "./exposure/closed-metadata.ts";
import { closedPorts } from "./exposure/closed-ports.ts";
import { openGateway } from "./exposure/open-gateway.ts";
import { httpIssuers } from "./identity/http-issuers.ts";
import { httpTokenEndpoints } from "./identity/http-token-endpoints.ts";
import { privateIssuers } from "./identity/private-issuers.ts";
import { tokenPassthrough } from "./identity/token-passthrough.ts";
import { wildcardPermits } from "./identity/wildcard-permits.ts";
import { disruptionBudget } from "./pods/disruption-budget.ts";
import { pinnedImages } from "./pods/pinned-images.ts";
import { plainSecrets } from "./pods/plain-secrets.ts";
import { podResources } from "./pods/pod-resources.ts";
import { probes } from "./pods/probes.ts";
import { restrictedPods } from "./pods/restricted-pods.ts";
import { spreadOverNodes } from "./pods/spread-over-nodes.ts";
import type { Policy } from "./policy.ts";
import { redisAuthentication } from "./redis/redis-authentication.ts";
import { redisCapacity } from "./redis/redis-capacity.ts";
import { redisDownAfter } from "./redis/redis-down-after.ts";
import { redisEncryption } from "./redis/redis-encryption.ts";
import { redisEviction } from "./redis/redis-eviction.ts";
import { redisFailover } from "./redis/redis-failover.ts";
import { redisMinReplicas } from "./redis/redis-min-replicas.ts";
import { redisPersistence } from "./redis/redis-persistence.ts";
import { redisQuorum } from "./redis/redis-quorum.ts";
import { balancedAffinity } from "./sessions/balanced-affinity.ts";
import { declaredStorage } from "./sessions/declared-storage.ts";
import { keyPrefix } from "./sessions/key-prefix.ts";
import { namesApart } from "./sessions/names-apart.ts";
import { routedState } from "./sessions/routed-state.ts";
import { shardCapacity } from "./sessions/shard-capacity.ts";
import { sharedStorage } from "./sessions/shared-storage.ts";
import { stateAffinity } from "./sessions/state-affinity.ts";
import { ttlOrder } from "./sessions/ttl-order.ts";
import { fanOut } from "./toolhive/fan-out.ts";
import { sessionCache } from "./toolhive/session-cache.ts";
import { stdioAlone } from "./toolhive/stdio-alone.ts";
import { toolHiveAutoscaling } from "./toolhive/toolhive-autoscaling.ts";
import { toolHiveDescriptors } from "./toolhive/toolhive-descriptors.ts";
import { workflowTimeouts } from "./toolhive/workflow-timeouts.ts";

/** Every policy, in the order of its page. */
export const POLICIES: readonly Policy[] = [
  sharedStorage,
  declaredStorage,
  keyPrefix,
  namesApart,
  ttlOrder,
  balancedAffinity,
  stateAffinity,
  routedState,
  onePodLost,
  nofileCeiling,
  gracePeriod,
  rolloutTimeouts,
  rolloutStrategy,
  oneScaler,
  autoscalerRange,
  factsPlanned,
  factsMatchManifest,
  factsKnown,
  rolesDeclared,
  acceptedRisks,
  redisEviction,
  redisQuorum,
  redisMinReplicas,
  redisAuthentication,
  redisEncryption,
  redisPersistence,
  redisCapacity,
  shardCapacity,
  redisFailover,
  redisDownAfter,
  disruptionBudget,
  spreadOverNodes,
  probes,
  podResources,
  pinnedImages,
  restrictedPods,
  plainSecrets,
  sampledTraces,
  openGateway,
  wildcardPermits,
  httpIssuers,
  privateIssuers,
  httpTokenEndpoints,
  tokenPassthrough,
  closedPorts,
  closedMetadata,
  stdioAlone,
  workflowTimeouts,
  fanOut,
  sessionCache,
  toolHiveAutoscaling,
  toolHiveDescriptors,
];
