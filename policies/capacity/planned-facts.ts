import {
  type CompleteServerLoad,
  completed,
  type Figure,
  type PlanInputs,
  processPlan,
  serverPlan,
  type Unit,
} from "@mcp-fleet/contract/capacity";
import type { Fact } from "../stack/facts.ts";

/** The planned value of one fact. */
export interface PlannedFact {
  readonly figure: Figure;
  /** Whether more than the plan is allowed. Default: the value must equal the plan. */
  readonly isMinimum?: boolean;
}

/** Planned values by fact. */
export type PlannedFacts = Partial<Readonly<Record<Fact, PlannedFact>>>;

/**
 * The planned facts of gateways or proxies, computed again from their inputs.
 *
 * @throws {CapacityError} if the load cannot be planned.
 */
export function plannedProcess(given: PlanInputs): PlannedFacts {
  const inputs = completed(given);
  const { grace, autoscaling, ...plan } = processPlan(inputs);
  return {
    sessions: inputFact(inputs.sessions, "sessions", "sessions"),
    backends: inputFact(inputs.backends, "backends", "backends"),
    spareReplicas: inputFact(inputs.spareReplicas, "pods", "spareReplicas"),
    replicas: minimum(plan.replicas),
    ...(autoscaling && { maxReplicas: { figure: autoscaling.maxReplicas } }),
    sessionsPerPod: { figure: plan.sessionsPerPod },
    cacheEntries: { figure: plan.cacheEntries },
    requiredNofile: minimum(plan.requiredNofile),
    nofileCeiling: inputFact(inputs.nofile, "descriptors", "nofile"),
    memoryBytes: minimum(plan.memory),
    cpuMillicores: minimum(plan.cpu),
    preStopSeconds: minimum(grace.preStop),
    lingerSeconds: minimum(grace.linger),
    drainSeconds: minimum(grace.drain),
    closeSeconds: minimum(grace.close),
    graceSeconds: minimum(grace.terminationGrace),
    progressDeadlineSeconds: minimum(grace.progressDeadline),
  };
}

/**
 * The planned facts of a server's pods.
 *
 * @throws {CapacityError} if the load cannot be planned.
 */
export function plannedServer(load: CompleteServerLoad): PlannedFacts {
  const { grace, ...plan } = serverPlan(load);
  return {
    sessions: inputFact(load.sessions, "sessions", "sessions"),
    backendReplicas: { figure: plan.replicas },
    ...(plan.maxReplicas && { maxReplicas: { figure: plan.maxReplicas } }),
    callTimeoutMaxSeconds: inputFact(
      load.callTimeoutMaxSeconds,
      "seconds",
      "callTimeoutMaxSeconds",
    ),
    sessionsPerPod: { figure: plan.sessionsPerPod },
    memoryBytes: minimum(plan.memory),
    preStopSeconds: minimum(grace.preStop),
    drainSeconds: minimum(grace.drain),
    graceSeconds: minimum(grace.terminationGrace),
  };
}

/** The planned values as annotations have them. */
export function valuesOf(planned: PlannedFacts): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(planned).map(([fact, { figure }]) => [fact, figure.value]),
  );
}

/** A fact that is an input of the plan. */
export function inputFact(value: number, unit: Unit, name: string): PlannedFact {
  const term = { name, value, unit, from: "planInputs" };
  return { figure: { value, unit, formula: name, terms: [term] } };
}

const minimum = (figure: Figure): PlannedFact => ({ figure, isMinimum: true });
