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
  rule: "Nothing that a server keeps of a session hangs on the address of a client.",
  prevents:
    "A client changes its network, or its affinity ends after 3 hours: its next call reaches a pod that knows nothing of the session. And each gateway is one client: all of its sessions go to one pod",
  source:
    "ToolHive's scalability document: affinity is unreliable, prefer one pod for what keeps state; its operator writes ClientIP before every server all the same",
  remediation:
    "Leave sessionAffinity at None, and let proxies find the pod of a session: McpServer with sessionStorage.",
  examples: {
    passes: PASSES,
    fails: edited(PASSES, "Service github-server", {
      "spec.clusterIP": undefined,
      "spec.sessionAffinity": "ClientIP",
    }),
    says: "Service github-server chooses among 3 pods by the address of the client",
  },
  subjects: (fleet) => [
    ...fleet.workloadsOf("gateway", "proxy", "server"),
    ...fleet.toolHiveServers.filter(({ kind }) => kind === "MCPServer"),
  ],
  *judge(subject, fleet) {
    if (subject instanceof ToolHiveServer) {
      const { backendReplicas: pods, resource, facts } = subject;
      if (pods > 1 && facts.flag("stateful")) {
        yield `the operator's Service mcp-${resource.name} chooses among ${pods} pods by the address of the client, which is that of a proxy: write spec.backendReplicas: 1`;
      }
      return;
    }
    const pods = subject.mostReplicas;
    const [chooser] = choosersOf(subject, fleet);
    if (pods <= 1 || chooser === undefined) return;
    const stateful = statefulBehind(subject, fleet);
    if (stateful.length === 0) return;
    yield `${chooser} chooses among ${pods} pods by the address of the client, and state of a session is kept by ${stateful.join(", ")}: write sessionAffinity: None`;
  },
});

/** What chooses by the address of the client. */
function choosersOf(workload: Workload, fleet: Fleet): readonly string[] {
  const services = affineServicesOf(workload, fleet).map(({ title }) => title);
  return claimsAffinity(workload) ? [...services, "its Service"] : services;
}

/** The names of what keeps state: the pods themselves, or backends. */
function statefulBehind(workload: Workload, fleet: Fleet): readonly string[] {
  const { role, facts, resource } = workload;
  if (role === "server") return facts.flag("stateful") ? [resource.name] : [];
  const found = backendsCalledBy(workload, fleet).filter(({ workloads }) =>
    workloads.some((one) => one.role === "server" && one.facts.flag("stateful")),
  );
  return [...new Set([...facts.list("statefulBackends"), ...found.map(({ name }) => name)])];
}
