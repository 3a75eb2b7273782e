import type * as Cedar from "@cedar-policy/cedar-wasm/nodejs";
import { ConfigError, type Fault, fault, isSection, type Path } from "@mcp-fleet/contract";
import type { AuthorizationSettings } from "@mcp-fleet/contract/settings";
import { type EntityName, type Mentions, mentionsOf } from "./mentions.ts";
import { vocabularyFaults } from "./vocabulary-faults.ts";

/** One policy, with where it stands. */
export interface CedarPolicy {
  /** `policies[2]`, and `policies[2].1` for the second one in that text: what a decision names. */
  readonly id: string;
  readonly text: string;
  readonly mentions: Mentions;
}

/** Policies and entities that Cedar has read, and that speak of what there is. */
export interface CedarPolicies {
  readonly policies: readonly CedarPolicy[];
  readonly entities: readonly Cedar.EntityJson[];
  readonly groupEntityType: string;
}

const PATH: Path = ["incomingAuth", "authz"];

/**
 * Reads the policies of a configuration, and checks that they speak of what there is.
 *
 * @throws {ConfigError} with the faults of all of them, each with its line.
 */
export function readPolicies(
  cedar: typeof Cedar,
  { policies: texts, entitiesJson, groupEntityType }: AuthorizationSettings,
): CedarPolicies {
  const faults: Fault[] = [];
  const entities = readEntities(cedar, entitiesJson, faults);
  const ownTypes = entities.map(({ uid }) => entityName(uid).type);
  const policies = texts.flatMap((text, index) => {
    const path = [...PATH, "policies", index];
    const parts = cedar.policySetTextToParts(text);
    if (parts.type === "failure") {
      faults.push(...parts.errors.map((error) => syntaxFault(path, text, error)));
      return [];
    }
    if (parts.policy_templates.length > 0) {
      const fix = "write the principal or resource out instead of ?principal or ?resource";
      faults.push(fault(path, text, "must not be a template: nothing would fill it in", fix));
    }
    return parts.policies.map((part, place): CedarPolicy => {
      const id = parts.policies.length === 1 ? `policies[${index}]` : `policies[${index}].${place}`;
      const json = cedar.policyToJson(part);
      const mentions = mentionsOf(json.type === "success" ? json.json : undefined);
      const where = { path, text, part };
      faults.push(...vocabularyFaults(where, mentions, [groupEntityType, ...ownTypes]));
      return { id, text: part, mentions };
    });
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return { policies, entities, groupEntityType };
}

/** Cedar's JSON writes a name in two ways. */
export function entityName(uid: Cedar.EntityUidJson): EntityName {
  return "__entity" in uid ? uid.__entity : uid;
}

/** The groups that the configuration's own entities are about. */
export function groupsIn({ entities, groupEntityType }: CedarPolicies): readonly string[] {
  const names = entities.map(({ uid }) => entityName(uid));
  return names.flatMap(({ type, id }) => (type === groupEntityType ? [id] : []));
}

function readEntities(
  cedar: typeof Cedar,
  json: string | undefined,
  faults: Fault[],
): Cedar.EntityJson[] {
  if (json === undefined) return [];
  const path = [...PATH, "entitiesJson"];
  const refuse = (rule: string) => {
    faults.push(
      fault(path, json, rule, 'write [{"uid": {"type", "id"}, "attrs": {}, "parents": []}]'),
    );
    return [];
  };
  let entities: unknown;
  try {
    entities = JSON.parse(json);
  } catch (error) {
    return refuse(`must be JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!isEntityList(entities)) return refuse("must be a list of entities");
  const answer = cedar.checkParseEntities({ entities });
  if (answer.type === "failure")
    return refuse(answer.errors.map(({ message }) => message).join("; "));
  return entities;
}

/** As far as Cedar itself does not check it better. */
function isEntityList(value: unknown): value is Cedar.EntityJson[] {
  return (
    Array.isArray(value) &&
    value.every(
      (one: unknown) => isSection(one) && isSection(one.uid) && Array.isArray(one.parents),
    )
  );
}

function syntaxFault(path: Path, text: string, error: Cedar.DetailedError): Fault {
  const [place] = error.sourceLocations ?? [];
  const line = text.slice(0, place?.start ?? 0).split("\n").length;
  const expected = place?.label === undefined || place.label === null ? "" : ` (${place.label})`;
  const fix = error.help ?? "correct it: https://docs.cedarpolicy.com/policies/syntax-policy.html";
  return fault(path, text, `line ${line}: ${error.message}${expected}`, fix);
}
