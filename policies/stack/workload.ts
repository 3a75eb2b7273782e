import {
  INPUTS,
  type PlanInputs,
  SERVER_INPUTS,
  type ServerLoad,
} from "@mcp-fleet/contract/capacity";
import { Facts, ROLES, type Role } from "./facts.ts";
import type { Fields } from "./fields.ts";
import type { Resource } from "./resource.ts";
import { Unjudgeable } from "./unjudgeable.ts";

const KINDS: ReadonlySet<string> = new Set(["Deployment", "StatefulSet"]);

/** Pods of one of the roles: a Deployment or StatefulSet of a component's, or of anybody's who annotates it. */
export class Workload {
  readonly resource: Resource;
  readonly role: Role;
  /** What the workload says of itself. */
  readonly facts: Facts;

  private constructor(resource: Resource, role: Role, facts: Facts) {
    this.resource = resource;
    this.role = role;
    this.facts = facts;
  }

  /**
   * The workload that a resource is; undefined where it is none, or says nothing of itself.
   *
   * @throws {Unjudgeable} where its annotations are unknown, or name no role that there is.
   */
  static of(resource: Resource): Workload | undefined {
    if (resource.group !== "apps" || !KINDS.has(resource.kind)) return undefined;
    const facts = new Facts(resource.fields.at("metadata.annotations"));
    if (!facts.has("role")) return undefined;
    const name = facts.text("role");
    const role = ROLES.find((known) => known === name);
    if (role === undefined) {
      throw new Unjudgeable(
        `the annotation mcp-fleet.dev/role is ${name}: write ${ROLES.join(", ")}`,
      );
    }
    return new Workload(resource, role, facts);
  }

  /** Gateways and proxies: what holds sessions. */
  get isProcess(): boolean {
    return this.role === "gateway" || this.role === "proxy";
  }

  /** The pods' template. */
  get template(): Fields {
    return this.resource.fields.at("spec.template");
  }

  get podSpec(): Fields {
    return this.template.at("spec");
  }

  get podLabels(): Readonly<Record<string, string>> {
    return this.template.at("metadata.labels").texts();
  }

  /** What the pods' template says of them. */
  get podFacts(): Facts {
    return new Facts(this.template.at("metadata.annotations"));
  }

  get containers(): Fields[] {
    return this.podSpec.at("containers").items();
  }

  /** The container that the role is about: the one that is named after it, else the first. */
  get container(): Fields {
    const named = this.containers.find((one) => one.at("name").text() === this.role);
    const container = named ?? this.containers[0];
    if (container === undefined)
      throw Unjudgeable.missing("spec.template.spec.containers", "write them");
    return container;
  }

  /** spec.replicas; undefined where an autoscaler says it. */
  get replicas(): number | undefined {
    return this.resource.fields.at("spec.replicas").number();
  }

  /** The pods that there can be at a time: those of the manifest, or the most of the autoscaler, as its facts say. */
  get mostReplicas(): number {
    if (this.facts.has("maxReplicas")) return this.facts.number("maxReplicas");
    return this.replicas ?? this.facts.numberOr("replicas", 1);
  }

  get graceSeconds(): number {
    // What Kubernetes takes where nobody says.
    return this.podSpec.at("terminationGracePeriodSeconds").number() ?? 30;
  }

  /**
   * How long pods sleep before they are told to end; 0 where nobody says.
   *
   * @throws {Unjudgeable} where another hook than `sleep` takes its time.
   */
  get preStopSeconds(): number {
    const preStop = this.container.at("lifecycle.preStop");
    if (!preStop.isThere) return 0;
    const sleep = preStop.at("sleep.seconds").number();
    if (sleep !== undefined) return sleep;
    throw new Unjudgeable(`nobody knows how long ${preStop.path} takes: write sleep.seconds`);
  }

  /** The inputs that it was planned with, those that are defaults left out. */
  get planInputs(): PlanInputs {
    const given = this.facts.map("planInputs");
    const unknown = Object.keys(given).filter((name) => !(name in INPUTS) && name !== "store");
    if (unknown.length > 0) throw noInputs(unknown);
    return { ...given, sessions: this.facts.number("sessions") };
  }

  /** The load that the pods of a server were planned for. */
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

  /** Whether somebody says why something is below the plan. */
  get acceptsRisk(): boolean {
    return this.facts.has("acceptRisk") && this.facts.text("acceptRisk").trim() !== "";
  }
}

function noInputs(names: readonly string[]): Unjudgeable {
  return new Unjudgeable(`the annotation mcp-fleet.dev/plan-inputs: no input ${names.join(", ")}`);
}
