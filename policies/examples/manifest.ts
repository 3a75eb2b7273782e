import type { ResourceDescription, Timeouts } from "../stack/resource.ts";
import type { Json } from "./edit.ts";

/** The namespace of all examples. */
export const NAMESPACE = "mcp";

/** A Kubernetes manifest as written by hand: `manifest("apps/v1:Deployment", "eng-gateway", { spec })`. */
export function manifest(
  type: string,
  name: string,
  { metadata = {}, ...rest }: Readonly<Record<string, Json>>,
  timeouts?: Timeouts,
): ResourceDescription {
  const own = { name, namespace: NAMESPACE, ...(metadata as Readonly<Record<string, Json>>) };
  const kind = `kubernetes:${type}`;
  return {
    type: kind,
    urn: `urn:pulumi:examples::examples::${kind}::${name}`,
    name,
    props: { metadata: own, ...rest },
    ...(timeouts && { timeouts }),
  };
}

/** The labels of pods, and of their selectors. */
export const labelsOf = (name: string): Readonly<Record<string, string>> => ({ app: name });

/** A Service for the pods of that name. */
export function service(name: string, port: number, spec: Readonly<Record<string, Json>> = {}) {
  return manifest("core/v1:Service", name, {
    spec: { selector: labelsOf(name), ports: [{ name: "mcp", port }], ...spec },
  });
}

/** A budget that allows one eviction at a time. */
export function budget(name: string): ResourceDescription {
  return manifest("policy/v1:PodDisruptionBudget", name, {
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: labelsOf(name) },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  });
}

/** A NetworkPolicy that admits gateways only, and lets pods reach everything but link-local addresses. */
export function networkPolicy(name: string): ResourceDescription {
  return manifest("networking.k8s.io/v1:NetworkPolicy", name, {
    spec: {
      podSelector: { matchLabels: labelsOf(name) },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: { matchLabels: labelsOf("eng-gateway") } }] }],
      egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }] }],
    },
  });
}

/** The image of all examples, pinned by digest. */
export const image = (name: string): string =>
  `registry.example.com/${name}@sha256:${"0".repeat(64)}`;

/** Pods that meet the restricted Pod Security Standard. */
export const RESTRICTED_POD = {
  automountServiceAccountToken: false,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65532,
    seccompProfile: { type: "RuntimeDefault" },
  },
} as const;

export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;

/** Spreads the pods evenly over nodes. */
export const spreadOf = (
  name: string,
  whenUnsatisfiable: "ScheduleAnyway" | "DoNotSchedule" = "ScheduleAnyway",
): Json => [
  {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable,
    labelSelector: { matchLabels: labelsOf(name) },
  },
];
