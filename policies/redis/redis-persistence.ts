import { edited } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Workload } from "../stack/workload.ts";
import { commandOf } from "./command.ts";
import { mountedFiles, withNamedFiles, withoutComments } from "./mounted-files.ts";
import { RedisConf } from "./redis-conf.ts";

const FIX = "write appendonly yes in redis.conf, and volumeClaimTemplates for the data";

/**
 * Without files that last, two things go wrong, and both have a remedy: a master that is back before it was missed has
 * nothing, and has everybody else forget all; and a replica finds the copy of its last synchronisation again. A start
 * script that gives way and no copy on the disk make the store safe; then only the loss of all servers at once ends
 * its sessions, which is for those who declare it to choose.
 */
export const redisPersistence = policy({
  name: "redis-persistence",
  level: "mandatory",
  rule: "Servers find their data again when they restart, or give way to one that has it.",
  prevents:
    "A master whose container restarts within the Sentinels' patience is empty, is still the master, and empties every replica",
  source:
    "Measured: all of 10,000 sessions gone on three servers, on Redis 7 and 8 and Valkey 9.1; the same with a lost volume; sessions that had ended came back from dump.rdb",
  remediation:
    "Write appendonly yes and volumeClaimTemplates; without them, a start script that calls SENTINEL FAILOVER while a peer has data, and rdb-del-sync-files yes.",
  settings: {
    snapshots: {
      type: "boolean",
      default: false,
      about:
        "Whether save alone is enough. A master that restarts from it has everybody forget what is younger than the last one.",
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
    if (!givesWay(servers, fleet)) {
      const loss = "a master that restarts empties every server";
      if (!isWritten) yield `appendonly is no, so ${loss}: ${FIX}`;
      if (!hasVolume) yield `its data is on no volume that lasts, so ${loss}: ${FIX}`;
    } else if (!appends && !conf.flag("rdb-del-sync-files", false)) {
      yield "appendonly is no, and a replica that restarts has the sessions of its last synchronisation again, those that have ended among them: write rdb-del-sync-files yes";
    }
  },
});

/** Redis' own is to save; the last line counts where it is empty. */
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

/** Whether its start script asks what the other servers have, and has the Sentinels name one of those. */
function givesWay({ container, resource }: Workload, fleet: Fleet): boolean {
  const command = commandOf(container).join(" ");
  const texts = withNamedFiles(command, mountedFiles(fleet, resource)).map(withoutComments);
  const script = texts.join("\n");
  return /sentinel[\w"']*\s+["']?failover\b/i.test(script) && /\bdbsize\b/i.test(script);
}
