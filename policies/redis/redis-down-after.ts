import { edited } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import { RedisConf } from "./redis-conf.ts";

/** The default of Redis. */
const DEFAULT_MILLISECONDS = "30000";

export const redisDownAfter = policy({
  name: "redis-down-after",
  level: "mandatory",
  rule: "Sentinels ping a master at least twice before they take it for lost.",
  prevents:
    "A master that is merely busy is replaced, and its successor right after it: confirmed writes are lost",
  source:
    "Measured: Sentinels ping once a second; with 1,000 ms, 1 of 43 failovers became two, with 3,527 of 10,810 confirmed writes lost; with 2,000 ms or more, none of 42",
  remediation: "Set sentinel down-after-milliseconds <master> 5000 in sentinel.conf.",
  settings: {
    minMilliseconds: {
      type: "integer",
      default: 2000,
      description: "The minimum of down-after-milliseconds",
    },
  },
  examples: {
    passes: redisStack(),
    fails: edited(redisStack(), "ConfigMap sessions-sentinel", {
      "data[sentinel.conf]": "sentinel down-after-milliseconds sessions 1000\n",
    }),
    says: "down-after-milliseconds of sessions is 1000",
  },
  subjects: (fleet) => fleet.workloadsOf("sentinel"),
  *judge(sentinels, fleet, { minMilliseconds }) {
    const masters = RedisConf.of(sentinels, fleet).sentinel("down-after-milliseconds");
    for (const [master, [text = DEFAULT_MILLISECONDS]] of masters) {
      if (Number(text) >= minMilliseconds) continue;
      yield `down-after-milliseconds of ${master} is ${text}, but Sentinels ping only once a second; set it to ${minMilliseconds} or more`;
    }
  },
});
