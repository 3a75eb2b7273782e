import { isSection, type Section } from "@mcp-fleet/contract";
import { parse } from "yaml";
import type { Given } from "../given.ts";
import { type Field, type Reading, stepsOf } from "../reading.ts";
import { IMPORT_LIMITS } from "../source.ts";

const UNKNOWN = { topic: "authorization", why: "what clients may do is unknown", fix: "" } as const;

/** `incomingAuth.authz` of a vmcp.yaml, from `authzConfig` and `authzConfigRef` at a field; undefined without either. */
export function authzOf(given: Given, from: Reading, around: Field): Section | undefined {
  const at = stepsOf(around);
  const own = from.section([...at, "authzConfig"]);
  if (own === undefined) return sharedPolicies(given, from, [...at, "authzConfigRef"]);
  const { type, configMap: _map, inline: _inline, ...claims } = own;
  from.taken([...at, "authzConfig"]);
  const policies =
    type === "inline"
      ? from.section([...at, "authzConfig", "inline"])
      : fromConfigMap(given, from, [...at, "authzConfig", "configMap"]);
  return { type: "cedar", ...policies, ...claims };
}

function sharedPolicies(given: Given, from: Reading, field: Field): Section | undefined {
  if (!from.has(field)) return undefined;
  const config = given.follow(from, field, "MCPAuthzConfig", UNKNOWN, "authz");
  if (config === undefined) return { type: "cedar" };
  config.taken("spec");
  const { policies, entities_json: entitiesJson } = config.section("spec.config") ?? {};
  return { type: "cedar", policies, ...(entitiesJson !== undefined && { entitiesJson }) };
}

function fromConfigMap(given: Given, from: Reading, field: Field): Section {
  const map = given.follow(from, field, "ConfigMap", UNKNOWN, "authz");
  const key = from.text([...stepsOf(field), "key"]) ?? "authz.json";
  const text = map?.text(["data", key]);
  if (text === undefined) {
    from.left(field, { ...UNKNOWN, fix: `give the ConfigMap with the key ${key} too` }, "authz");
    return {};
  }
  try {
    const content: unknown = parse(text, { maxAliasCount: IMPORT_LIMITS.aliases });
    const cedar = isSection(content) && isSection(content.cedar) ? content.cedar : {};
    return {
      policies: cedar.policies,
      ...(cedar.entities_json !== undefined && { entitiesJson: cedar.entities_json }),
    };
  } catch {
    const why = `the key ${key} of the ConfigMap is neither JSON nor YAML`;
    from.left(field, { topic: "authorization", why, fix: "correct the ConfigMap" }, "authz");
    return {};
  }
}
