/** Why findings of a rule stay, and on which objects. */
export interface Accepted {
  /** All objects with such findings, such as `Deployment eng-gateway`. Default: every object. */
  readonly on?: RegExp;
  readonly reason: string;
}

/** The workloads of MCP servers, whose image and limits are the user's. */
const SERVERS = /^(?:Deployment|StatefulSet) [a-z]+-server$/;

/** The workloads with `podTemplate`, which adds a sidecar and an own user. */
const WITH_TEMPLATE =
  /^(?:Deployment (?:eng-gateway|github-proxy)|StatefulSet (?:github-server|encrypted-(?:redis|sentinel)))$/;

/** Those, MCP servers, and the store. */
const OF_OTHERS =
  /^(?:Deployment (?:eng-gateway|github-proxy|search-server)|StatefulSet (?:[a-z]+-server|(?:encrypted|volatile)-(?:redis|sentinel)))$/;

const ALONE = /^Deployment (?:edge-gateway|jira-proxy)$/;

const PULL_POLICY =
  "`IfNotPresent`: an image is named by a version or digest, which a pull would not change, and a registry that is away stops no pod. `imagePullPolicy` says otherwise";
const NO_CPU_LIMIT =
  "A limit of CPU throttles where cores are idle; requests share them out. Memory has a limit. `resources` and `podTemplate` can say one";
const USERS_SIDECAR =
  "Of `podTemplate` of this stack: a sidecar, and the user 1234. Gateways, proxies and servers without it run as 65532";
const ROOT_FILES =
  "Of images that are the user's: MCP servers, and the sidecar of this stack. Containers of gateways, proxies and the store have it read-only; `podTemplate` says it for a server";
const SPREAD =
  "Pods are spread by `topologySpreadConstraints`, which the rule does not know; `spread: Required` makes it a must";

/** By the checker and its rule. A rule that finds nothing any more is taken out. */
export const ACCEPTED: Readonly<Record<string, Accepted>> = {
  "checkov CKV_K8S_8": { on: WITH_TEMPLATE, reason: USERS_SIDECAR },
  "checkov CKV_K8S_9": { on: WITH_TEMPLATE, reason: USERS_SIDECAR },
  "checkov CKV_K8S_11": { on: OF_OTHERS, reason: NO_CPU_LIMIT },
  "checkov CKV_K8S_15": { reason: PULL_POLICY },
  "checkov CKV_K8S_21": {
    reason: "The program of this stack says no `namespace` for them. A component takes one",
  },
  "checkov CKV_K8S_22": { on: OF_OTHERS, reason: ROOT_FILES },
  "checkov CKV_K8S_35": {
    on: /^(?:Deployment (?:edge-gateway|eng-gateway|github-proxy|jira-proxy)|StatefulSet (?:github-server|encrypted-redis))$/,
    reason:
      "The admin token, the key of owners, the exporter's password and `secrets` of servers are variables: who reads the environment of a container can read its files, too. What changes without a restart, passwords of stores and keys of sessions, are files",
  },
  "checkov CKV_K8S_40": {
    on: OF_OTHERS,
    reason: `${USERS_SIDECAR}. The store runs as 999, the user of the images of Redis and Valkey`,
  },
  "checkov CKV_K8S_43": {
    reason:
      "Images of this stack have a version. The image of a release has its digest, and the policy pinned-images asks for one or a version",
  },
  "kube-score container-ephemeral-storage-request-and-limit": {
    on: OF_OTHERS,
    reason:
      "What a server writes is known to its user only, who says it by `resources` or `podTemplate`; the sidecar is of this stack",
  },
  "kube-score container-image-pull-policy": { reason: PULL_POLICY },
  "kube-score container-resources": { on: OF_OTHERS, reason: NO_CPU_LIMIT },
  "kube-score container-security-context-readonlyrootfilesystem": {
    on: OF_OTHERS,
    reason: ROOT_FILES,
  },
  "kube-score container-security-context-user-group-id": {
    on: OF_OTHERS,
    reason: `${USERS_SIDECAR}. The store runs as 999, the user of the images of Redis and Valkey`,
  },
  "kube-score deployment-has-host-podantiaffinity": { reason: SPREAD },
  "kube-score deployment-replicas": {
    on: ALONE,
    reason: "One process with its sessions in its memory, which `acceptRisk` says is wanted",
  },
  "kube-score deployment-strategy": {
    on: ALONE,
    reason: "`Recreate`: two processes with sessions in their memory would not know each other's",
  },
  "kube-score deployment-targeted-by-hpa-does-not-have-replicas-configured": {
    reason:
      "The number to start with: without it a Deployment falls to one pod when an autoscaler is added. Later updates leave it alone (`ignoreChanges`)",
  },
  "kube-score pod-probes-identical": {
    on: SERVERS,
    reason:
      "MCP defines no probe: both ask whether the port is open, liveness with more patience. `podTemplate` says others",
  },
  "kube-score service-targets-pod": {
    on: /^Service (?:encrypted|volatile)-(?:redis|sentinel)-\d$/,
    reason:
      "A Service for each pod of the store, by the label `statefulset.kubernetes.io/pod-name`, which Kubernetes adds to pods",
  },
  "kube-score statefulset-has-host-podantiaffinity": { reason: SPREAD },
};
