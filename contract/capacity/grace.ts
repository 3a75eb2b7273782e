import { LINGER_SECONDS, READINESS_FAILURES, READINESS_PERIOD_SECONDS } from "../settings/times.ts";
import type { Constant } from "./constants.ts";
import { type Figure, sum, type Term, termOf } from "./figure.ts";

/** Every constant of the time budget. */
export const TIMES = {
  preStop: {
    value: 5,
    unit: "seconds",
    about: "A pod that ends sleeps before it is told to: the Service stops sending to it meanwhile",
    source: "Assumption: endpoints reach every node within it",
  },
  linger: {
    value: LINGER_SECONDS,
    unit: "seconds",
    about:
      "After SIGTERM everything is served, and each connection closed with its next answer: one that is closed while it is idle may break a call that is under way to it",
    source:
      "Choice: clients are told to let connections go that are idle for a second less. With 2 s and nothing said to them, make e2e saw one or two of 18,000 calls cut in eight planned changes",
  },
  close: {
    value: 5,
    unit: "seconds",
    about: "Backend sessions of our own, the store and the log are given back",
    source: "Assumption: one request per backend, all at once",
  },
  headroom: {
    value: 10,
    unit: "seconds",
    about: "Between the end of our own budget and SIGKILL",
    source: "Choice: a pause of the node must not cut what the process would have finished",
  },
  readinessPeriod: {
    value: READINESS_PERIOD_SECONDS,
    unit: "seconds",
    about: "Between two readiness probes",
    source: "Choice: an unready pod is known as such within two of them",
  },
  readinessFailures: {
    value: READINESS_FAILURES,
    unit: "probes",
    about: "Failed readiness probes until nothing more is sent",
    source: "Choice: one lost packet is no reason",
  },
  livenessPeriod: {
    value: 10,
    unit: "seconds",
    about: "Between two liveness probes",
    source: "The default of Kubernetes",
  },
  livenessFailures: {
    value: 3,
    unit: "probes",
    about: "Failed liveness probes until the container is restarted",
    source: "Choice: an event loop that stood still for 30 s does not come back",
  },
  imagePull: {
    value: 120,
    unit: "seconds",
    about: "A node that has not run this image yet finds room for the pod and gets the image",
    source: "Assumption: 300 MiB from a registry nearby, ten times over",
  },
  startup: {
    value: 30,
    unit: "seconds",
    about: "From the container's start until it is ready, image pulled",
    source: "Choice: health.timeout of 10 s for backends that do not answer, three times",
  },
} as const satisfies Readonly<Record<string, Constant>>;

/** What the end and the start of a pod take: the same numbers in the manifest and in the process. */
export interface Grace {
  /** The `sleep` of the preStop hook. */
  readonly preStop: Figure;
  /** From SIGTERM to the closed listener. */
  readonly linger: Figure;
  /** From the closed listener to the last answer, at most. */
  readonly drain: Figure;
  /** From the last answer to the exit. */
  readonly close: Figure;
  /** `terminationGracePeriodSeconds`: all of it, and headroom before SIGKILL. */
  readonly terminationGrace: Figure;
  /** Readiness: `periodSeconds`, and the time until an unready pod gets nothing more. */
  readonly readinessPeriod: Figure;
  readonly unready: Figure;
  /** Liveness: `periodSeconds`, and the time until a pod that stands still is restarted. */
  readonly livenessPeriod: Figure;
  readonly unresponsive: Figure;
  /** `failureThreshold` of a startup probe with a period of 1 s. */
  readonly startup: Figure;
  /** `Retry-After` of a pod that refuses: by then the next request reaches another one. */
  readonly retryAfter: Figure;
  /** The longest rollout of all pods, one after the other: what a deployer has to wait for. */
  readonly rollout: Figure;
  /** `progressDeadlineSeconds`: a pod that is not ready by then, its predecessor gone, never will be. */
  readonly progressDeadline: Figure;
  /** `customTimeouts` of a deployer: the workload itself says first what is wrong with it. */
  readonly createTimeout: Figure;
  readonly updateTimeout: Figure;
  readonly deleteTimeout: Figure;
}

/**
 * The time budget of a pod, in whole seconds. A drain waits for the longest call of all, which is
 * `limits.callTimeoutMax`: nothing that is in flight at SIGTERM can take longer.
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
  const { value, unit, about } = TIMES[name];
  return { name, value, unit, from: about };
}

function times(period: Figure, name: string, failures: keyof typeof TIMES): Figure {
  return {
    value: period.value * TIMES[failures].value,
    unit: "seconds",
    formula: `${name} × ${failures}`,
    terms: [termOf(name, period), constantTerm(failures)],
  };
}
