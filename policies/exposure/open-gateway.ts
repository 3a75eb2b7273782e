import { withFacts } from "../examples/edit.ts";
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
  rule: "Clients that reach a gateway or proxy from outside the cluster must authenticate.",
  prevents:
    "Anyone who finds the host name can call every tool, with the credentials of the servers",
  source:
    "MCP: servers authenticate all HTTP connections. ToolHive deploys incomingAuth anonymous with a LoadBalancer",
  remediation:
    "Set incomingAuth with the issuer of your tokens, or remove the external route. Declare routes that are internal in internalEntrances. Where everybody may call, say in acceptRisks.openGateway why.",
  settings: {
    internalEntrances: {
      type: "list",
      default: [],
      description:
        "Routes that cannot be reached from outside: classes of Ingresses and load balancers, and names of Gateways",
    },
  },
  examples: {
    passes: PASSES,
    fails: withFacts(PASSES, "Deployment eng-gateway", { incomingAuth: "anonymous" }),
    says: "HTTPRoute eng exposes it outside the cluster, and everyone may call",
  },
  subjects: ({ processes, toolHiveServers }): readonly (Workload | ToolHiveServer)[] => [
    ...processes,
    ...toolHiveServers.filter(({ kind }) => kind === "VirtualMCPServer"),
  ],
  *judge(subject, fleet, { internalEntrances }) {
    if (!isAnonymous(subject) || subject.facts.riskReason("openGateway") !== undefined) return;
    const entrances = waysTo(subject, fleet);
    for (const { title, classes } of entrances) {
      const isInternal =
        classes.length > 0 && classes.every((one) => internalEntrances.includes(one));
      if (!isInternal) yield fault(title);
    }
    if (entrances.length === 0 && saysExposed(subject))
      yield fault("the annotation mcp-fleet.dev/exposed says that another route");
  },
});

const fault = (title: string): string =>
  `${title} exposes it outside the cluster, and everyone may call; set incomingAuth, or declare the route in internalEntrances`;

function waysTo(subject: Workload | ToolHiveServer, fleet: Fleet): readonly Entrance[] {
  if (subject instanceof ToolHiveServer) return toolHiveEntrancesOf(subject, fleet);
  return fleet.servicesOf(subject).flatMap((service) => entrancesOf(service, fleet));
}

/** Proxies without the annotation do not authenticate clients. */
function isAnonymous(subject: Workload | ToolHiveServer): boolean {
  if (subject instanceof ToolHiveServer) {
    const type = subject.spec.at("incomingAuth.type").text();
    if (type !== undefined) return type === "anonymous";
    throw Unjudgeable.missing("spec.incomingAuth.type", "set it to oidc");
  }
  const { role, facts } = subject;
  if (role === "proxy" && !facts.has("incomingAuth")) return true;
  return facts.text("incomingAuth") === "anonymous";
}

/** A gateway must declare it, because the route may be in another stack. */
function saysExposed(subject: Workload | ToolHiveServer): boolean {
  if (subject instanceof ToolHiveServer) return false;
  const { role, facts } = subject;
  return (role === "gateway" || facts.has("exposed")) && facts.flag("exposed");
}
