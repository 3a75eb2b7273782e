import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";

/** What a container has to ask for; Kubernetes takes a limit for the request that is absent. */
const REQUIRED = [
  { resource: "cpu", from: ["requests.cpu", "limits.cpu"] },
  { resource: "memory", from: ["requests.memory", "limits.memory"] },
  { resource: "memory", from: ["limits.memory"] },
] as const;

export const podResources = policy({
  name: "pod-resources",
  level: "mandatory",
  isLocal: true,
  rule: "The container of a role requests CPU and memory, and has a limit of memory.",
  prevents:
    "Pods are placed on a full node and starve, or one grows until the node kills others; and no plan says how many sessions they hold",
  source:
    "Kubernetes: pods without requests are the first that a node evicts, and their number says nothing about their room",
  remediation:
    "Set the resources of the plan: mcp-fleet plan prints them, and the components set them.",
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.containers[0].resources": {},
    }),
    says: "resources.requests.cpu is not set; resources.requests.memory is not set; resources.limits.memory is not set",
  },
  subjects: ({ workloads }) => workloads,
  *judge({ container }) {
    const resources = container.at("resources");
    const missing = REQUIRED.filter(({ from }) => !from.some((path) => resources.at(path).isThere));
    if (missing.length === 0) return;
    const places = missing.map(({ from: [first] }) => `resources.${first} is not set`);
    yield `${places.join("; ")}; set what the plan says`;
  },
});
