import type * as Cedar from "@cedar-policy/cedar-wasm/nodejs";
import type { AuthorizationSettings } from "@mcp-fleet/contract/settings";
import type { ListName } from "../wire/methods.ts";
import { type CedarPolicies, entityName, readPolicies } from "./cedar-policies.ts";
import { cedarRecord } from "./claim-value.ts";
import type { PrincipalClass } from "./principal-class.ts";
import {
  ACTION_OF,
  ARGUMENT,
  BACKEND_TYPE,
  GATEWAY_TYPE,
  idOfUri,
  PRINCIPAL_TYPE,
  TYPE_OF,
} from "./vocabulary.ts";

/** What somebody wants to use, by its name at the gateway. */
export interface Item {
  readonly list: ListName;
  readonly name: string;
  readonly backend: string;
  /** Hints of a tool's annotations, as far as it has them. */
  readonly hints?: Readonly<Record<string, boolean>>;
}

/** One decision, and what it follows from. */
export interface Decision {
  readonly permitted: boolean;
  /** The policies that decided; none where no policy permits. */
  readonly policies: readonly string[];
  /** What could not be evaluated: the decision is no, whatever else permits. */
  readonly errors: readonly string[];
}

/** Cedar, with the policies of one configuration. Takes some 0.4 ms for a decision. */
export class Decider {
  readonly policies: CedarPolicies;
  readonly #cedar: typeof Cedar;
  readonly #gateway: string;
  readonly #id: string;
  static #count = 0;

  /** @throws {ConfigError} with the faults of all policies. */
  constructor(cedar: typeof Cedar, settings: AuthorizationSettings, gateway: string) {
    this.policies = readPolicies(cedar, settings);
    this.#cedar = cedar;
    this.#gateway = gateway;
    Decider.#count += 1;
    this.#id = `policies-${Decider.#count}`;
    const texts = this.policies.policies.map(({ id, text }) => [id, text]);
    cedar.preparsePolicySet(this.#id, { staticPolicies: Object.fromEntries(texts) });
  }

  /** @param args the arguments of a call; undefined: none are known, and policies that read one do not permit. */
  decide(
    principal: PrincipalClass,
    item: Item,
    args?: Readonly<Record<string, unknown>>,
  ): Decision {
    const written = argumentsOf(args);
    const action = ACTION_OF[item.list];
    const resource = this.#resource(item, written);
    const answer = this.#cedar.statefulIsAuthorized({
      principal: { type: PRINCIPAL_TYPE, id: principal.subject },
      action: { type: "Action", id: action },
      resource: resource.uid,
      context: { ...principal.attributes, ...written },
      preparsedPolicySetId: this.#id,
      entities: this.#entities(principal, action, resource),
    });
    if (answer.type === "failure") {
      const errors = answer.errors.map(({ message }) => message);
      return { permitted: false, policies: [], errors };
    }
    const { decision, diagnostics } = answer.response;
    const errors = diagnostics.errors.map(({ policyId, error }) => `${policyId}: ${error.message}`);
    // A prohibition that cannot be evaluated must not become a permission.
    const permitted = decision === "allow" && errors.length === 0;
    return { permitted, policies: diagnostics.reason, errors };
  }

  #resource(
    { list, name, backend, hints }: Item,
    args: Readonly<Record<string, Cedar.CedarValueJson>>,
  ): Cedar.EntityJson {
    const type = TYPE_OF[list];
    const isRead = type === "Resource";
    const [operation, feature = ""] = ACTION_OF[list].split("_");
    return {
      uid: { type, id: isRead ? idOfUri(name) : name },
      attrs: {
        ...args,
        ...hints,
        name,
        ...(isRead && { uri: name }),
        operation: operation ?? "",
        feature,
      },
      parents: [
        { type: GATEWAY_TYPE, id: this.#gateway },
        { type: BACKEND_TYPE, id: backend },
      ],
    };
  }

  /** What the configuration says of others stays; of these three it says nothing. */
  #entities(
    { subject, attributes, groups }: PrincipalClass,
    action: string,
    resource: Cedar.EntityJson,
  ): Cedar.EntityJson[] {
    const type = this.policies.groupEntityType;
    const own: Cedar.EntityJson[] = [
      {
        uid: { type: PRINCIPAL_TYPE, id: subject },
        attrs: { ...attributes },
        parents: groups.map((id) => ({ type, id })),
      },
      { uid: { type: "Action", id: action }, attrs: { operation: action }, parents: [] },
      resource,
    ];
    const names = new Set(own.map(({ uid }) => nameOf(uid)));
    return [...own, ...this.policies.entities.filter(({ uid }) => !names.has(nameOf(uid)))];
  }
}

function nameOf(uid: Cedar.EntityUidJson): string {
  const { type, id } = entityName(uid);
  return `${type}::${id}`;
}

/** Under names that no claim has; of what is no text, number or boolean, policies know that it is there. */
function argumentsOf(
  args: Readonly<Record<string, unknown>> | undefined,
): Record<string, Cedar.CedarValueJson> {
  const entries = Object.entries(args ?? {}).map(([name, value]) =>
    typeof value === "object" && value !== null
      ? ([`${ARGUMENT}${name}_present`, true] as const)
      : ([`${ARGUMENT}${name}`, value] as const),
  );
  return cedarRecord(entries);
}
