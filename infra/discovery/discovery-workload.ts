import { TIMES } from "@mcp-fleet/contract/capacity";
import * as k8s from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { DEFAULT_IMAGE } from "../image.ts";
import { ephemeralStorage } from "../pods/ephemeral-storage.ts";
import { DNS, destinationRules, ELSEWHERE, scrapers } from "../pods/network-peers.ts";
import { podTemplate, RESTRICTED } from "../pods/pod-template.ts";
import { serviceAccountName } from "../pods/service-account.ts";
import { ADMIN_PORT } from "../process/process-spec.ts";
import { discoveryVariables } from "./discovery-settings.ts";
import {
  type DiscoverySpec,
  isLookedFor,
  labelsOf,
  logicalNameOf,
  nameOf,
  selectorOf,
} from "./discovery-spec.ts";
import { backendsConfigMap, type FoundBackends, foundBackends } from "./found-backends.ts";
import { rights } from "./rights.ts";

/** Kubernetes' own port, and that of most API servers. */
const API_PORTS = [443, 6443];

/** It finishes nothing: what it has written stays. */
const GRACE_SECONDS = 30;

/** What it takes for 5,000 objects of each kind, with a heap that leaves room for the rest of Node. */
const MEMORY = "256Mi";
const HEAP_MEBIBYTES = 160;

/** Creates the process that looks for backends, with rights of its own, and the ConfigMap that it writes. */
export function discoveryWorkload(spec: DiscoverySpec): FoundBackends {
  const { parent, namespace, discovery, workload } = spec;
  const configMap = backendsConfigMap(spec);
  if (!isLookedFor(discovery)) return foundBackends(discovery, configMap);
  const account = serviceAccountName({
    logicalName: logicalNameOf(spec),
    name: nameOf(spec),
    namespace,
    labels: labelsOf(spec),
    parent,
    user: discovery.serviceAccount,
  });
  if (discovery.rbac ?? true) rights(spec, account, configMap);
  deployment(spec, account);
  if (workload.networkPolicy?.enabled ?? true) networkPolicy(spec);
  if (spec.process.monitoring?.serviceMonitor) podMonitor(spec);
  return foundBackends(discovery, configMap);
}

function deployment(spec: DiscoverySpec, account: Input<string>): void {
  const { parent, namespace, workload } = spec;
  const template = podTemplate({
    labels: labelsOf(spec),
    selector: selectorOf(spec),
    workload,
    graceSeconds: GRACE_SECONDS,
    serviceAccountName: account,
    hasToken: true,
    containers: [container(spec)],
    surges: true,
  });
  new k8s.apps.v1.Deployment(
    logicalNameOf(spec),
    {
      metadata: { name: nameOf(spec), namespace, labels: labelsOf(spec) },
      // While two of them run during a rollout, neither undoes what the other has written.
      spec: { replicas: 1, selector: { matchLabels: selectorOf(spec) }, template },
    },
    { parent },
  );
}

function container(spec: DiscoverySpec): k8s.types.input.core.v1.Container {
  const { image = DEFAULT_IMAGE, imagePullPolicy = "IfNotPresent" } = spec.process;
  const get = (path: string) => ({ httpGet: { path, port: "admin" } });
  const local = ephemeralStorage();
  return {
    name: "discover",
    image,
    imagePullPolicy,
    args: ["discover"],
    ports: [{ name: "admin", containerPort: ADMIN_PORT }],
    env: [
      { name: "NODE_OPTIONS", value: `--max-old-space-size=${HEAP_MEBIBYTES}` },
      ...Object.entries(discoveryVariables(spec)).map(([name, value]) => ({ name, value })),
    ],
    resources: {
      requests: { cpu: "50m", memory: MEMORY, ...local.requests },
      limits: { cpu: "1", memory: MEMORY, ...local.limits },
    },
    startupProbe: { ...get("/livez"), periodSeconds: 1, failureThreshold: TIMES.startup.value },
    livenessProbe: {
      ...get("/livez"),
      periodSeconds: TIMES.livenessPeriod.value,
      timeoutSeconds: 5,
      failureThreshold: TIMES.livenessFailures.value,
    },
    readinessProbe: { ...get("/readyz"), periodSeconds: 5 },
    securityContext: { ...RESTRICTED, readOnlyRootFilesystem: true },
    terminationMessagePolicy: "FallbackToLogsOnError",
  };
}

/** It reaches DNS and the API server, wherever that is, and only Prometheus reaches it. */
function networkPolicy(spec: DiscoverySpec): void {
  const { parent, namespace, workload, process } = spec;
  const { serviceMonitor = false, from } = process.monitoring ?? {};
  const prometheus = serviceMonitor || from !== undefined ? scrapers(from) : [];
  const port = (number: number) => ({ port: number, protocol: "TCP" });
  new k8s.networking.v1.NetworkPolicy(
    logicalNameOf(spec),
    {
      metadata: { name: nameOf(spec), namespace, labels: labelsOf(spec) },
      spec: {
        podSelector: { matchLabels: selectorOf(spec) },
        policyTypes: ["Ingress", "Egress"],
        ingress: prometheus.length > 0 ? [{ ports: [port(ADMIN_PORT)], from: prometheus }] : [],
        egress: [
          DNS,
          { ports: API_PORTS.map(port), to: [...ELSEWHERE] },
          ...destinationRules(workload.networkPolicy?.egress),
        ],
      },
    },
    { parent },
  );
}

function podMonitor(spec: DiscoverySpec): void {
  const { parent, namespace, process } = spec;
  const labels = { ...process.monitoring?.labels, ...labelsOf(spec) };
  new k8s.apiextensions.CustomResource(
    `${logicalNameOf(spec)}-monitor`,
    {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PodMonitor",
      metadata: { name: nameOf(spec), namespace, labels },
      spec: {
        selector: { matchLabels: selectorOf(spec) },
        podMetricsEndpoints: [{ port: "admin", path: "/metrics", interval: "15s" }],
      },
    },
    { parent },
  );
}
