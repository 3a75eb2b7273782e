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
    replicas: atLeast(plan.replicas),
    ...(autoscaling && { maxReplicas: { figure: autoscaling.maxReplicas } }),
    sessionsPerPod: { figure: plan.sessionsPerPod },
    cacheEntries: { figure: plan.cacheEntries },
    requiredNofile: atLeast(plan.requiredNofile),
    nofileCeiling: inputFact(inputs.nofile, "descriptors", "nofile"),
    memoryBytes: atLeast(plan.memory),
    cpuMillicores: atLeast(plan.cpu),
    preStopSeconds: atLeast(grace.preStop),
    lingerSeconds: atLeast(grace.linger),
    drainSeconds: atLeast(grace.drain),
    closeSeconds: atLeast(grace.close),
    graceSeconds: atLeast(grace.terminationGrace),
    progressDeadlineSeconds: atLeast(grace.progressDeadline),
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
    callTimeoutMaxSeconds: inputFact(
      load.callTimeoutMaxSeconds,
      "seconds",
      "callTimeoutMaxSeconds",
    ),
    sessionsPerPod: { figure: plan.sessionsPerPod },
    memoryBytes: atLeast(plan.memory),
    preStopSeconds: atLeast(grace.preStop),
    drainSeconds: atLeast(grace.drain),
    graceSeconds: atLeast(grace.terminationGrace),
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

const atLeast = (figure: Figure): PlannedFact => ({ figure, isMinimum: true });
