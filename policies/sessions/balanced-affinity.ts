import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import { type Entrance, entrancesOf, toolHiveEntrancesOf } from "../stack/entrance.ts";
import type { Fleet } from "../stack/fleet.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import type { Workload } from "../stack/workload.ts";
import { affineServicesOf, claimsAffinity } from "./client-affinity.ts";

const BALANCED = edited(gatewayStack(), "Service eng-gateway", { "spec.type": "LoadBalancer" });

export const balancedAffinity = policy<Workload | ToolHiveServer>({
  name: "affinity-behind-balancer",
  level: "mandatory",
  rule: "A Service behind a load balancer, a node port or a route does not use ClientIP affinity for several pods.",
  prevents:
    "All clients seem to come from the few addresses of the balancer: one pod gets everything and is full, while the others idle",
  source:
    "Kubernetes: kube-proxy replaces the client's address unless externalTrafficPolicy is Local. ToolHive's guide: ClientIP fails silently behind NAT and proxies",
  remediation:
    "Set sessionAffinity None: with a shared store, every pod serves every session. Or preserve client addresses with externalTrafficPolicy: Local.",
  examples: {
    passes: BALANCED,
    fails: edited(BALANCED, "Service eng-gateway", { "spec.sessionAffinity": "ClientIP" }),
    says: "Service eng-gateway of type LoadBalancer hides the client addresses that sessionAffinity ClientIP needs to choose among 2 pods",
  },
  subjects: (fleet) => [
    ...fleet.workloadsOf("gateway", "proxy", "server"),
    ...fleet.toolHiveServers,
  ],
  *judge(subject, fleet) {
    const pods = subject instanceof ToolHiveServer ? subject.replicas : subject.maxReplicas;
    if (pods <= 1) return;
    for (const title of hidingOf(subject, fleet)) {
      yield `${title} hides the client addresses that sessionAffinity ClientIP needs to choose among ${pods} pods; set sessionAffinity: None`;
    }
  },
});

/** What hides client addresses from Services with ClientIP affinity. */
function hidingOf(subject: Workload | ToolHiveServer, fleet: Fleet): readonly string[] {
  if (subject instanceof ToolHiveServer) {
    const isAffine = subject.sessionAffinity === "ClientIP";
    return isAffine ? hiding(toolHiveEntrancesOf(subject, fleet)) : [];
  }
  const affine = affineServicesOf(subject, fleet);
  if (affine.length > 0) return hiding(affine.flatMap((one) => entrancesOf(one, fleet)));
  const isHidden = subject.facts.has("exposed") && subject.facts.flag("exposed");
  return claimsAffinity(subject) && isHidden ? ["the route from outside the cluster"] : [];
}

function hiding(entrances: readonly Entrance[]): string[] {
  return entrances
    .filter(({ keepsClientAddresses }) => !keepsClientAddresses)
    .map(({ title }) => title);
}
