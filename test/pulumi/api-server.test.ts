import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ApiServer, hasApiServer } from "../../testkit/cluster/api-server.ts";
import { Manifest } from "../../testkit/cluster/manifest.ts";

/** A Deployment with lines of YAML added to its metadata, spec, pod and container. */
function deployment(added: { name?: string; spec?: string; pod?: string; container?: string }) {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${added.name ?? "gateway"}, namespace: fleet }
spec:
  ${added.spec ?? "replicas: 2"}
  selector: { matchLabels: { app: gateway } }
  template:
    metadata: { labels: { app: gateway } }
    spec:
      ${added.pod ?? "terminationGracePeriodSeconds: 60"}
      containers:
        - name: gateway
          image: example.test/gateway:1
          ${added.container ?? "ports: [{ name: http, containerPort: 4483 }]"}
`;
}

const POD_DISRUPTION_BUDGET = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: gateway, namespace: fleet }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: gateway } } }
`;

const NETWORK_POLICY = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: gateway, namespace: fleet }
spec:
  podSelector: { matchLabels: { app: gateway } }
  policyTypes: [Ingress]
  ingress: [{ ports: [{ port: 4483, protocol: TCP }] }]
`;

const AUTOSCALER = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: gateway, namespace: fleet }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: gateway }
  minReplicas: 2
  maxReplicas: 5
  metrics:
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: 70 } }
`;

const HTTP_ROUTE = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: gateway, namespace: fleet }
spec:
  parentRefs: [{ name: public, namespace: edge }]
  hostnames: [mcp.example.test]
  rules: [{ backendRefs: [{ name: gateway, port: 80 }] }]
`;

const SERVICE_MONITOR = `
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: gateway, namespace: fleet }
spec:
  selector: { matchLabels: { app: gateway } }
  endpoints: [{ port: metrics, interval: 30s }]
`;

const PROMETHEUS_RULE = `
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: gateway, namespace: fleet }
spec: { groups: [{ name: gateway, rules: [{ alert: Down, expr: "up == 0", for: 60s }] }] }
`;

const CERTIFICATE = `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: redis, namespace: store }
spec:
  secretName: redis-tls
  dnsNames: [redis.store.svc]
  issuerRef: { name: internal, kind: ClusterIssuer }
`;

const SOUND = [
  deployment({}),
  POD_DISRUPTION_BUDGET,
  NETWORK_POLICY,
  AUTOSCALER,
  HTTP_ROUTE,
  SERVICE_MONITOR,
  PROMETHEUS_RULE,
  CERTIFICATE,
].join("---");

const ULIMITS = deployment({ pod: "securityContext: { ulimits: [{ name: nofile, soft: 4096 }] }" });

const FAULTY = [
  [
    "a field that no pod has",
    ULIMITS,
    "apps/v1 Deployment fleet/gateway",
    ".spec.template.spec.securityContext.ulimits: field not declared in schema",
  ],
  [
    "a word for a number",
    deployment({ spec: "replicas: two" }),
    "apps/v1 Deployment fleet/gateway",
    ".spec.replicas",
  ],
  [
    "a number for the value of a variable",
    deployment({ container: "env: [{ name: PORT, value: 4483 }]" }),
    "apps/v1 Deployment fleet/gateway",
    '.spec.template.spec.containers[name="gateway"].env[name="PORT"].value',
  ],
  [
    "a port above 65535",
    deployment({ container: "ports: [{ containerPort: 70000 }]" }),
    "apps/v1 Deployment fleet/gateway",
    "spec.template.spec.containers[0].ports[0].containerPort",
  ],
  [
    "a name with capitals",
    deployment({ name: "Gateway_1" }),
    "apps/v1 Deployment fleet/Gateway_1",
    'metadata.name: Invalid value: "Gateway_1"',
  ],
  [
    "a namespace with capitals",
    POD_DISRUPTION_BUDGET.replace("fleet", "Fleet"),
    "v1 Namespace Fleet",
    'metadata.name: Invalid value: "Fleet"',
  ],
  [
    "a kind that does not exist",
    POD_DISRUPTION_BUDGET.replace("PodDisruptionBudget", "PodDisruptionPlan"),
    "policy/v1 PodDisruptionPlan fleet/gateway",
    'no matches for kind "PodDisruptionPlan" in version "policy/v1"',
  ],
  [
    "a version that is gone",
    AUTOSCALER.replace("autoscaling/v2", "autoscaling/v2beta2"),
    "autoscaling/v2beta2 HorizontalPodAutoscaler fleet/gateway",
    'no matches for kind "HorizontalPodAutoscaler" in version "autoscaling/v2beta2"',
  ],
] as const;

const FAULTY_CUSTOM = [
  [
    "HTTPRoute",
    HTTP_ROUTE.replace("hostnames:", "hosts:"),
    ".spec.hosts: field not declared in schema",
  ],
  ["HTTPRoute", HTTP_ROUTE.replace("port: 80", "port: 0"), "spec.rules[0].backendRefs[0].port"],
  ["ServiceMonitor", SERVICE_MONITOR.replace("30s", "soon"), "spec.endpoints[0].interval"],
  ["PrometheusRule", PROMETHEUS_RULE.replace("60s", "soon"), "spec.groups[0].rules[0].for"],
  ["Certificate", CERTIFICATE.replace("secretName", "secret"), ".spec.secret: field not declared"],
] as const;

const RESTRICTED = `securityContext:
            allowPrivilegeEscalation: false
            capabilities: { drop: [ALL] }
            runAsNonRoot: true
            seccompProfile: { type: RuntimeDefault }`;

describe.skipIf(!hasApiServer)("manifests, judged by a Kubernetes API server", () => {
  let server: ApiServer;
  let folder: string;

  beforeAll(async () => {
    server = await ApiServer.start();
    folder = mkdtempSync(join(tmpdir(), "mcp-fleet-manifests-"));
  }, ApiServer.START_LIMIT_MS);

  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await server.stop();
  });

  it("are sound, 8 kinds in 2 namespaces that do not exist", async () => {
    expect(await server.dryRun(SOUND)).toEqual([]);
  });

  it("come from 3 files in a folder, 1 of them within another", async () => {
    mkdirSync(join(folder, "store"));
    writeFileSync(join(folder, "budget.yaml"), POD_DISRUPTION_BUDGET);
    writeFileSync(join(folder, "policy.yml"), NETWORK_POLICY.replace("ingress:", "inward:"));
    writeFileSync(join(folder, "store/gateway.yaml"), ULIMITS);
    const faults = await server.dryRun(Manifest.read(folder));
    expect(faults.map(({ object }) => object)).toEqual([
      "networking.k8s.io/v1 NetworkPolicy fleet/gateway",
      "apps/v1 Deployment fleet/gateway",
    ]);
  });

  it.each(FAULTY)("have one fault, named, with %s", async (_what, yaml, object, message) => {
    const faults = await server.dryRun(yaml);
    expect(faults).toEqual([{ object, message: expect.stringContaining(message) }]);
  });

  it.for(FAULTY_CUSTOM)("have one fault, named, in a wrong %s", async (wrong, { skip }) => {
    const [kind, yaml, message] = wrong;
    skip(!server.knows(kind), "the cluster does not know the kind");
    const faults = await server.dryRun(yaml);
    expect(faults.map((fault) => fault.message)).toEqual([expect.stringContaining(message)]);
  });

  it("have one fault per object, though 9 are applied at once", async () => {
    const faults = await server.dryRun([ULIMITS, SOUND, ULIMITS].join("---"));
    expect(faults).toHaveLength(2);
  });

  it("violate restricted pod security with 4 fields that are not set", async () => {
    expect(await server.dryRun(deployment({}))).toEqual([]);
    const faults = await server.dryRun(deployment({}), { podSecurity: "restricted" });
    expect(faults).toEqual([
      {
        object: "apps/v1 Deployment fleet/gateway",
        message: expect.stringMatching(/^Warning: .*restricted/),
      },
    ]);
    for (const field of [
      "allowPrivilegeEscalation",
      "capabilities.drop",
      "runAsNonRoot",
      "seccompProfile",
    ]) {
      expect(faults[0]?.message).toContain(field);
    }
    const restricted = deployment({ container: RESTRICTED });
    expect(await server.dryRun(restricted, { podSecurity: "restricted" })).toEqual([]);
  });

  it("are never none", async () => {
    await expect(server.dryRun("# nothing\n")).rejects.toThrow("no objects");
  });
});
