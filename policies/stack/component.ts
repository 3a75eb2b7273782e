import type { Role } from "./facts.ts";
import type { Fields } from "./fields.ts";
import type { Resource } from "./resource.ts";
import { Unjudgeable } from "./unjudgeable.ts";

/** The roles of each component's pods. */
const ROLES_OF: Readonly<Record<string, readonly Role[]>> = {
  "mcp-fleet:index:VirtualMcpServer": ["gateway"],
  "mcp-fleet:index:McpServer": ["server", "proxy"],
  "mcp-fleet:index:RedisSentinel": ["redis", "sentinel"],
};

/** The member of a component's facts that contains those of its proxies. */
const PROXY = "proxy";

/** A component, which has the facts of its workloads. */
export class Component {
  readonly resource: Resource;
  readonly roles: readonly Role[];

  private constructor(resource: Resource, roles: readonly Role[]) {
    this.resource = resource;
    this.roles = roles;
  }

  static of(resource: Resource): Component | undefined {
    const roles = ROLES_OF[resource.type];
    return roles && new Component(resource, roles);
  }

  /**
   * The facts of the pods of a role, by name; none where it has no such pods.
   *
   * @throws {Unjudgeable} if it has no facts at all.
   */
  factsOf(role: Role): ReadonlyMap<string, Fields> {
    const { fields } = this.resource;
    // Before it is registered, its facts are its inputs; in a stack policy, only its outputs are available.
    const own = fields.at("facts").isThere ? fields.at("facts") : fields;
    if (!own.at("role").isThere) {
      throw Unjudgeable.missing("facts", "use the same version of the components and of this pack");
    }
    const facts = new Map((role === PROXY ? own.at(PROXY) : own).members());
    facts.delete(PROXY);
    return facts;
  }

  /** The workload of a role, by its URN below that of the component. */
  workloadOf(role: Role, resources: readonly Resource[]): Resource | undefined {
    const [, above = "", name = ""] = /^(.*)::(.*)$/.exec(this.resource.urn) ?? [];
    return resources.find(
      ({ urn, type }) => urn === `${above}$${type}::${name}-${role}` && WORKLOADS.has(type),
    );
  }
}

const WORKLOADS: ReadonlySet<string> = new Set([
  "kubernetes:apps/v1:Deployment",
  "kubernetes:apps/v1:StatefulSet",
]);
