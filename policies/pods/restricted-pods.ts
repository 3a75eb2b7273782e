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
  fix: "write automountServiceAccountToken: false",
};

export const restrictedPods = policy({
  name: "restricted-pods",
  level: "mandatory",
  isLocal: true,
  rule: "Pods keep to the restricted Pod Security Standard, and have no token of the cluster's API.",
  prevents:
    "A server that runs what a model tells it to is talked into reading the node's files, or the cluster's Secrets",
  source:
    "Kubernetes: the restricted Pod Security Standard of 1.34. A pod gets the token of its account unless somebody says no",
  remediation:
    "Run without root, privileges, capabilities and anything of the host: the message says which field to write. Give tokenRoles a role whose pods talk to the cluster.",
  settings: {
    tokenRoles: {
      type: "list",
      default: [],
      about: "Roles whose pods may have a token of the cluster's API, such as server",
    },
  },
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.containers[0].securityContext.privileged": true,
    }),
    says: "spec.template.spec.containers[0].securityContext.privileged is not restricted",
  },
  subjects: ({ workloads }) => workloads,
  *judge({ template, podSpec, role }, _, { tokenRoles }) {
    if (!tokenRoles.includes(role)) yield* judgeFields(podSpec, [TOKEN]);
    yield* judgeFields(podSpec, POD_RULES);
    yield* judgeSysctls(podSpec);
    yield* judgeVolumes(podSpec);
    for (const container of allContainers(podSpec)) {
      yield* judgeFields(container, CONTAINER_RULES);
      const unsaid = EITHER.filter((rule) => !isAllowed(podSpec, rule));
      yield* judgeFields(container, unsaid);
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

const fault = ({ path }: Fields, fix: string): string => `${path} is not restricted: ${fix}`;

function* judgeCapabilities(container: Fields): Iterable<string> {
  const capabilities = container.at("securityContext.capabilities");
  const [drop, add] = [capabilities.at("drop"), capabilities.at("add")];
  if (!drop.items().some((name) => name.text() === "ALL")) yield fault(drop, "write drop: [ALL]");
  if (add.items().some((name) => name.text() !== "NET_BIND_SERVICE")) {
    yield fault(add, "add nothing but NET_BIND_SERVICE");
  }
}

function* judgePorts(container: Fields): Iterable<string> {
  for (const port of container.at("ports").items()) {
    const hostPort = port.at("hostPort");
    if (hostPort.isThere && hostPort.number() !== 0) {
      yield fault(hostPort, "leave it out, and write a Service");
    }
  }
}

function* judgeVolumes(podSpec: Fields): Iterable<string> {
  for (const volume of podSpec.at("volumes").items()) {
    const kinds = [...volume.members().keys()].filter((name) => name !== "name");
    // One that says no kind is an emptyDir.
    if (kinds.every((kind) => VOLUMES.has(kind) || !volume.member(kind).isThere)) continue;
    yield fault(volume, `its kind may be ${[...VOLUMES].join(", ")}`);
  }
}

function* judgeSysctls(podSpec: Fields): Iterable<string> {
  for (const sysctl of podSpec.at("securityContext.sysctls").items()) {
    if (!SYSCTLS.has(sysctl.at("name").text())) yield fault(sysctl, "leave it out");
  }
}

function* judgeAnnotations(template: Fields): Iterable<string> {
  const annotations = template.at("metadata.annotations");
  for (const [name, profile] of Object.entries(annotations.texts())) {
    if (!name.startsWith(APP_ARMOR)) continue;
    if (["", "runtime/default"].includes(profile) || profile.startsWith("localhost/")) continue;
    yield fault(annotations.member(name), "write runtime/default");
  }
}
