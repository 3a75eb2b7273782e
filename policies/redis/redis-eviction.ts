import { edited } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import { RedisConf } from "./redis-conf.ts";

export const redisEviction = policy({
  name: "redis-eviction",
  level: "mandatory",
  rule: "A full store refuses new sessions and does not drop existing ones.",
  prevents:
    "Sessions in use are silently dropped while the store is full, and their clients get 404",
  source:
    "Measured: with volatile-ttl, a server at its maxmemory evicted sessions in use; the default of Redis is noeviction",
  remediation:
    "Set maxmemory-policy noeviction, and enough maxmemory: the policy redis-capacity has the arithmetic.",
  settings: {
    allowed: {
      type: "list",
      default: ["noeviction"],
      description: "Allowed values of maxmemory-policy",
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
    yield `maxmemory-policy is ${eviction}, which drops sessions in use; set it to ${allowed.join(" or ")}`;
  },
});
