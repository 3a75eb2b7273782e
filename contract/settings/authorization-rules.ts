import { type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";

const PATH: Path = ["incomingAuth", "authz"];

/** Policies without the type would have no effect. */
export function authorizationRules(document: Section): Fault[] {
  const type = valueAt(document, [...PATH, "type"]);
  const policies = valueAt(document, [...PATH, "policies"]);
  const written = Array.isArray(policies) && policies.length > 0;
  if (type === "cedar" && !written) {
    const rule = "must have a policy with authz.type cedar: without one nothing is permitted";
    return [fault([...PATH, "policies"], policies, rule, "add a policy, or set authz.type: none")];
  }
  if (type !== "cedar" && written) {
    const rule = "must be absent unless authz.type is cedar: they would have no effect";
    return [fault([...PATH, "policies"], policies, rule, "set authz.type: cedar")];
  }
  return [];
}
