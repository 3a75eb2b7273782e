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
  rule: "No Service chooses among several pods by the address of the client where a load balancer, a node or a route stands before it.",
  prevents:
    "All clients come from the few addresses of the balancer: one pod gets everything, and is full while the others idle",
  source:
    "Kubernetes: kube-proxy replaces the client's address unless externalTrafficPolicy is Local. ToolHive's guide: ClientIP fails silently behind NAT and proxies",
  remediation:
    "Write sessionAffinity None: with a shared store every pod serves every session. Or keep client addresses by externalTrafficPolicy: Local.",
  examples: {
    passes: BALANCED,
    fails: edited(BALANCED, "Service eng-gateway", { "spec.sessionAffinity": "ClientIP" }),
    says: "Service eng-gateway of the type LoadBalancer hides the addresses of clients, by which sessionAffinity ClientIP chooses among 2 pods",
  },
  subjects: (fleet) => [
    ...fleet.workloadsOf("gateway", "proxy", "server"),
    ...fleet.toolHiveServers,
  ],
  *judge(subject, fleet) {
    const pods = subject instanceof ToolHiveServer ? subject.replicas : subject.mostReplicas;
    if (pods <= 1) return;
    for (const title of hidingOf(subject, fleet)) {
      yield `${title} hides the addresses of clients, by which sessionAffinity ClientIP chooses among ${pods} pods: write sessionAffinity: None`;
    }
  },
});

/** What stands before an affinity by client address, and hides these. */
function hidingOf(subject: Workload | ToolHiveServer, fleet: Fleet): readonly string[] {
  if (subject instanceof ToolHiveServer) {
    const isAffine = subject.sessionAffinity === "ClientIP";
    return isAffine ? hiding(toolHiveEntrancesOf(subject, fleet)) : [];
  }
  const affine = affineServicesOf(subject, fleet);
  if (affine.length > 0) return hiding(affine.flatMap((one) => entrancesOf(one, fleet)));
  const isHidden = subject.facts.has("exposed") && subject.facts.flag("exposed");
  return claimsAffinity(subject) && isHidden ? ["the way in from outside"] : [];
}

function hiding(entrances: readonly Entrance[]): string[] {
  return entrances
    .filter(({ keepsClientAddresses }) => !keepsClientAddresses)
    .map(({ title }) => title);
}
