import { PORTS } from "@mcp-fleet/contract/settings";
import { edited } from "../examples/edit.ts";
import { gatewayStack, proxyStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import {
  admitsEveryone,
  coversPort,
  namesOfPorts,
  networkPoliciesOf,
} from "../stack/network-policy.ts";
import type { Workload } from "../stack/workload.ts";

const PASSES = [...gatewayStack(), ...proxyStack()];

export const closedPorts = policy({
  name: "closed-ports",
  level: "advisory",
  advisoryBecause: "A service mesh, or policies of another stack, may restrict the same",
  rule: "NetworkPolicies name who may connect to proxies, and to the admin port of gateways and proxies.",
  prevents:
    "Any pod of the cluster calls every tool through a proxy, without the token that the gateway asks for, or drains pods",
  source:
    "Proxies do not authenticate clients; whoever reaches the admin port sees the state of the fleet, and may change it with its token",
  remediation:
    "Keep networkPolicy of the components enabled, and name clients in networkPolicy.clients and scrapers in monitoring.from. For manifests of your own, add a NetworkPolicy that selects the pods.",
  examples: {
    passes: PASSES,
    fails: edited(PASSES, "NetworkPolicy github-proxy", { "spec.ingress[0].from": undefined }),
    says: "NetworkPolicy github-proxy admits everyone to the MCP port",
  },
  subjects: ({ processes }) => processes,
  *judge(workload, fleet) {
    const policies = networkPoliciesOf(workload, fleet, "Ingress");
    if (policies.length === 0) {
      yield "no NetworkPolicy restricts who may connect; add one that selects its pods and names its clients";
    }
    for (const { title, fields } of policies) {
      const open = fields.at("spec.ingress").items().filter(admitsEveryone);
      const admits = (port: "mcp" | "admin") =>
        open.some((rule) => coversPort(rule, namesOf(workload, port)));
      if (!authenticates(workload) && admits("mcp")) {
        yield `${title} admits everyone to the MCP port, which asks for no token; name its clients`;
      }
      if (admits("admin")) {
        yield `${title} admits everyone to the admin port; name who may reach it`;
      }
    }
  },
});

/** A proxy relies on the gateways before it. Who may call an anonymous gateway from outside is judged by open-gateway. */
const authenticates = ({ role, facts }: Workload): boolean =>
  role === "gateway" || facts.has("incomingAuth");

/** What rules may call a port: its number, or its name in the container. */
function namesOf(
  { container }: Workload,
  port: "mcp" | "admin",
): ReadonlySet<number | string | undefined> {
  const isIt = (one: Fields) =>
    one.at("containerPort").number() === PORTS[port] || one.at("name").text() === port;
  const found = container.at("ports").items().filter(isIt);
  return new Set([PORTS[port], ...namesOfPorts(found)]);
}
