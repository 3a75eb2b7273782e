import {
  INPUTS,
  type PlanInputs,
  SERVER_INPUTS,
  type ServerLoad,
} from "@mcp-fleet/contract/capacity";
import { type Fact, Facts, ROLES, type Role } from "./facts.ts";
import type { Fields } from "./fields.ts";
import type { Resource } from "./resource.ts";
import { Unjudgeable } from "./unjudgeable.ts";

const KINDS: ReadonlySet<string> = new Set(["Deployment", "StatefulSet"]);

/** The fact of each role that is its number of pods. */
export const REPLICAS: Readonly<Record<Role, Fact>> = {
  gateway: "replicas",
  proxy: "replicas",
  server: "backendReplicas",
  redis: "servers",
  sentinel: "sentinels",
};

/** Pods of one of the roles: an annotated Deployment or StatefulSet, of a component or not. */
export class Workload {
  readonly resource: Resource;
  readonly role: Role;
  /** The facts of the workload's annotations. */
  readonly facts: Facts;

  private constructor(resource: Resource, role: Role, facts: Facts) {
    this.resource = resource;
    this.role = role;
    this.facts = facts;
  }

  /**
   * A resource as a workload; undefined if it is none, or not annotated.
   *
   * @throws {Unjudgeable} if its annotations are not known yet, or its role is unknown.
   */
  static of(resource: Resource): Workload | undefined {
    if (resource.group !== "apps" || !KINDS.has(resource.kind)) return undefined;
    const facts = new Facts(resource.fields.at("metadata.annotations"));
    if (!facts.has("role")) return undefined;
    const name = facts.text("role");
    const role = ROLES.find((known) => known === name);
    if (role === undefined) {
      throw new Unjudgeable(
        `the annotation mcp-fleet.dev/role is ${name}; set it to one of ${ROLES.join(", ")}`,
      );
    }
    return new Workload(resource, role, facts);
  }

  /** Whether it is a gateway or proxy, which hold sessions. */
  get isProcess(): boolean {
    return this.role === "gateway" || this.role === "proxy";
  }

  /** The pod template. */
  get template(): Fields {
    return this.resource.fields.at("spec.template");
  }

  get podSpec(): Fields {
    return this.template.at("spec");
  }

  get podLabels(): Readonly<Record<string, string>> {
    return this.template.at("metadata.labels").texts();
  }

  get containers(): Fields[] {
    return this.podSpec.at("containers").items();
  }

  /** The container of the role: the one named after it, else the first. */
  get container(): Fields {
    const named = this.containers.find((one) => one.at("name").text() === this.role);
    const container = named ?? this.containers[0];
    if (container === undefined)
      throw Unjudgeable.missing("spec.template.spec.containers", "add them");
    return container;
  }

  /** spec.replicas; undefined where somebody else sets it. */
  get replicas(): number | undefined {
    if (this.resource.ignoreChanges.includes("spec.replicas")) return undefined;
    return this.resource.fields.at("spec.replicas").number();
  }

  /** The maximum number of pods: that of the autoscaler according to the facts, or that of the manifest. */
  get maxReplicas(): number {
    if (this.facts.has("maxReplicas")) return this.facts.number("maxReplicas");
    return this.replicas ?? this.declaredReplicas;
  }

  /** The number of pods according to the facts, with an autoscaler the minimum; 1 by default, as in Kubernetes. */
  get declaredReplicas(): number {
    return this.facts.numberOr(REPLICAS[this.role], 1);
  }

  /** Whether a scaler that may be outside the stack sets the number of pods. */
  get isScaledOutside(): boolean {
    return this.facts.has("scaling") && this.facts.text("scaling") === "External";
  }

  get graceSeconds(): number {
    // The default of Kubernetes.
    return this.podSpec.at("terminationGracePeriodSeconds").number() ?? 30;
  }

  /**
   * How long preStop delays SIGTERM; 0 by default.
   *
   * @throws {Unjudgeable} if preStop is another hook than `sleep`.
   */
  get preStopSeconds(): number {
    const preStop = this.container.at("lifecycle.preStop");
    if (!preStop.isThere) return 0;
    const sleep = preStop.at("sleep.seconds").number();
    if (sleep !== undefined) return sleep;
    throw new Unjudgeable(`the duration of ${preStop.path} is unknown; set sleep.seconds`);
  }

  /** The inputs of its plan, without those that have their defaults. */
  get planInputs(): PlanInputs {
    const given = this.facts.map("planInputs");
    const unknown = Object.keys(given).filter((name) => !(name in INPUTS) && name !== "store");
    if (unknown.length > 0) throw noInputs(unknown);
    return { ...given, sessions: this.facts.number("sessions") };
  }

  /** The load in the plan of a server's pods. */
  get serverLoad(): ServerLoad & { readonly sessions: number } {
    const given = this.facts.map("planInputs");
    const unknown = Object.keys(given).filter((name) => !(name in SERVER_INPUTS));
    if (unknown.length > 0) throw noInputs(unknown);
    const { name } = this.resource;
    return {
      replicas: this.replicas ?? 1,
      ...given,
      name,
      sessions: this.facts.number("sessions"),
    };
  }

  /** Whether the user accepts that something is below the plan. */
  get acceptsRisk(): boolean {
    return this.facts.riskReason("belowPlan") !== undefined;
  }
}

function noInputs(names: readonly string[]): Unjudgeable {
  return new Unjudgeable(
    `the annotation mcp-fleet.dev/plan-inputs has unknown inputs: ${names.join(", ")}`,
  );
}
