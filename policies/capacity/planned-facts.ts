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

/** What a plan says of one fact. */
export interface PlannedFact {
  readonly figure: Figure;
  /** Whether more than the plan is as good. Default: it is the plan's to the letter. */
  readonly isLeast?: boolean;
}

/** What a plan says of pods, by the names of their facts. */
export type PlannedFacts = Partial<Readonly<Record<Fact, PlannedFact>>>;

/**
 * The facts of gateways or proxies, computed again from the inputs that they were planned with.
 *
 * @throws {CapacityError} where there is no plan for these.
 */
export function plannedProcess(given: PlanInputs): PlannedFacts {
  const inputs = completed(given);
  const { grace, autoscaling, ...plan } = processPlan(inputs);
  return {
    sessions: said(inputs.sessions, "sessions", "sessions"),
    backends: said(inputs.backends, "backends", "backends"),
    spareReplicas: said(inputs.spareReplicas, "pods", "spareReplicas"),
    replicas: least(plan.replicas),
    ...(autoscaling && { maxReplicas: { figure: autoscaling.maxReplicas } }),
    sessionsPerPod: { figure: plan.sessionsPerPod },
    cacheEntries: { figure: plan.cacheEntries },
    requiredNofile: least(plan.requiredNofile),
    nofileCeiling: said(inputs.nofile, "descriptors", "nofile"),
    memoryBytes: least(plan.memory),
    cpuMillicores: least(plan.cpu),
    preStopSeconds: least(grace.preStop),
    lingerSeconds: least(grace.linger),
    drainSeconds: least(grace.drain),
    closeSeconds: least(grace.close),
    graceSeconds: least(grace.terminationGrace),
    progressDeadlineSeconds: least(grace.progressDeadline),
  };
}

/**
 * The facts of a server's pods.
 *
 * @throws {CapacityError} where there is no plan for these.
 */
export function plannedServer(load: CompleteServerLoad): PlannedFacts {
  const { grace, ...plan } = serverPlan(load);
  return {
    sessions: said(load.sessions, "sessions", "sessions"),
    backendReplicas: { figure: plan.replicas },
    callTimeoutMaxSeconds: said(load.callTimeoutMaxSeconds, "seconds", "callTimeoutMaxSeconds"),
    sessionsPerPod: { figure: plan.sessionsPerPod },
    memoryBytes: least(plan.memory),
    preStopSeconds: least(grace.preStop),
    drainSeconds: least(grace.drain),
    graceSeconds: least(grace.terminationGrace),
  };
}

/** What the plan says, as a workload says it of itself. */
export function valuesOf(planned: PlannedFacts): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(planned).map(([fact, { figure }]) => [fact, figure.value]),
  );
}

/** A number that the plan was told. */
export function said(value: number, unit: Unit, name: string): PlannedFact {
  const term = { name, value, unit, from: "planInputs" };
  return { figure: { value, unit, formula: name, terms: [term] } };
}

const least = (figure: Figure): PlannedFact => ({ figure, isLeast: true });
