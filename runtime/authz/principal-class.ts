import { createHash } from "node:crypto";
import type * as Cedar from "@cedar-policy/cedar-wasm/nodejs";
import { isSection } from "@mcp-fleet/contract";
import type { AuthorizationSettings } from "@mcp-fleet/contract/settings";
import type { Principal } from "../sessions/principal.ts";
import { cedarRecord } from "./claim-value.ts";
import type { Mentions } from "./mentions.ts";
import { CLAIM } from "./vocabulary.ts";

/** Principals for whom every policy decides alike: what the policies can tell of one. */
export interface PrincipalClass {
  /** Equal for all principals of the class. */
  readonly key: string;
  /** Who it is; empty where no policy names anybody. */
  readonly subject: string;
  /** As attributes of the principal and of the context: `claim_role`. */
  readonly attributes: Readonly<Record<string, Cedar.CedarValueJson>>;
  readonly groups: readonly string[];
}

/** What all policies together tell principals apart by. */
export interface ClassRule {
  readonly subject: boolean;
  /** Undefined: every claim. */
  readonly claims: readonly string[] | undefined;
  /** Groups that are named anywhere. */
  readonly groups: ReadonlySet<string>;
}

/** @param named the groups that entities of the configuration speak of. */
export function classRuleOf(
  mentions: readonly Mentions[],
  groupEntityType: string,
  named: Iterable<string>,
): ClassRule {
  const groups = mentions.flatMap(({ entities }) =>
    entities.flatMap(({ type, id }) => (type === groupEntityType ? [id] : [])),
  );
  const everyClaim = mentions.some((one) => one.everyClaim);
  return {
    subject: mentions.some(({ subject }) => subject),
    claims: everyClaim ? undefined : [...new Set(mentions.flatMap(({ claims }) => claims))].sort(),
    groups: new Set([...groups, ...named]),
  };
}

/** The claims that hold groups at the usual issuers; the first one that is there counts. */
const GROUP_CLAIMS = ["groups", "roles", "cognito:groups"];

export function classOf(
  { subject, claims }: Principal,
  rule: ClassRule,
  settings: Pick<AuthorizationSettings, "groupClaimName" | "roleClaimName">,
): PrincipalClass {
  const read = rule.claims ?? Object.keys(claims).sort();
  const attributes = cedarRecord(
    read.flatMap((name) =>
      Object.hasOwn(claims, name) ? [[`${CLAIM}${name}`, claims[name]] as const] : [],
    ),
  );
  const groups = groupsOf(claims, settings)
    .filter((group) => rule.groups.has(group))
    .sort();
  const known = { subject: rule.subject ? subject : "", attributes, groups };
  const key = createHash("sha256").update(JSON.stringify(known)).digest("base64url").slice(0, 22);
  return { key, ...known };
}

function groupsOf(
  claims: Principal["claims"],
  {
    groupClaimName,
    roleClaimName,
  }: Pick<AuthorizationSettings, "groupClaimName" | "roleClaimName">,
): string[] {
  const names = groupClaimName === undefined ? GROUP_CLAIMS : [groupClaimName, ...GROUP_CLAIMS];
  const lists = names.map((name) => listAt(claims, name));
  const groups = lists.find((list) => list !== undefined) ?? [];
  const roles = roleClaimName === undefined ? [] : (listAt(claims, roleClaimName) ?? []);
  return [...new Set([...groups, ...roles])];
}

/** The texts in a claim that is a list; `realm_access.roles` leads into a claim that is a map. */
function listAt(claims: Principal["claims"], name: string): string[] | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : valueIn(claims, name.split("."));
  if (!Array.isArray(value)) return undefined;
  return value.filter((one: unknown) => typeof one === "string");
}

function valueIn(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value;
  return isSection(value) && Object.hasOwn(value, step) ? valueIn(value[step], rest) : undefined;
}
