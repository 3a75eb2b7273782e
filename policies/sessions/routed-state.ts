import { withFacts } from "../examples/edit.ts";
import { gatewayStack, proxyStack } from "../examples/gateway.ts";
import { serverStack } from "../examples/server.ts";
import { policy } from "../policy.ts";
import { entrancesOf } from "../stack/entrance.ts";
import type { Fleet } from "../stack/fleet.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import type { Workload } from "../stack/workload.ts";
import { backendsCalledBy } from "./called-backend.ts";

const PASSES = [...gatewayStack(), ...proxyStack(), ...serverStack({ stateful: true })];
const PAST_PROXIES = { github: "github-server.mcp.svc", wiki: "wiki.example.com" };

export const routedState = policy<Workload | ToolHiveServer>({
  name: "state-needs-session-routing",
  level: "mandatory",
  rule: "Where several pods keep session state, each call is routed to the pod of its session.",
  prevents:
    "Every second call reaches a pod that does not know the session, and returns 404 or an answer from another state; with more pods, even more calls do",
  source:
    "Kubernetes: a Service chooses a pod per connection. ToolHive's proxies record the address of the Service, not of a pod, and one of two pods gets everything",
  remediation:
    "Use McpServer with sessionStorage, or address the pods with statefulSet, srv or urls; or run a single pod.",
  examples: {
    passes: PASSES,
    fails: withFacts(PASSES, "Deployment eng-gateway", { backendHosts: PAST_PROXIES }),
    says: "its backend github is Service github-server with 3 pods of StatefulSet github-server",
  },
  subjects: (fleet) => [
    ...fleet.workloadsOf("gateway", "proxy", "server"),
    ...fleet.toolHiveServers.filter(({ kind }) => kind === "MCPServer"),
  ],
  *judge(subject, fleet) {
    if (subject instanceof ToolHiveServer) {
      const { backendReplicas: pods, facts } = subject;
      if (pods > 1 && facts.flag("stateful")) {
        yield `its proxies reach ${pods} pods through one Service, which does not route by session; set spec.backendReplicas: 1`;
      }
    } else if (subject.role === "server") {
      yield* waysPastProxies(subject, fleet);
    } else {
      yield* unroutedBackends(subject, fleet);
    }
  },
});

function keepsStateInPods(workload: Workload): boolean {
  return workload.maxReplicas > 1 && workload.facts.flag("stateful");
}

/** Reports routes from outside that bypass the proxies and reach any pod. */
function* waysPastProxies(server: Workload, fleet: Fleet): Iterable<string> {
  const entrances = fleet.servicesOf(server).flatMap((service) => entrancesOf(service, fleet));
  if (entrances.length === 0 || !keepsStateInPods(server)) return;
  for (const { title } of entrances) {
    yield `${title} leads to any of ${server.maxReplicas} pods, which keep session state; let it lead to proxies or a gateway`;
  }
}

function* unroutedBackends(process: Workload, fleet: Fleet): Iterable<string> {
  for (const { name, named, workloads } of backendsCalledBy(process, fleet)) {
    if (named === undefined || named.isOnePod) continue;
    const servers = workloads.filter((one) => one.role === "server" && keepsStateInPods(one));
    for (const { maxReplicas, resource } of servers) {
      yield `its backend ${name} is ${named.service.title} with ${maxReplicas} pods of ${resource.title}, which keep session state; address the pods with statefulSet, or use the Service of proxies`;
    }
  }
}
