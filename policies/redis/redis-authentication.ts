import { edited, withFacts } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import type { Workload } from "../stack/workload.ts";
import { plainPasswords } from "./plain-passwords.ts";
import { RedisConf } from "./redis-conf.ts";
import { isOpen, mountedSecrets, usersFile } from "./redis-users.ts";

const FIX = "mount a Secret with a users.acl that has user default off, and set it as aclfile";

/**
 * If the configuration has an aclfile, or the workload declares ACL users and mounts a Secret that its start
 * script may read them from, the ACL file is checked as far as it is known. A file made from passwords that the
 * update generates is trusted to be what the workload declares.
 */
export const redisAuthentication = policy<Workload | ToolHiveServer>({
  name: "redis-authentication",
  level: "mandatory",
  rule: "Servers and Sentinels require a password, which is only in a Secret, and ToolHive's resources have it from there.",
  prevents:
    "Any pod of the cluster can read and take over every session, or make a Sentinel declare it the master",
  source:
    "The documentation of Redis: without requirepass or ACL, the default user needs no password; ToolHive's Sentinel sample leaves it at that",
  remediation: `With ACL: ${FIX}; with requirepass: pass it from a Secret, as --requirepass $(REDIS_PASSWORD).`,
  examples: {
    passes: redisStack(),
    fails: withFacts(
      edited(redisStack(), "ConfigMap sessions-redis", {
        "data[redis.conf]": "port 6379\n",
      }),
      "StatefulSet sessions-redis",
      { acl: false },
    ),
    says: "it requires no password",
  },
  subjects: (fleet) => [
    ...fleet.workloadsOf("redis", "sentinel"),
    ...fleet.toolHiveServers.filter((server) => server.sharesSessions),
  ],
  *judge(workload, fleet) {
    if (workload instanceof ToolHiveServer) {
      if (workload.spec.at("sessionStorage.passwordRef.name").isThere) return;
      yield "it uses its Redis without a password; set spec.sessionStorage.passwordRef to a Secret";
      return;
    }
    for (const place of plainPasswords(workload, fleet)) {
      yield `a password in plain text, ${place}; move it to a Secret`;
    }
    yield* accessFaults(workload, fleet);
  },
});

function* accessFaults(workload: Workload, fleet: Fleet): Iterable<string> {
  const { facts } = workload;
  const conf = RedisConf.of(workload, fleet);
  if (conf.text("requirepass", "") !== "") return;
  const path = conf.words("aclfile")?.[0];
  const declares = facts.has("acl") && facts.flag("acl");
  const ofConf = conf.all("user").map((words) => `user ${words.join(" ")}`);
  if (
    ofConf.length === 0 &&
    path === undefined &&
    !(declares && mountedSecrets(workload).length > 0)
  ) {
    yield `it requires no password; ${FIX}`;
    return;
  }
  const users = ofConf.length > 0 ? ofConf.join("\n") : usersFile(workload, fleet, path);
  if (users === undefined && !facts.flag("acl")) {
    yield `the annotation mcp-fleet.dev/acl is false, and its users.acl is not in the stack; ${FIX}`;
  }
  if (users !== undefined && isOpen(users)) {
    yield "its users.acl lets everyone in as the default user; add user default off";
  }
}
