import { LINGER_SECONDS, READINESS_FAILURES, READINESS_PERIOD_SECONDS } from "../settings/times.ts";
import type { Constant } from "./constants.ts";
import { type Figure, sum, type Term, termOf } from "./figure.ts";

/** Every constant of the time budget. */
export const TIMES = {
  preStop: {
    value: 5,
    unit: "seconds",
    description: "A terminating pod waits before SIGTERM, while its Service stops sending to it",
    source: "Assumption: endpoint changes reach every node within this time",
  },
  linger: {
    value: LINGER_SECONDS,
    unit: "seconds",
    description:
      "After SIGTERM, every request is still served, and each connection closes with its next response. Closing an idle connection could break a call that is already on its way",
    source:
      "Choice: Keep-Alive tells clients to drop connections that are idle for one second less. With 2 s and no such hint, make e2e saw 1 or 2 of 18,000 calls cut in eight planned changes",
  },
  close: {
    value: 5,
    unit: "seconds",
    description: "Closing the process's own backend sessions, its store connections and its log",
    source: "Assumption: one request per backend, all at once",
  },
  headroom: {
    value: 10,
    unit: "seconds",
    description: "Between the end of the process's own time budget and SIGKILL",
    source:
      "Choice: a stall of the node must not cut off work that the process would have finished",
  },
  readinessPeriod: {
    value: READINESS_PERIOD_SECONDS,
    unit: "seconds",
    description: "Time between two readiness probes",
    source: "Choice: Kubernetes notices an unready pod within two probes",
  },
  readinessFailures: {
    value: READINESS_FAILURES,
    unit: "probes",
    description: "Failed readiness probes until a pod gets no more requests",
    source: "Choice: one lost packet is not enough",
  },
  livenessPeriod: {
    value: 10,
    unit: "seconds",
    description: "Time between two liveness probes",
    source: "The default of Kubernetes",
  },
  livenessFailures: {
    value: 3,
    unit: "probes",
    description: "Failed liveness probes until the container is restarted",
    source: "Choice: an event loop that was blocked for 30 s does not recover",
  },
  imagePull: {
    value: 120,
    unit: "seconds",
    description: "Scheduling a pod on a node that does not have the image, and pulling it",
    source: "Assumption: ten times what 300 MiB take from a nearby registry",
  },
  startup: {
    value: 30,
    unit: "seconds",
    description: "From container start to ready, with the image already pulled",
    source: "Choice: three times the health check timeout of 10 s, for backends that do not answer",
  },
} as const satisfies Readonly<Record<string, Constant>>;

/** The times of a pod's start and end: the same numbers in the manifest and in the process. */
export interface Grace {
  /** The `sleep` of the preStop hook. */
  readonly preStop: Figure;
  /** From SIGTERM until the listener closes. */
  readonly linger: Figure;
  /** From the closed listener to the last answer, at most. */
  readonly drain: Figure;
  /** From the last answer to the exit. */
  readonly close: Figure;
  /** `terminationGracePeriodSeconds`: all of the above, plus headroom before SIGKILL. */
  readonly terminationGrace: Figure;
  /** Readiness: `periodSeconds`, and the time until an unready pod gets no more requests. */
  readonly readinessPeriod: Figure;
  readonly unready: Figure;
  /** Liveness: `periodSeconds`, and the time until a blocked pod is restarted. */
  readonly livenessPeriod: Figure;
  readonly unresponsive: Figure;
  /** `failureThreshold` of a startup probe with a period of 1 s. */
  readonly startup: Figure;
  /** `Retry-After` of a pod that refuses a request: by then, the next request reaches another pod. */
  readonly retryAfter: Figure;
  /** The longest rollout, one pod after the other: how long a deployer waits. */
  readonly rollout: Figure;
  /** `progressDeadlineSeconds`: the longest time from one pod's end until its successor is ready. */
  readonly progressDeadline: Figure;
  /** `customTimeouts` of the Pulumi resource: long enough that Kubernetes reports a failed rollout first. */
  readonly createTimeout: Figure;
  readonly updateTimeout: Figure;
  readonly deleteTimeout: Figure;
}

/**
 * The time budget of a pod, in whole seconds. A drain waits for the longest possible call, which is
 * `limits.callTimeoutMax`: no call in flight at SIGTERM can take longer.
 */
export function grace({
  callTimeoutMaxSeconds,
  replicas,
}: {
  readonly callTimeoutMaxSeconds: number;
  readonly replicas: number;
}): Grace {
  const preStop = constant("preStop");
  const linger = constant("linger");
  const drain = sum("seconds", [
    {
      name: "callTimeoutMax",
      value: Math.ceil(callTimeoutMaxSeconds),
      from: "limits.callTimeoutMax, in whole seconds",
    },
  ]);
  const close = constant("close");
  const headroom = constantTerm("headroom");
  const terminationGrace = sum("seconds", [
    ...Object.entries({ preStop, linger, drain, close }).map((part) => termOf(...part)),
    headroom,
  ]);
  const readinessPeriod = constant("readinessPeriod");
  const livenessPeriod = constant("livenessPeriod");
  const startup = constant("startup");
  const unready = times(readinessPeriod, "readinessPeriod", "readinessFailures");
  const rollout = rolloutOf(replicas, startup, terminationGrace);
  const progressDeadline = sum("seconds", [
    constantTerm("imagePull"),
    termOf("startup", startup),
    termOf("terminationGrace", terminationGrace),
    headroom,
  ]);
  const deadline = termOf("progressDeadline", progressDeadline);
  return {
    preStop,
    linger,
    drain,
    close,
    terminationGrace,
    readinessPeriod,
    unready,
    livenessPeriod,
    unresponsive: times(livenessPeriod, "livenessPeriod", "livenessFailures"),
    startup,
    retryAfter: sum("seconds", [termOf("unready", unready)]),
    rollout,
    progressDeadline,
    createTimeout: sum("seconds", [deadline, headroom]),
    updateTimeout: sum("seconds", [termOf("rollout", rollout), deadline, headroom]),
    deleteTimeout: sum("seconds", [termOf("terminationGrace", terminationGrace), headroom]),
  };
}

function rolloutOf(replicas: number, startup: Figure, terminationGrace: Figure): Figure {
  return {
    value: replicas * (startup.value + terminationGrace.value),
    unit: "seconds",
    formula: "replicas × (startup + terminationGrace)",
    terms: [
      { name: "replicas", value: replicas, unit: "pods", from: "replicas" },
      termOf("startup", startup),
      termOf("terminationGrace", terminationGrace),
    ],
  };
}

function constant(name: keyof typeof TIMES): Figure {
  return sum("seconds", [constantTerm(name)]);
}

function constantTerm(name: keyof typeof TIMES): Term {
  const { value, unit, description } = TIMES[name];
  return { name, value, unit, from: description };
}

function times(period: Figure, name: string, failures: keyof typeof TIMES): Figure {
  return {
    value: period.value * TIMES[failures].value,
    unit: "seconds",
    formula: `${name} × ${failures}`,
    terms: [termOf(name, period), constantTerm(failures)],
  };
}
