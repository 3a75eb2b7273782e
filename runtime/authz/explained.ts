import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import type { AuthorizationSettings } from "@mcp-fleet/contract/settings";
import type { Principal } from "../sessions/principal.ts";
import { groupsIn, readPolicies } from "./cedar-policies.ts";
import { Decider, type Item } from "./decider.ts";
import { classOf, classRuleOf } from "./principal-class.ts";

export interface Explained {
  readonly settings: AuthorizationSettings;
  readonly gateway: string;
  readonly principal: Principal;
  readonly item: Item;
  readonly args: Readonly<Record<string, unknown>> | undefined;
}

/**
 * What is decided, and by which policies, in lines for people.
 *
 * @throws {ConfigError} with the faults of all policies.
 */
export function explained({ settings, gateway, principal, item, args }: Explained): string[] {
  const decider = new Decider(cedar, settings, gateway);
  const { policies } = decider.policies;
  const mentions = policies.map((policy) => policy.mentions);
  const rule = classRuleOf(mentions, settings.groupEntityType, groupsIn(decider.policies));
  const known = classOf(principal, rule, settings);
  const { permitted, policies: deciding, errors } = decider.decide(known, item, args);
  const texts = policies.filter(({ id }) => deciding.includes(id));
  const isSilent = texts.length === 0 && errors.length === 0;
  return [
    `${permitted ? "permitted" : "denied"}: ${item.list} ${item.name}`,
    `groups that policies name: ${known.groups.join(", ") || "none"}`,
    ...(isSilent ? ["no policy permits it"] : []),
    ...texts.flatMap(({ id, text }) => [`${id}:`, ...text.split("\n").map((line) => `  ${line}`)]),
    ...errors.map((error) => `cannot be evaluated, so the decision is no: ${error}`),
  ];
}

/** @throws {ConfigError} with the faults of all policies. */
export function checkPolicies(settings: AuthorizationSettings): void {
  readPolicies(cedar, settings);
}
