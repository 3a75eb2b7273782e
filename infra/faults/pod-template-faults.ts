import type { Section } from "@mcp-fleet/contract";
import { OWN_CONTAINERS } from "../pods/own-containers.ts";
import {
  KUBERNETES_VERSION,
  POD_TEMPLATE,
  POD_TEMPLATE_TYPES,
  typeOf,
} from "../pods/pod-template-schema.ts";
import { isKnownMap } from "../process/placeholders.ts";
import type { ArgumentFault } from "./argument-faults.ts";
import { labelFaults } from "./kubernetes-faults.ts";
import { ShapeFaults } from "./shape-faults.ts";
import { OUR_VARIABLES } from "./variable-faults.ts";

const PATH = "podTemplate";

/** Members that tell how a map or an entry is merged. */
const DIRECTIVES: ReadonlySet<string> = new Set(["$patch"]);

/** Keys that the component's selectors, and its tools, find it by. */
const OURS = /^(?:app\.kubernetes\.io\/(?:name|instance|component|managed-by)|mcp-fleet\.dev\/)/;

/** The fields of a pod that an argument of the component sets, from which the plan is computed. */
const BY_ARGUMENT: Readonly<Record<string, string>> = {
  terminationGracePeriodSeconds: "set it by the argument terminationGracePeriodSeconds",
  serviceAccountName: "set it by the argument serviceAccount.name",
  serviceAccount: "set it by the argument serviceAccount.name",
};

/** The faults of the user's pod template: what Kubernetes does not know, and what the component decides. */
export function podTemplateFaults(template: unknown): ArgumentFault[] {
  if (template === undefined) return [];
  const shapes = new ShapeFaults(POD_TEMPLATE_TYPES, DIRECTIVES, true).of(
    PATH,
    template,
    POD_TEMPLATE,
  );
  const { metadata, spec } = entries(template);
  const { labels, annotations } = entries(metadata);
  const pod = entries(spec);
  return [
    ...shapes.map(ofKubernetes),
    ...labelFaults(`${PATH}.metadata.labels`, entries(labels)),
    ...labelFaults(`${PATH}.spec.nodeSelector`, entries(pod.nodeSelector)),
    ...reservedFaults(`${PATH}.metadata.labels`, entries(labels)),
    ...reservedFaults(`${PATH}.metadata.annotations`, entries(annotations)),
    ...Object.entries(BY_ARGUMENT).flatMap(([name, fix]) =>
      pod[name] === undefined ? [] : [decided(`${PATH}.spec.${name}`, fix)],
    ),
    ...rootFaults(`${PATH}.spec`, pod),
    ...list(pod.containers).flatMap((one, index) =>
      containerFaults(`${PATH}.spec.containers[${index}]`, entries(one)),
    ),
  ];
}

function ofKubernetes(fault: ArgumentFault): ArgumentFault {
  if (fault.rule !== "is not a known argument") return fault;
  const name = fault.path.slice(`${PATH}.`.length);
  const part = Object.keys(PARTS).find(
    (one) => name in (typeOf(PARTS[one] ?? {}).properties ?? {}),
  );
  const rule = `is not a field of a PodTemplateSpec of Kubernetes ${KUBERNETES_VERSION}`;
  return { ...fault, rule, ...(part && { fix: `write it as ${PATH}.${part}.${name}` }) };
}

const PARTS = typeOf(POD_TEMPLATE).properties ?? {};

function reservedFaults(path: string, keys: Section): ArgumentFault[] {
  return Object.keys(keys)
    .filter((key) => OURS.test(key))
    .map((key) => ({
      path: `${path}["${key}"]`,
      rule: "is reserved for the component",
      fix: "choose another key",
    }));
}

/** Another container may be anything; of the component's own, the plan decides the size. */
function containerFaults(path: string, container: Section): ArgumentFault[] {
  const own = OWN_CONTAINERS[String(container.name)];
  const root = rootFaults(path, container);
  if (own === undefined) return root;
  const fields = Object.entries(own).flatMap(([field, argument]) =>
    container[field] === undefined
      ? []
      : [decided(`${path}.${field}`, `set it by the argument ${argument}`)],
  );
  const variables = list(container.env).flatMap((one, index) => {
    const { name } = entries(one);
    if (typeof name !== "string" || !OUR_VARIABLES.test(name)) return [];
    const rule = "is reserved for the component";
    const fix = "set it by the argument for that setting, or choose another name";
    return [{ path: `${path}.env[${index}].name`, value: name, rule, fix }];
  });
  return [...root, ...fields, ...variables];
}

function rootFaults(path: string, { securityContext }: Section): ArgumentFault[] {
  const { runAsUser: value } = entries(securityContext);
  if (value !== 0) return [];
  const rule = "must be the id of a user other than root";
  return [{ path: `${path}.securityContext.runAsUser`, value, rule, fix: "set it to 1 or more" }];
}

const decided = (path: string, fix: string): ArgumentFault => ({
  path,
  rule: "is decided by the component",
  fix,
});

const entries = (value: unknown): Section => (isKnownMap(value) ? value : {});

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
