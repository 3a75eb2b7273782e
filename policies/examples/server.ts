import {
  CONSTANTS,
  type CompleteServerLoad,
  completedServer,
  INPUTS,
  type ServerLoad,
  serverPlan,
} from "@mcp-fleet/contract/capacity";
import { plannedServer, valuesOf } from "../capacity/planned-facts.ts";
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

const NAME = "github-server";
const PORT = 8080;

/** The MCP server `github-server`, as manifests written by hand from a plan: three pods for 1,000 sessions, addressed by name. */
export function serverStack(load: Partial<ServerLoad> = {}): ResourceDescription[] {
  const given = { sessions: 1000, replicas: 3, ...load, name: NAME };
  const callTimeoutMaxSeconds = INPUTS.callTimeoutMaxSeconds.default;
  const complete = completedServer(given, { sessions: given.sessions, callTimeoutMaxSeconds });
  const headless = { clusterIP: "None", publishNotReadyAddresses: true };
  return [statefulSet(complete), service(NAME, PORT, headless), budget(NAME), networkPolicy(NAME)];
}

function factsOf(load: CompleteServerLoad): FactValues {
  const { sessions, replicas, callTimeoutMaxSeconds, podSessions, maxReplicas } = load;
  const { sessionBytes, processBytes, memoryBytes } = load;
  return {
    role: "server",
    ...valuesOf(plannedServer(load)),
    stateful: load.stateful,
    transport: "streamable-http",
    planInputs: {
      sessions,
      replicas,
      callTimeoutMaxSeconds,
      sessionBytes,
      processBytes,
      memoryBytes,
      ...(podSessions !== undefined && { podSessions }),
      ...(maxReplicas > 0 && { maxReplicas }),
    },
  };
}

function statefulSet(load: CompleteServerLoad): ResourceDescription {
  const { replicas, grace } = serverPlan(load);
  const described = annotations(factsOf(load)) as Readonly<Record<string, string>>;
  return manifest(
    "apps/v1:StatefulSet",
    NAME,
    {
      metadata: { annotations: described },
      spec: {
        replicas: replicas.value,
        serviceName: NAME,
        podManagementPolicy: "Parallel",
        selector: { matchLabels: labelsOf(NAME) },
        template: {
          metadata: { labels: labelsOf(NAME) },
          spec: {
            ...RESTRICTED_POD,
            terminationGracePeriodSeconds: grace.terminationGrace.value,
            topologySpreadConstraints: spreadOf(NAME),
            containers: [container(load)],
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

function container(load: CompleteServerLoad): Json {
  const { memory, grace } = serverPlan(load);
  const tcpSocket = { port: "mcp" };
  const size = String(memory.value);
  return {
    name: "server",
    image: image("github-mcp"),
    ports: [{ name: "mcp", containerPort: PORT }],
    resources: {
      requests: { cpu: `${CONSTANTS.serverCpu.value}m`, memory: size },
      limits: { memory: size },
    },
    lifecycle: { preStop: { sleep: { seconds: grace.preStop.value } } },
    startupProbe: { tcpSocket, periodSeconds: 1, failureThreshold: grace.startup.value },
    readinessProbe: { tcpSocket, periodSeconds: 5, failureThreshold: 2 },
    livenessProbe: { tcpSocket, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    securityContext: RESTRICTED_CONTAINER,
  };
}
