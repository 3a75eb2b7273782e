import { edited } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import { RedisConf } from "./redis-conf.ts";

export const redisEviction = policy({
  name: "redis-eviction",
  level: "mandatory",
  rule: "A full store refuses new sessions; it does not drop those that there are.",
  prevents:
    "Sessions in use are dropped without a word while the store is full, and their clients get 404",
  source:
    "Measured: with volatile-ttl, a server at its maxmemory evicted sessions that were in use; Redis' default is noeviction",
  remediation:
    "Write maxmemory-policy noeviction, and enough maxmemory: the policy redis-capacity has the arithmetic.",
  settings: {
    allowed: {
      type: "list",
      default: ["noeviction"],
      about: "What maxmemory-policy may be.",
    },
  },
  examples: {
    passes: redisStack(),
    fails: edited(redisStack(), "ConfigMap sessions-redis", {
      "data[redis.conf]": "maxmemory-policy allkeys-lru\n",
    }),
    says: "maxmemory-policy is allkeys-lru",
  },
  subjects: (fleet) => fleet.workloadsOf("redis"),
  *judge(servers, fleet, { allowed }) {
    const eviction = RedisConf.of(servers, fleet).text("maxmemory-policy", "noeviction");
    if (allowed.includes(eviction.toLowerCase())) return;
    yield `maxmemory-policy is ${eviction}, which drops sessions that are in use: write ${allowed.join(" or ")}`;
  },
});
