import { edited } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import { RedisConf } from "./redis-conf.ts";

/** Redis' own, where nobody says. */
const DEFAULT_MILLISECONDS = "30000";

export const redisDownAfter = policy({
  name: "redis-down-after",
  level: "mandatory",
  rule: "Sentinels ask a master at least twice before they take it for lost.",
  prevents:
    "A master that is only busy is replaced, and a second one right after it: writes that were confirmed are lost",
  source:
    "Measured: Sentinels ping once a second; with 1,000 ms, 1 of 43 fail-overs became two, with 3,527 of 10,810 confirmed writes lost; with 2,000 ms and more, none of 42",
  remediation: "Write sentinel down-after-milliseconds <master> 5000 in sentinel.conf.",
  settings: {
    leastMilliseconds: {
      type: "integer",
      default: 2000,
      about: "The least that down-after-milliseconds may be.",
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
  *judge(sentinels, fleet, { leastMilliseconds }) {
    const masters = RedisConf.of(sentinels, fleet).sentinel("down-after-milliseconds");
    for (const [master, [text = DEFAULT_MILLISECONDS]] of masters) {
      if (Number(text) >= leastMilliseconds) continue;
      yield `down-after-milliseconds of ${master} is ${text}, and Sentinels ping once a second: write ${leastMilliseconds} or more`;
    }
  },
});
