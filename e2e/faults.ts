import { badConfiguration, configurationChange } from "./faults/configuration.ts";
import { discovery } from "./faults/discovery.ts";
import { eviction } from "./faults/eviction.ts";
import { growth } from "./faults/growth.ts";
import { keyRotation } from "./faults/key-rotation.ts";
import { podKill, redisMaster } from "./faults/pod-kill.ts";
import { rollingUpdate } from "./faults/rolling-update.ts";
import { scaling } from "./faults/scaling.ts";
import { serverGrowth, serverShrinking } from "./faults/server-scaling.ts";
import type { Fault } from "./fleet.ts";

/** At its largest, the fleet has so many. */
export const MAX_GATEWAYS = 5;

/** What happens to the fleet, in this order. Where a part has a name of its own in the figures, each of its pods is meant. */
export const FAULTS: readonly Fault[] = [
  rollingUpdate("gateway", "the gateways are replaced, one by one"),
  rollingUpdate("proxy", "the proxies are replaced, one by one"),
  podKill("gateway", "a gateway is killed"),
  podKill("proxy", "a proxy is killed"),
  podKill("server", "a pod of the server is killed"),
  podKill("sentinel", "a Sentinel is killed"),
  podKill("redis", "the master of Redis is killed", redisMaster),
  rollingUpdate("redis", "Redis is restarted, one by one"),
  eviction("gateway", "both gateways are evicted, and the budget has the second one wait"),
  scaling(MAX_GATEWAYS, "2 gateways become 5"),
  scaling(undefined, "5 gateways become 2"),
  serverGrowth(3, "the server's 2 pods become 3"),
  podKill("server", "one of the server's 3 pods is killed"),
  serverShrinking(2, "the server's 3 pods become 2"),
  discovery,
  configurationChange,
  badConfiguration,
  keyRotation,
  growth(5_000, "1,000 declared sessions become 5,000"),
];
