import { edited } from "../examples/edit.ts";
import { redisStack } from "../examples/redis.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Resource } from "../stack/resource.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import { wordsAt } from "./command.ts";
import { mountedFiles, withNamedFiles, withoutComments } from "./mounted-files.ts";

/** `sentinel failover`, also in a shell function or in quotes. */
const FAIL_OVER = /sentinel[\w"']*\s+["']?failover\b(?![^\n]*\bcoordinated\b)/i;
const PAUSE = /\bclient["']?\s+["']?pause\b/i;

const KINDS: ReadonlySet<string> = new Set(["Deployment", "StatefulSet"]);

/** A workload of the stack, annotated or not. */
interface Subject {
  readonly resource: Resource;
  /** Whether it is annotated as a store: then a script that cannot be read is a violation. */
  readonly isStore: boolean;
}

export const redisFailover = policy<Subject>({
  name: "redis-failover",
  level: "mandatory",
  rule: "A master that stops hands over without losing confirmed writes.",
  prevents:
    "Each rollout loses ten seconds of writes: clients keep writing to the old master, which then becomes a replica and discards them",
  source:
    "Measured: 20,215 of 43,312 confirmed writes lost with SENTINEL FAILOVER in preStop, none with CLIENT PAUSE before it, none with COORDINATED; redis/redis#6062, bitnami/charts#12598",
  remediation:
    "Call CLIENT PAUSE 15000 WRITE before SENTINEL FAILOVER, and CLIENT UNPAUSE after it; with Valkey 9, use SENTINEL FAILOVER with COORDINATED.",
  examples: {
    passes: redisStack(),
    fails: edited(redisStack(), "ConfigMap sessions-scripts", {
      "data[pre-stop.sh]":
        "valkey-cli -h sessions-sentinel-0 -p 26379 sentinel failover sessions\n",
    }),
    says: "SENTINEL FAILOVER without CLIENT PAUSE",
  },
  subjects: (fleet) =>
    fleet.resources
      .filter(({ kind, group }) => group === "apps" && KINDS.has(kind))
      .map((resource) => ({ resource, isStore: isStore(resource, fleet) })),
  *judge({ resource, isStore: isOfStore }, fleet) {
    for (const container of containersOf(resource)) {
      const command = wordsAt(container, "lifecycle.preStop.exec.command").join(" ");
      if (command === "") continue;
      const files = mountedFiles(fleet, resource);
      const texts = withNamedFiles(command, files).map(withoutComments);
      const [script] = /\S+\.sh\b/.exec(command) ?? [];
      if (isOfStore && script && texts.length === 1) {
        const fix = "put it into one that the pods mount";
        throw Unjudgeable.missing(`the preStop script ${script} in a ConfigMap of the stack`, fix);
      }
      if (losesWrites(texts)) {
        yield `the preStop of container ${container.at("name").text()} calls SENTINEL FAILOVER without CLIENT PAUSE before it, so confirmed writes are lost; call CLIENT PAUSE 15000 WRITE first, or use COORDINATED with Valkey 9`;
      }
    }
  },
});

const isStore = (resource: Resource, fleet: Fleet): boolean =>
  fleet.workloadsOf("redis", "sentinel").some((workload) => workload.resource === resource);

function containersOf({ fields }: Resource): Fields[] {
  const pod = fields.at("spec.template.spec");
  return [...pod.at("containers").items(), ...pod.at("initContainers").items()];
}

/** Within one text, the pause must come first; a pause in another text is assumed to be called in time. */
function losesWrites(texts: readonly string[]): boolean {
  return texts.some((text) => {
    const failOver = text.search(FAIL_OVER);
    if (failOver < 0) return false;
    const pause = text.search(PAUSE);
    if (pause >= 0) return pause > failOver;
    return !texts.some((other) => PAUSE.test(other));
  });
}
