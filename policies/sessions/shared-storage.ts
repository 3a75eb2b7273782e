import { told } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import type { Workload } from "../stack/workload.ts";

const ALONE = "sessions live in the memory of one pod";

export const sharedStorage = policy<Workload | ToolHiveServer>({
  name: "shared-session-storage",
  level: "mandatory",
  isLocal: true,
  rule: "Whoever holds sessions with more than one pod keeps them in a shared store.",
  prevents:
    "A request that reaches another pod than the one before it is answered with 404, and the session is lost",
  source: "ToolHive applies the replicas and sets the condition SessionStorageWarning",
  remediation: "Give it sessionStorage, such as the connection of a RedisSentinel, or one replica.",
  examples: {
    passes: gatewayStack(),
    fails: told(gatewayStack(), "Deployment eng-gateway", { store: "memory" }),
    says: "2 pods, and sessions live in the memory of one pod",
  },
  subjects: ({ processes, toolHiveServers }) => [...processes, ...toolHiveServers],
  *judge(subject) {
    if (subject instanceof ToolHiveServer) {
      if (subject.replicas > 1 && !subject.sharesSessions) {
        yield `${subject.replicas} pods, and ${ALONE}: write spec.sessionStorage.provider: redis, or spec.replicas: 1`;
      }
      return;
    }
    const pods = subject.mostReplicas;
    if (pods > 1 && subject.facts.text("store") === "memory") {
      yield `${pods} pods, and ${ALONE}: give it a Redis as sessionStorage, or one replica`;
    }
  },
});
