import { completed, type PlanInputs, processPlan } from "@mcp-fleet/contract/capacity";
import { PORTS } from "@mcp-fleet/contract/settings";
import { plannedProcess, valuesOf } from "../capacity/planned-facts.ts";
import type { ResourceDescription } from "../stack/resource.ts";
import { annotations, type FactValues, type Json } from "./edit.ts";
import {
  budget,
  image,
  labelsOf,
  manifest,
  networkPolicy,
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
  service,
  spreadOf,
} from "./manifest.ts";

const DEFAULTS = { backends: 2, store: "sentinel" } as const;

const { admin: ADMIN_PORT, mcp: PORT } = PORTS;

/** The store of the gateway examples. */
export const STORE_ADDRESSES = [0, 1, 2].map(
  (ordinal) => `sessions-sentinel-${ordinal}.mcp.svc:26379`,
);

/** The gateway `eng-gateway`, as manifests written by hand from a plan: Deployment, Service and budget. */
export function gatewayStack(inputs: Partial<PlanInputs> = {}): ResourceDescription[] {
  const name = "eng-gateway";
  const given = { sessions: 1000, ...DEFAULTS, ...inputs };
  const facts = {
    role: "gateway",
    ...processFacts(given),
    backendNames: ["github", "wiki"],
    backendHosts: { github: "github-proxy.mcp.svc.cluster.local", wiki: "wiki.example.com" },
    statefulBackends: [],
    incomingAuth: "oidc",
    exposed: false,
    keyPrefix: "mcp-fleet:eng:",
  };
  return [
    processDeployment(name, given, facts),
    service(name, PORT),
    budget(name),
    networkPolicy(name),
  ];
}

/** The proxies `github-proxy` of a server, as manifests written by hand from a plan. */
export function proxyStack(inputs: Partial<PlanInputs> = {}): ResourceDescription[] {
  const name = "github-proxy";
  const given = { sessions: 1000, ...DEFAULTS, backends: 1, idleTtlSeconds: 7200, ...inputs };
  const facts = {
    role: "proxy",
    ...processFacts(given),
    backendHosts: {},
    statefulBackends: [],
    keyPrefix: "mcp-fleet:github:proxy:github:",
  };
  return [
    processDeployment(name, given, facts),
    service(name, PORT),
    budget(name),
    networkPolicy(name),
  ];
}

function processFacts(given: PlanInputs): FactValues {
  const { sessions: _, ...planInputs } = given;
  return {
    ...valuesOf(plannedProcess(given)),
    sessionAffinity: "None",
    store: given.store,
    storeAddresses: STORE_ADDRESSES,
    planInputs,
  } as FactValues;
}

function processDeployment(
  name: string,
  given: PlanInputs,
  facts: FactValues,
): ResourceDescription {
  const { replicas, memory, cpu, cpuLimit, requiredNofile, grace } = processPlan(completed(given));
  const described = annotations(facts) as Readonly<Record<string, string>>;
  const probe = (path: string, periodSeconds: number) => ({
    httpGet: { path, port: ADMIN_PORT },
    periodSeconds,
  });
  const container: Json = {
    name: String(facts.role),
    image: image("mcp-fleet"),
    args: [String(facts.role), "--config", "/etc/mcp-fleet/configuration.json"],
    ports: [
      { name: "mcp", containerPort: PORT },
      { name: "admin", containerPort: ADMIN_PORT },
    ],
    env: [{ name: "MCP_FLEET_NOFILE_REQUIRED", value: String(requiredNofile.value) }],
    resources: {
      requests: { cpu: `${cpu.value}m`, memory: String(memory.value) },
      limits: { cpu: `${cpuLimit.value}m`, memory: String(memory.value) },
    },
    lifecycle: { preStop: { sleep: { seconds: grace.preStop.value } } },
    startupProbe: { ...probe("/livez", 1), failureThreshold: grace.startup.value },
    livenessProbe: probe("/livez", grace.livenessPeriod.value),
    readinessProbe: probe("/readyz", grace.readinessPeriod.value),
    securityContext: RESTRICTED_CONTAINER,
  };
  return manifest(
    "apps/v1:Deployment",
    name,
    {
      metadata: { annotations: described },
      spec: {
        replicas: replicas.value,
        progressDeadlineSeconds: grace.progressDeadline.value,
        selector: { matchLabels: labelsOf(name) },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: { labels: labelsOf(name) },
          spec: {
            ...RESTRICTED_POD,
            terminationGracePeriodSeconds: grace.terminationGrace.value,
            topologySpreadConstraints: spreadOf(name),
            containers: [container],
          },
        },
      },
    },
    {
      createSeconds: grace.createTimeout.value,
      updateSeconds: grace.updateTimeout.value,
      deleteSeconds: grace.deleteTimeout.value,
    },
  );
}
