import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { redisStack } from "../examples/redis.ts";
import { allContainers } from "../pods/all-containers.ts";
import { policy } from "../policy.ts";
import { SessionHolder } from "../sessions/session-holder.ts";
import type { Fields } from "../stack/fields.ts";
import type { Fleet } from "../stack/fleet.ts";
import { knownProgram } from "../stack/known-program.ts";
import type { Resource } from "../stack/resource.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";

const ROLE = "mcp-fleet.dev/role";

/** What can be judged, once it is annotated. */
const JUDGED: ReadonlySet<string> = new Set(["Deployment", "StatefulSet"]);
const OTHERS = ["DaemonSet", "ReplicaSet", "ReplicationController", "Pod"];

/** Something that makes pods. */
interface Pods {
  readonly resource: Resource;
  readonly podSpec: Fields;
}

export const rolesDeclared = policy<Pods>({
  name: "roles-declared",
  level: "mandatory",
  rule: "Pods that run a gateway or proxy, and the Redis that one of them uses, have their role as an annotation.",
  prevents:
    "A gateway of three pods without a store behind a load balancer passes every policy, because none knows that it is one",
  source: "The policies judge what is annotated; images and arguments say what is forgotten",
  remediation: `Set the annotation ${ROLE} on the workload; the others that are needed are then named by facts-known. Or use the components, which set them.`,
  examples: {
    passes: [...gatewayStack(), ...redisStack()],
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "metadata.annotations": {},
      "spec.template.spec.containers[0].image": "registry.example.com/mcp-fleet:1.2.3",
    }),
    says: "it runs the gateway of mcp-fleet, but no policy judges it",
  },
  subjects: (fleet) => [...JUDGED, ...OTHERS].flatMap((kind) => fleet.ofKind(kind).map(podsOf)),
  *judge({ resource, podSpec }, fleet) {
    const isRead = [...fleet.workloads, ...fleet.unread].some((one) => one.resource === resource);
    if (isRead) return;
    const fix = JUDGED.has(resource.kind)
      ? `set the annotation ${ROLE}`
      : "make it a Deployment or StatefulSet with the annotation";
    const programs = allContainers(podSpec).map(knownProgram);
    const program = programs.find((one) => one !== undefined);
    if (program !== undefined) {
      yield `it runs ${program.name}, but no policy judges it; ${fix}: ${program.role}`;
    }
    const user = storeUserOf(resource, fleet);
    if (user !== undefined) {
      yield `${user.resource.title} keeps its sessions in it, but no policy judges it; ${fix}: redis`;
    }
  },
});

function podsOf(resource: Resource): Pods {
  const path = resource.kind === "Pod" ? "spec" : "spec.template.spec";
  return { resource, podSpec: resource.fields.at(path) };
}

/** Who keeps sessions in these pods. A gateway whose addresses are not known is a matter of session-storage-declared. */
function storeUserOf(pods: Resource, fleet: Fleet): SessionHolder | undefined {
  return SessionHolder.allOf(fleet).find((holder) => {
    try {
      if (!holder.usesStore) return false;
      const services = holder.addresses.map((address) => address.serviceIn(fleet)?.service);
      return services.some((service) => service && fleet.podsBehind(service).includes(pods));
    } catch (error) {
      if (error instanceof Unjudgeable) return false;
      throw error;
    }
  });
}
