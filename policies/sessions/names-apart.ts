import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Resource, ResourceDescription } from "../stack/resource.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";

const PASSES = gatewayStack();

export const namesApart = policy({
  name: "names-apart",
  level: "mandatory",
  rule: "No two workloads of a kind have one name in one namespace.",
  prevents:
    "Two components of one name write the same Deployment and Services in turn: each update undoes the other, and clients of one reach the pods of the other",
  source:
    "Pulumi applies manifests on the server side, which takes the second one for a change of the first",
  remediation: "Give one of the components another name or namespace.",
  examples: {
    passes: PASSES,
    fails: [...PASSES, ...PASSES.map(again)],
    says: "Deployment eng-gateway: it is mcp/eng-gateway in Kubernetes, and so is Deployment again-eng-gateway",
  },
  subjects: ({ workloads }) => workloads,
  *judge({ resource }, fleet) {
    for (const other of namesakesOf(resource, fleet)) {
      yield `it is ${resource.namespace}/${resource.name} in Kubernetes, and so is ${other.title}; give one of their components another name or namespace`;
    }
  },
});

/** The same manifest from another component. */
function again(resource: ResourceDescription): ResourceDescription {
  const name = `again-${resource.name}`;
  return { ...resource, name, urn: resource.urn.replace(/[^:]*$/, name) };
}

/** Other resources that are the same one in Kubernetes. What cannot be read of them is reported where they are judged. */
function namesakesOf(resource: Resource, fleet: Fleet): Resource[] {
  return fleet.ofKind(resource.kind).filter((other) => {
    if (other.urn === resource.urn) return false;
    try {
      return other.name === resource.name && other.namespace === resource.namespace;
    } catch (error) {
      if (error instanceof Unjudgeable) return false;
      throw error;
    }
  });
}
