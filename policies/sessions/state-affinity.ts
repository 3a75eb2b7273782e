import { edited } from "../examples/edit.ts";
import { gatewayStack, proxyStack } from "../examples/gateway.ts";
import { serverStack } from "../examples/server.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import type { Workload } from "../stack/workload.ts";
import { backendsCalledBy } from "./called-backend.ts";
import { affineServicesOf, claimsAffinity } from "./client-affinity.ts";

const PASSES = [...gatewayStack(), ...proxyStack(), ...serverStack({ stateful: true })];

export const stateAffinity = policy<Workload | ToolHiveServer>({
  name: "affinity-for-state",
  level: "mandatory",
  rule: "Session state of a server does not depend on ClientIP affinity.",
  prevents:
    "A client changes its network, or its affinity expires after 3 hours, and its next call reaches a pod that does not know the session. And each gateway counts as one client, so all of its sessions go to one pod",
  source:
    "ToolHive's scalability document: affinity is unreliable, and stateful servers should run one pod; its operator sets ClientIP for every server all the same",
  remediation:
    "Keep sessionAffinity None, and let proxies route each session to its pod: use McpServer with sessionStorage.",
  examples: {
    passes: PASSES,
    fails: edited(PASSES, "Service github-server", {
      "spec.clusterIP": undefined,
      "spec.sessionAffinity": "ClientIP",
    }),
    says: "Service github-server chooses among 3 pods by client address",
  },
  subjects: (fleet) => [
    ...fleet.workloadsOf("gateway", "proxy", "server"),
    ...fleet.toolHiveServers.filter(({ kind }) => kind === "MCPServer"),
  ],
  *judge(subject, fleet) {
    if (subject instanceof ToolHiveServer) {
      const { backendReplicas: pods, resource, facts } = subject;
      if (pods > 1 && facts.flag("stateful")) {
        yield `the operator's Service mcp-${resource.name} chooses among ${pods} pods by client address, which is that of a proxy; set spec.backendReplicas: 1`;
      }
      return;
    }
    const pods = subject.maxReplicas;
    const [chooser] = choosersOf(subject, fleet);
    if (pods <= 1 || chooser === undefined) return;
    const stateful = statefulBehind(subject, fleet);
    if (stateful.length === 0) return;
    yield `${chooser} chooses among ${pods} pods by client address, but session state is kept by ${stateful.join(", ")}; set sessionAffinity: None`;
  },
});

/** The Services that choose a pod by client address. */
function choosersOf(workload: Workload, fleet: Fleet): readonly string[] {
  const services = affineServicesOf(workload, fleet).map(({ title }) => title);
  return claimsAffinity(workload) ? [...services, "its Service"] : services;
}

/** The names of what keeps session state: the pods themselves, or backends. */
function statefulBehind(workload: Workload, fleet: Fleet): readonly string[] {
  const { role, facts, resource } = workload;
  if (role === "server") return facts.flag("stateful") ? [resource.name] : [];
  const found = backendsCalledBy(workload, fleet).filter(({ workloads }) =>
    workloads.some((one) => one.role === "server" && one.facts.flag("stateful")),
  );
  return [...new Set([...facts.list("statefulBackends"), ...found.map(({ name }) => name)])];
}
