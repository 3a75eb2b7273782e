import * as k8s from "@pulumi/kubernetes";
import { type Input, interpolate } from "@pulumi/pulumi";
import { type DiscoverySpec, labelsOf, logicalNameOf, nameOf } from "./discovery-spec.ts";
import { places } from "./places.ts";

/** A Role, and the RoleBinding of the same name. */
interface Right {
  /** In Pulumi, what its name ends with. */
  readonly suffix: string;
  readonly name: Input<string>;
  readonly namespace: Input<string>;
  readonly rules: k8s.types.input.rbac.v1.PolicyRule[];
}

/** Gives a service account the rights to read in each place, and to write that ConfigMap: no others. */
export function rights(
  spec: DiscoverySpec,
  account: Input<string>,
  configMap: Input<string>,
): void {
  const own = { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "update"] };
  bind(spec, account, {
    suffix: "backends",
    name: `${nameOf(spec)}-backends`,
    namespace: spec.namespace,
    rules: [{ ...own, resourceNames: [configMap] }],
  });
  for (const { namespace, rules } of places(spec.discovery)) {
    const isOwn = namespace === undefined;
    bind(spec, account, {
      suffix: isOwn ? "here" : `in-${namespace}`,
      // A gateway of this name in another namespace has rights of its own there. No name has a dot in it.
      name: isOwn ? nameOf(spec) : interpolate`${nameOf(spec)}.${spec.namespace}`,
      namespace: namespace ?? spec.namespace,
      rules: [...rules],
    });
  }
}

function bind(
  spec: DiscoverySpec,
  account: Input<string>,
  { suffix, name, namespace, rules }: Right,
): void {
  const { parent } = spec;
  const logicalName = `${logicalNameOf(spec)}-${suffix}`;
  const metadata = { name, namespace, labels: labelsOf(spec) };
  const role = new k8s.rbac.v1.Role(logicalName, { metadata, rules }, { parent });
  new k8s.rbac.v1.RoleBinding(
    logicalName,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: account, namespace: spec.namespace }],
    },
    { parent },
  );
}
