import { edited, told } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Workload } from "../stack/workload.ts";
import { plainPasswords } from "./plain-passwords.ts";
import { RedisConf } from "./redis-conf.ts";
import { isOpen, mountedSecrets, usersFile } from "./redis-users.ts";

const FIX = "mount a Secret with users.acl that says user default off, and name it as aclfile";

/**
 * Where the configuration has an aclfile, or the workload says that it has users and mounts a Secret that its start
 * script may take them from, what the list says is judged as far as it is known; a list that is made of passwords
 * that the update makes is what the workload says it is.
 */
export const redisAuthentication = policy({
  name: "redis-authentication",
  level: "mandatory",
  rule: "Servers and Sentinels ask for a password, which stands in a Secret alone.",
  prevents:
    "Any pod of the cluster reads every session, takes it over, or has a Sentinel name it the master",
  source:
    "Redis' documentation: without requirepass or ACL, the default user needs no password; ToolHive's sample of Sentinel leaves it so",
  remediation: `With ACL: ${FIX}; with requirepass: pass it from a Secret, as --requirepass $(REDIS_PASSWORD).`,
  examples: {
    passes: redisStack(),
    fails: told(
      edited(redisStack(), "ConfigMap sessions-redis", {
        "data[redis.conf]": "port 6379\n",
      }),
      "StatefulSet sessions-redis",
      { acl: false },
    ),
    says: "it asks nobody for a password",
  },
  subjects: (fleet) => fleet.workloadsOf("redis", "sentinel"),
  *judge(workload, fleet) {
    for (const place of plainPasswords(workload, fleet)) {
      yield `a password in plain: ${place}: move it to a Secret`;
    }
    yield* accessFaults(workload, fleet);
  },
});

function* accessFaults(workload: Workload, fleet: Fleet): Iterable<string> {
  const { facts } = workload;
  const conf = RedisConf.of(workload, fleet);
  if (conf.text("requirepass", "") !== "") return;
  const path = conf.words("aclfile")?.[0];
  const says = facts.has("acl") && facts.flag("acl");
  const ofConf = conf.all("user").map((words) => `user ${words.join(" ")}`);
  if (ofConf.length === 0 && path === undefined && !(says && mountedSecrets(workload).length > 0)) {
    yield `it asks nobody for a password: ${FIX}`;
    return;
  }
  const users = ofConf.length > 0 ? ofConf.join("\n") : usersFile(workload, fleet, path);
  if (users === undefined && !facts.flag("acl")) {
    yield `the annotation mcp-fleet.dev/acl is false, and its users.acl is not in the stack: ${FIX}`;
  }
  if (users !== undefined && isOpen(users)) {
    yield "its users.acl lets everybody in as the default user: write user default off";
  }
}
