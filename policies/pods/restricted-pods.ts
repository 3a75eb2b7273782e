import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";
import { allContainers } from "./all-containers.ts";
import {
  CONTAINER_RULES,
  EITHER,
  type FieldRule,
  isAllowed,
  POD_RULES,
  SYSCTLS,
  VOLUMES,
} from "./pod-rules.ts";

const APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/";
const TOKEN: FieldRule = {
  path: "automountServiceAccountToken",
  allows: (value) => value === false,
  fix: "set automountServiceAccountToken: false",
};

export const restrictedPods = policy({
  name: "restricted-pods",
  level: "mandatory",
  isLocal: true,
  rule: "Pods meet the restricted Pod Security Standard and have no token of the Kubernetes API.",
  prevents:
    "A server that acts on a model's instructions is tricked into reading files of the node or Secrets of the cluster",
  source:
    "Kubernetes: the restricted Pod Security Standard of 1.34. By default, a pod gets the token of its service account",
  remediation:
    "Run without root, privileges, capabilities and host access; the message names the field to set. Add roles whose pods call the Kubernetes API to tokenRoles.",
  settings: {
    tokenRoles: {
      type: "list",
      default: [],
      description: "Roles whose pods may have a token of the Kubernetes API, such as server",
    },
  },
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.containers[0].securityContext.privileged": true,
    }),
    says: "spec.template.spec.containers[0].securityContext.privileged violates the restricted standard",
  },
  subjects: ({ workloads }) => workloads,
  *judge({ template, podSpec, role }, _, { tokenRoles }) {
    if (!tokenRoles.includes(role)) yield* judgeFields(podSpec, [TOKEN]);
    yield* judgeFields(podSpec, POD_RULES);
    yield* judgeSysctls(podSpec);
    yield* judgeVolumes(podSpec);
    for (const container of allContainers(podSpec)) {
      yield* judgeFields(container, CONTAINER_RULES);
      const missing = EITHER.filter((rule) => !isAllowed(podSpec, rule));
      yield* judgeFields(container, missing);
      yield* judgeCapabilities(container);
      yield* judgePorts(container);
    }
    yield* judgeAnnotations(template);
  },
});

function* judgeFields(fields: Fields, rules: readonly FieldRule[]): Iterable<string> {
  for (const rule of rules) {
    if (!isAllowed(fields, rule)) yield fault(fields.at(rule.path), rule.fix);
  }
}

const fault = ({ path }: Fields, fix: string): string =>
  `${path} violates the restricted standard; ${fix}`;

function* judgeCapabilities(container: Fields): Iterable<string> {
  const capabilities = container.at("securityContext.capabilities");
  const [drop, add] = [capabilities.at("drop"), capabilities.at("add")];
  if (!drop.items().some((name) => name.text() === "ALL")) yield fault(drop, "set drop: [ALL]");
  if (add.items().some((name) => name.text() !== "NET_BIND_SERVICE")) {
    yield fault(add, "add only NET_BIND_SERVICE");
  }
}

function* judgePorts(container: Fields): Iterable<string> {
  for (const port of container.at("ports").items()) {
    const hostPort = port.at("hostPort");
    if (hostPort.isThere && hostPort.number() !== 0) {
      yield fault(hostPort, "remove it, and use a Service");
    }
  }
}

function* judgeVolumes(podSpec: Fields): Iterable<string> {
  for (const volume of podSpec.at("volumes").items()) {
    const kinds = [...volume.members().keys()].filter((name) => name !== "name");
    // A volume without a type is an emptyDir.
    if (kinds.every((kind) => VOLUMES.has(kind) || !volume.member(kind).isThere)) continue;
    yield fault(volume, `use one of ${[...VOLUMES].join(", ")}`);
  }
}

function* judgeSysctls(podSpec: Fields): Iterable<string> {
  for (const sysctl of podSpec.at("securityContext.sysctls").items()) {
    if (!SYSCTLS.has(sysctl.at("name").text())) yield fault(sysctl, "remove it");
  }
}

function* judgeAnnotations(template: Fields): Iterable<string> {
  const annotations = template.at("metadata.annotations");
  for (const [name, profile] of Object.entries(annotations.texts())) {
    if (!name.startsWith(APP_ARMOR)) continue;
    if (["", "runtime/default"].includes(profile) || profile.startsWith("localhost/")) continue;
    yield fault(annotations.member(name), "set it to runtime/default");
  }
}
