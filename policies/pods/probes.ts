import { TIMES } from "@mcp-fleet/contract/capacity";
import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Fields } from "../stack/fields.ts";

/** The path of each probe of a gateway or proxy, and what happens without it. */
const PROCESS_PROBES = {
  startupProbe: {
    path: "/livez",
    without: "livenessProbe restarts pods that are still starting",
  },
  livenessProbe: {
    path: "/livez",
    without: "a blocked pod is never restarted",
  },
  readinessProbe: {
    path: "/readyz",
    without: "a pod gets calls before it can serve them, and while it is shutting down",
  },
} as const;

type ProbeName = keyof typeof PROCESS_PROBES;
const PROBE_NAMES = Object.keys(PROCESS_PROBES) as ProbeName[];

const ADMIN = "admin";

/** The defaults of Kubernetes. */
const PERIOD_SECONDS = 10;
const FAILURES = 3;

const LIVENESS_SECONDS = TIMES.livenessPeriod.value * TIMES.livenessFailures.value;
const STARTUP_SECONDS = TIMES.startup.value;

export const probes = policy({
  name: "probes",
  level: "mandatory",
  isLocal: true,
  rule: "Every container has probes. Those of gateways and proxies check the process itself, not its dependencies, and no probe restarts a pod sooner than planned.",
  prevents:
    "Redis is down for 10 s, and Kubernetes takes every gateway out of service, or restarts all of them at once",
  source: `The time budget of the plan: restarted after ${TIMES.livenessPeriod.value} s × ${TIMES.livenessFailures.value}, ready within ${STARTUP_SECONDS} s`,
  remediation:
    "Use httpGet on the admin port: /livez for startupProbe and livenessProbe, /readyz for readinessProbe.",
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.containers[0].readinessProbe": {
        exec: { command: ["redis-cli", "-h", "sessions-redis", "ping"] },
      },
    }),
    says: "readinessProbe does not call the pod's own /readyz",
  },
  subjects: ({ workloads }) => workloads,
  *judge({ container, isProcess }) {
    if (isProcess) {
      for (const name of PROBE_NAMES) yield* judgeTarget(container, name);
    } else if (!container.at("livenessProbe").isThere && !container.at("readinessProbe").isThere) {
      yield "its container has neither a livenessProbe nor a readinessProbe, so a blocked pod stays in service; add one";
    }
    yield* judgePatience(container, "livenessProbe", LIVENESS_SECONDS);
    yield* judgePatience(container, "startupProbe", STARTUP_SECONDS);
  },
});

function* judgeTarget(container: Fields, name: ProbeName): Iterable<string> {
  const { path, without } = PROCESS_PROBES[name];
  const fix = `set httpGet with path: ${path} and port: ${ADMIN}`;
  const probe = container.at(name);
  if (!probe.isThere) {
    yield `its container has no ${name}, so ${without}; ${fix}`;
    return;
  }
  const request = probe.at("httpGet");
  if (request.at("path").text() !== path) {
    yield `${name} does not call the pod's own ${path}, and a shared dependency fails for all pods at once; ${fix}`;
  } else if (!isAdmin(request.at("port"), container)) {
    yield `${name} calls another port than ${ADMIN}, which serves ${path}; ${fix}`;
  }
}

/** Whether a port is the one named admin. Any port is accepted if no port has that name. */
function isAdmin(port: Fields, container: Fields): boolean {
  const named = container
    .at("ports")
    .items()
    .find((one) => one.at("name").text() === ADMIN);
  if (named === undefined) return true;
  return port.text() === ADMIN || port.number() === named.at("containerPort").number();
}

/** Reports a probe that restarts its container too soon. */
function* judgePatience(container: Fields, name: ProbeName, minSeconds: number): Iterable<string> {
  const probe = container.at(name);
  if (!probe.isThere) return;
  const period = probe.at("periodSeconds").number() ?? PERIOD_SECONDS;
  const failures = probe.at("failureThreshold").number() ?? FAILURES;
  const delay = name === "startupProbe" ? (probe.at("initialDelaySeconds").number() ?? 0) : 0;
  const seconds = delay + period * failures;
  if (seconds >= minSeconds) return;
  const sum = `${delay > 0 ? `${delay} s + ` : ""}${period} s × ${failures} = ${seconds} s`;
  const enough = Math.ceil((minSeconds - delay) / period);
  yield `${name} restarts the container after ${sum}, but the plan allows ${minSeconds} s; set failureThreshold: ${enough}`;
}
