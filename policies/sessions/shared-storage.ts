import { withFacts } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import type { Workload } from "../stack/workload.ts";

const ALONE = "sessions are in the memory of a single pod";

export const sharedStorage = policy<Workload | ToolHiveServer>({
  name: "shared-session-storage",
  level: "mandatory",
  isLocal: true,
  rule: "A workload with sessions and more than one pod uses a shared store.",
  prevents:
    "A request that reaches another pod than the previous one is answered with 404, and the session is lost",
  source:
    "ToolHive applies the replicas all the same, and sets the condition SessionStorageWarning",
  remediation:
    "Set sessionStorage, for example to the connection of a RedisSentinel, or run one replica.",
  examples: {
    passes: gatewayStack(),
    fails: withFacts(gatewayStack(), "Deployment eng-gateway", { store: "memory" }),
    says: "2 pods, but sessions are in the memory of a single pod",
  },
  subjects: ({ processes, toolHiveServers }) => [...processes, ...toolHiveServers],
  *judge(subject) {
    if (subject instanceof ToolHiveServer) {
      if (subject.replicas > 1 && !subject.sharesSessions) {
        yield `${subject.replicas} pods, but ${ALONE}; set spec.sessionStorage.provider: redis, or spec.replicas: 1`;
      }
      return;
    }
    const pods = subject.maxReplicas;
    if (pods > 1 && subject.facts.text("store") === "memory") {
      yield `${pods} pods, but ${ALONE}; set sessionStorage to a Redis, or run one replica`;
    }
  },
});
