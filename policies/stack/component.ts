import type { Role } from "./facts.ts";
import type { Fields } from "./fields.ts";
import type { Resource } from "./resource.ts";
import { Unjudgeable } from "./unjudgeable.ts";

/** The components, and what their pods are. */
const ROLES_OF: Readonly<Record<string, readonly Role[]>> = {
  "mcp-fleet:index:VirtualMcpServer": ["gateway"],
  "mcp-fleet:index:McpServer": ["server", "proxy"],
  "mcp-fleet:index:RedisSentinel": ["redis", "sentinel"],
};

/** What is under a component's name besides facts: those of the proxies of a server. */
const PROXY = "proxy";

/** One of the components: it says of its workloads what they say of themselves. */
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
   * What it says of the pods of a role, by the names of facts; nothing where it has no such proxies.
   *
   * @throws {Unjudgeable} where it says nothing at all.
   */
  factsOf(role: Role): ReadonlyMap<string, Fields> {
    const { fields } = this.resource;
    // Before it is made, its facts are its inputs; at the end of a preview, all that is left are its outputs.
    const own = fields.at("facts").isThere ? fields.at("facts") : fields;
    if (!own.at("role").isThere) {
      throw Unjudgeable.missing(
        "facts",
        "take the same version of the components and of this pack",
      );
    }
    const facts = new Map((role === PROXY ? own.at(PROXY) : own).members());
    facts.delete(PROXY);
    return facts;
  }

  /** The workload of a role, by the place of its URN below the component's own. */
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
