import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import { networkPoliciesOf, reachesMetadata } from "../stack/network-policy.ts";

const PASSES = gatewayStack();

export const closedMetadata = policy({
  name: "closed-metadata",
  level: "advisory",
  advisoryBecause: "A cloud may hide its metadata service from pods in another way",
  rule: "NetworkPolicies let gateways, proxies and servers reach metadata services only where they are named.",
  prevents:
    "A tool that fetches any URL hands out the credentials of the machine, which the metadata service gives to whoever asks",
  source: "The security documentation of Kubernetes: restrict access to cloud metadata APIs",
  remediation:
    "Keep networkPolicy of the components enabled. For manifests of your own, add a NetworkPolicy for egress that excepts 169.254.0.0/16. Where pods need the service, name its address in networkPolicy.egress.",
  examples: {
    passes: PASSES,
    fails: edited(PASSES, "NetworkPolicy eng-gateway", {
      "spec.egress[0].to[0].ipBlock.except": undefined,
    }),
    says: "NetworkPolicy eng-gateway lets it reach metadata services",
  },
  subjects: (fleet) => fleet.workloadsOf("gateway", "proxy", "server"),
  *judge(workload, fleet) {
    const policies = networkPoliciesOf(workload, fleet, "Egress");
    if (policies.length === 0) {
      yield "no NetworkPolicy restricts what it may reach; add one for egress that excepts 169.254.0.0/16";
    }
    for (const { title, fields } of policies) {
      if (!fields.at("spec.egress").items().some(reachesMetadata)) continue;
      yield `${title} lets it reach metadata services; except 169.254.0.0/16, or name the address`;
    }
  },
});
