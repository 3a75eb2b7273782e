import { TIMES } from "@mcp-fleet/contract/capacity";
import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";

/** What a probe of a gateway or proxy asks for, and what is missing without it. */
const PROCESS_PROBES = {
  startupProbe: {
    path: "/livez",
    without: "livenessProbe restarts a pod that is still starting",
  },
  livenessProbe: {
    path: "/livez",
    without: "a pod that stands still is never restarted",
  },
  readinessProbe: {
    path: "/readyz",
    without: "a pod gets calls before it can serve them, and after it has begun to end",
  },
} as const;

type ProbeName = keyof typeof PROCESS_PROBES;
const PROBE_NAMES = Object.keys(PROCESS_PROBES) as ProbeName[];

const ADMIN = "admin";

/** What Kubernetes takes where nobody says. */
const PERIOD_SECONDS = 10;
const FAILURES = 3;

const LIVENESS_SECONDS = TIMES.livenessPeriod.value * TIMES.livenessFailures.value;
const STARTUP_SECONDS = TIMES.startup.value;

export const probes = policy({
  name: "probes",
  level: "mandatory",
  isLocal: true,
  rule: "Every container of ours is probed. Gateways and proxies are asked for themselves and not for what they need, and nobody is restarted sooner than planned.",
  prevents:
    "Redis is away for 10 s, and Kubernetes takes every gateway out of service, or restarts them all at once",
  source: `The time budget of the plan: restarted after ${TIMES.livenessPeriod.value} s × ${TIMES.livenessFailures.value}, ready within ${STARTUP_SECONDS} s`,
  remediation:
    "Ask the admin port by httpGet: /livez for startupProbe and livenessProbe, /readyz for readinessProbe.",
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.containers[0].readinessProbe": {
        exec: { command: ["redis-cli", "-h", "sessions-redis", "ping"] },
      },
    }),
    says: "readinessProbe does not ask the pod's own /readyz",
  },
  subjects: ({ workloads }) => workloads,
  *judge({ container, isProcess }) {
    if (isProcess) {
      for (const name of PROBE_NAMES) yield* judgeTarget(container, name);
    } else if (!container.at("livenessProbe").isThere && !container.at("readinessProbe").isThere) {
      yield "its container has neither livenessProbe nor readinessProbe, so that a pod that stands still keeps its place: write one";
    }
    yield* judgePatience(container, "livenessProbe", LIVENESS_SECONDS);
    yield* judgePatience(container, "startupProbe", STARTUP_SECONDS);
  },
});

function* judgeTarget(container: Fields, name: ProbeName): Iterable<string> {
  const { path, without } = PROCESS_PROBES[name];
  const fix = `write httpGet with path: ${path} and port: ${ADMIN}`;
  const probe = container.at(name);
  if (!probe.isThere) {
    yield `its container has no ${name}, so that ${without}: ${fix}`;
    return;
  }
  const request = probe.at("httpGet");
  if (request.at("path").text() !== path) {
    yield `${name} does not ask the pod's own ${path}, and what else it asks for fails for all pods at once: ${fix}`;
  } else if (!isAdmin(request.at("port"), container)) {
    yield `${name} asks another port than ${ADMIN}, where ${path} is: ${fix}`;
  }
}

/** Whether a port is the one named admin; any is, where no port has that name. */
function isAdmin(port: Fields, container: Fields): boolean {
  const named = container
    .at("ports")
    .items()
    .find((one) => one.at("name").text() === ADMIN);
  if (named === undefined) return true;
  return port.text() === ADMIN || port.number() === named.at("containerPort").number();
}

/** How long a probe has to fail until the container is restarted. */
function* judgePatience(
  container: Fields,
  name: ProbeName,
  leastSeconds: number,
): Iterable<string> {
  const probe = container.at(name);
  if (!probe.isThere) return;
  const period = probe.at("periodSeconds").number() ?? PERIOD_SECONDS;
  const failures = probe.at("failureThreshold").number() ?? FAILURES;
  const delay = name === "startupProbe" ? (probe.at("initialDelaySeconds").number() ?? 0) : 0;
  const seconds = delay + period * failures;
  if (seconds >= leastSeconds) return;
  const sum = `${delay > 0 ? `${delay} s + ` : ""}${period} s × ${failures} = ${seconds} s`;
  const enough = Math.ceil((leastSeconds - delay) / period);
  yield `${name} restarts the container after ${sum}, and the plan says ${leastSeconds} s: write failureThreshold: ${enough}`;
}
