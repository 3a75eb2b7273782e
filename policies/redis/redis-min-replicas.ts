import { edited } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import { RedisConf } from "./redis-conf.ts";

export const redisMinReplicas = policy({
  name: "redis-min-replicas",
  level: "mandatory",
  rule: "A master without replicas accepts no writes.",
  prevents:
    "A master that is cut off from the others keeps confirming sessions, and loses them when it comes back",
  source:
    "Measured with a node cut off for 25 s: 14,067 confirmed writes lost without min-replicas-to-write, 3,970 with a lag of 10 s, 1,592 with 3 s",
  remediation: "Set min-replicas-to-write 1 and min-replicas-max-lag 5 in redis.conf.",
  settings: {
    maxLagSeconds: {
      type: "integer",
      default: 10,
      description: "The maximum of min-replicas-max-lag",
    },
  },
  examples: {
    passes: redisStack(),
    fails: edited(redisStack(), "ConfigMap sessions-redis", {
      "data[redis.conf]": "min-replicas-to-write 0\n",
    }),
    says: "min-replicas-to-write is 0",
  },
  subjects: (fleet) => fleet.workloadsOf("redis"),
  *judge(servers, fleet, { maxLagSeconds }) {
    const conf = RedisConf.of(servers, fleet);
    const min = conf.number("min-replicas-to-write", 0);
    const lagSeconds = conf.number("min-replicas-max-lag", 10);
    if (min < 1) {
      yield `min-replicas-to-write is ${min}, so a master that is cut off accepts writes that are then lost; set it to 1`;
    } else if (lagSeconds === 0) {
      yield `min-replicas-max-lag is 0, which disables min-replicas-to-write; set it to 5`;
    } else if (lagSeconds > maxLagSeconds) {
      yield `min-replicas-max-lag is ${lagSeconds} s, so a master that is cut off loses that many seconds of writes; set it to ${maxLagSeconds} or less`;
    }
  },
});
