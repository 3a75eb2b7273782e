import { told } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { manifest } from "../examples/manifest.ts";
import { policy } from "../policy.ts";
import { type Entrance, entrancesOf, toolHiveEntrancesOf } from "../stack/entrance.ts";
import type { Fleet } from "../stack/fleet.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";

const ROUTE = manifest("gateway.networking.k8s.io/v1:HTTPRoute", "eng", {
  spec: {
    hostnames: ["mcp.example.com"],
    parentRefs: [{ name: "public", namespace: "ingress" }],
    rules: [{ backendRefs: [{ name: "eng-gateway", port: 4483 }] }],
  },
});
const PASSES = [...gatewayStack(), ROUTE];

export const openGateway = policy({
  name: "open-gateway",
  level: "mandatory",
  rule: "Who reaches a gateway or proxy from outside of the cluster proves who they are.",
  prevents:
    "Anybody who finds the host name calls every tool, with the credentials that the servers hold",
  source:
    "MCP: a server behind HTTP authenticates all connections. ToolHive deploys incomingAuth anonymous with a LoadBalancer",
  remediation:
    "Write incomingAuth with the issuer of your tokens, or take the way in away. What leads in from inside alone is declared in internalEntrances.",
  settings: {
    internalEntrances: {
      type: "list",
      default: [],
      about:
        "Ways in that nobody outside reaches: classes of Ingresses and load balancers, and names of Gateways",
    },
  },
  examples: {
    passes: PASSES,
    fails: told(PASSES, "Deployment eng-gateway", { incomingAuth: "anonymous" }),
    says: "HTTPRoute eng leads to it from outside, and everybody may call",
  },
  subjects: ({ processes, toolHiveServers }): readonly (Workload | ToolHiveServer)[] => [
    ...processes,
    ...toolHiveServers.filter(({ kind }) => kind === "VirtualMCPServer"),
  ],
  *judge(subject, fleet, { internalEntrances }) {
    if (!isAnonymous(subject)) return;
    const entrances = waysTo(subject, fleet);
    for (const { title, classes } of entrances) {
      const isInternal =
        classes.length > 0 && classes.every((one) => internalEntrances.includes(one));
      if (!isInternal) yield fault(title);
    }
    if (entrances.length === 0 && saysExposed(subject)) yield fault("what its facts call exposed");
  },
});

const fault = (title: string): string =>
  `${title} leads to it from outside, and everybody may call: write incomingAuth, or declare the way as one of internalEntrances`;

function waysTo(subject: Workload | ToolHiveServer, fleet: Fleet): readonly Entrance[] {
  if (subject instanceof ToolHiveServer) return toolHiveEntrancesOf(subject, fleet);
  return fleet.servicesOf(subject).flatMap((service) => entrancesOf(service, fleet));
}

/** Proxies that say nothing of it ask nobody. */
function isAnonymous(subject: Workload | ToolHiveServer): boolean {
  if (subject instanceof ToolHiveServer) {
    const type = subject.spec.at("incomingAuth.type").text();
    if (type !== undefined) return type === "anonymous";
    throw Unjudgeable.missing("spec.incomingAuth.type", "write oidc");
  }
  const { role, facts } = subject;
  if (role === "proxy" && !facts.has("incomingAuth")) return true;
  return facts.text("incomingAuth") === "anonymous";
}

/** A gateway has to say it, since the way in may be of another stack. */
function saysExposed(subject: Workload | ToolHiveServer): boolean {
  if (subject instanceof ToolHiveServer) return false;
  const { role, facts } = subject;
  return (role === "gateway" || facts.has("exposed")) && facts.flag("exposed");
}
