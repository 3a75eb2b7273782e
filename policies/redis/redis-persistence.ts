import { edited } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Workload } from "../stack/workload.ts";
import { commandOf } from "./command.ts";
import { mountedFiles, withNamedFiles, withoutComments } from "./mounted-files.ts";
import { RedisConf } from "./redis-conf.ts";

const FIX = "set appendonly yes in redis.conf, and add volumeClaimTemplates for the data";

/**
 * Without persistent files, two things go wrong, and both have a remedy. A master that restarts before it is missed
 * is empty, and empties all replicas; and a replica reloads the copy of its last synchronization. A start
 * script that yields and no copy on disk make the store safe. Then only the loss of all servers at once loses
 * its sessions, which is for the user to decide.
 */
export const redisPersistence = policy({
  name: "redis-persistence",
  level: "mandatory",
  rule: "Servers keep their data across restarts, or yield to one that has it.",
  prevents:
    "A master whose container restarts within down-after-milliseconds is empty, is still the master, and empties every replica",
  source:
    "Measured: all of 10,000 sessions lost on three servers, on Redis 7 and 8 and Valkey 9.1; the same with a lost volume; ended sessions came back from dump.rdb",
  remediation:
    "Set appendonly yes and add volumeClaimTemplates; without them, use a start script that calls SENTINEL FAILOVER while a peer has data, and rdb-del-sync-files yes.",
  settings: {
    snapshots: {
      type: "boolean",
      default: false,
      description:
        "Whether snapshots (save) alone are enough. A master that restarts from one makes all servers lose what is newer than it",
    },
  },
  examples: {
    passes: redisStack(),
    fails: edited(redisStack(), "ConfigMap sessions-redis", {
      "data[redis.conf]": 'save ""\nappendonly no\n',
    }),
    says: "appendonly is no",
  },
  subjects: (fleet) => fleet.workloadsOf("redis"),
  *judge(servers, fleet, { snapshots }) {
    const conf = RedisConf.of(servers, fleet);
    const appends = conf.flag("appendonly", false);
    const isWritten = appends || (snapshots && saves(conf));
    const hasVolume = mountsVolume(servers);
    if (isWritten && hasVolume) return;
    if (!yieldsToPeers(servers, fleet)) {
      const loss = "a master that restarts empties every server";
      if (!isWritten) yield `appendonly is no, so ${loss}; ${FIX}`;
      if (!hasVolume) yield `its data is not on a persistent volume, so ${loss}; ${FIX}`;
    } else if (!appends && !conf.flag("rdb-del-sync-files", false)) {
      yield "appendonly is no, so a replica that restarts reloads the sessions of its last synchronization, including ended ones; set rdb-del-sync-files yes";
    }
  },
});

/** Whether Redis saves snapshots, as it does by default; an empty last line disables them. */
function saves(conf: RedisConf): boolean {
  const words = conf.words("save");
  return words === undefined || words.some((word) => word !== "");
}

/** Whether the server mounts a volume that outlives its pod. */
function mountsVolume({ resource, podSpec, container }: Workload): boolean {
  const claims = resource.fields
    .at("spec.volumeClaimTemplates")
    .items()
    .map((claim) => claim.at("metadata.name").text());
  const volumes = podSpec
    .at("volumes")
    .items()
    .filter((volume) => volume.at("persistentVolumeClaim").isThere)
    .map((volume) => volume.at("name").text());
  const lasting = new Set([...claims, ...volumes]);
  return container
    .at("volumeMounts")
    .items()
    .some((mount) => lasting.has(mount.at("name").text()));
}

/** Whether its start script checks the data of its peers and makes the Sentinels fail over to one of them. */
function yieldsToPeers({ container, resource }: Workload, fleet: Fleet): boolean {
  const command = commandOf(container).join(" ");
  const texts = withNamedFiles(command, mountedFiles(fleet, resource)).map(withoutComments);
  const script = texts.join("\n");
  return /sentinel[\w"']*\s+["']?failover\b/i.test(script) && /\bdbsize\b/i.test(script);
}
