import { isSection } from "@mcp-fleet/contract";
import { ARGUMENT, CLAIM, PRINCIPAL_TYPE } from "./vocabulary.ts";

/** An entity as Cedar's JSON names it. */
export interface EntityName {
  readonly type: string;
  readonly id: string;
}

/** An attribute that a policy reads. */
export interface AttributeRead {
  readonly of: "principal" | "context" | "resource" | "action";
  readonly name: string;
}

/** What one policy speaks of: all that its decision can depend on. */
export interface Mentions {
  /** Without `claim_`. */
  readonly claims: readonly string[];
  /** Every claim, since the whole of them is compared. */
  readonly everyClaim: boolean;
  readonly argumentsOfCall: boolean;
  /** Who the principal is, and not only what its token says of it. */
  readonly subject: boolean;
  /** All entities that are named. */
  readonly entities: readonly EntityName[];
  readonly entityTypes: readonly string[];
  readonly attributes: readonly AttributeRead[];
  /** The one action that it is about; undefined: several, or all. */
  readonly action: string | undefined;
  /** The one resource that it is about; undefined: several, or all. */
  readonly resource: EntityName | undefined;
}

const VARIABLES = ["principal", "context", "resource", "action"] as const;

/** @param policy Cedar's JSON of it. */
export function mentionsOf(policy: unknown): Mentions {
  const walk = new Walk();
  if (!isSection(policy)) return walk.found();
  const { principal, action, resource, conditions } = policy;
  walk.constraint(principal);
  walk.constraint(action);
  walk.constraint(resource);
  if (Array.isArray(conditions)) {
    for (const clause of conditions) if (isSection(clause)) walk.expression(clause.body);
  }
  return walk.found(onlyEntity(action)?.id, onlyEntity(resource));
}

class Walk {
  readonly #claims = new Set<string>();
  readonly #entities: EntityName[] = [];
  readonly #types = new Set<string>();
  readonly #attributes: AttributeRead[] = [];
  #isWhole = false;
  #argumentsOfCall = false;
  #subject = false;

  found(action?: string, resource?: EntityName): Mentions {
    return {
      claims: [...this.#claims],
      everyClaim: this.#isWhole,
      argumentsOfCall: this.#argumentsOfCall,
      subject: this.#subject,
      entities: this.#entities,
      entityTypes: [...this.#types],
      attributes: this.#attributes,
      action,
      resource,
    };
  }

  /** The head of a policy: `principal == …`, `action in […]`, `resource is …`. */
  constraint(constraint: unknown): void {
    if (!isSection(constraint)) return;
    if (typeof constraint.entity_type === "string") this.#types.add(constraint.entity_type);
    for (const named of [constraint.entity, constraint.entities].flat()) this.#entity(named);
    if (isSection(constraint.in)) this.constraint(constraint.in);
  }

  expression(node: unknown): void {
    if (Array.isArray(node)) {
      for (const one of node) this.expression(one);
      return;
    }
    if (!isSection(node)) return;
    if (typeof node.Var === "string") this.#whole(node.Var);
    else if (this.#attribute(node["."]) || this.#attribute(node.has)) return;
    else if (isSection(node.Value)) this.#value(node.Value);
    else if (isSection(node.is)) this.#isOfType(node.is);
    else if (isSection(node.in) && isPrincipal(node.in.left)) this.expression(node.in.right);
    else for (const inner of Object.values(node)) this.expression(inner);
  }

  /** `principal.claim_a`, `context has arg_b.c`: what is read of a variable. */
  #attribute(read: unknown): boolean {
    if (!isSection(read) || !isSection(read.left)) return false;
    const variable = VARIABLES.find((name) => isSection(read.left) && read.left.Var === name);
    const [name] = [read.attr].flat();
    if (variable === undefined || typeof name !== "string") return false;
    this.#attributes.push({ of: variable, name });
    if (name.startsWith(CLAIM)) this.#claims.add(name.slice(CLAIM.length));
    // Arguments stand in the context and, as in ToolHive, at the resource.
    if (name.startsWith(ARGUMENT)) this.#argumentsOfCall = true;
    return true;
  }

  /** `principal is Client in Group::"a"`: which type it has says nothing of who it is. */
  #isOfType({ left, entity_type: type, in: parents }: Readonly<Record<string, unknown>>): void {
    if (typeof type === "string") this.#types.add(type);
    if (!isPrincipal(left)) this.expression(left);
    this.expression(parents);
  }

  /** A variable as it is: compared with something, or in something. */
  #whole(variable: string): void {
    if (variable === "principal") this.#subject = true;
    if (variable === "context") {
      this.#isWhole = true;
      this.#argumentsOfCall = true;
    }
  }

  #value(value: Readonly<Record<string, unknown>>): void {
    if (value.__entity !== undefined) this.#entity(value.__entity);
    else for (const inner of Object.values(value)) this.expression({ Value: inner });
  }

  #entity(named: unknown): void {
    const inner = isSection(named) && isSection(named.__entity) ? named.__entity : named;
    if (!isSection(inner)) return;
    const { type, id } = inner;
    if (typeof type !== "string" || typeof id !== "string") return;
    this.#types.add(type);
    this.#entities.push({ type, id });
    if (type === PRINCIPAL_TYPE) this.#subject = true;
  }
}

/** Its groups decide whether it is in something; its own name does only where that is a client. */
function isPrincipal(node: unknown): boolean {
  return isSection(node) && node.Var === "principal";
}

function onlyEntity(constraint: unknown): EntityName | undefined {
  if (!isSection(constraint) || constraint.op !== "==" || !isSection(constraint.entity)) {
    return undefined;
  }
  const { type, id } = constraint.entity;
  return typeof type === "string" && typeof id === "string" ? { type, id } : undefined;
}
