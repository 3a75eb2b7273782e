/**
 * What the policy pack is made of: every policy, and what runs them, for packs of one's own.
 *
 * @packageDocumentation
 */

export { pulumiPolicy } from "./pack.ts";
export { POLICIES } from "./policies.ts";
export { type Examples, type Policy, type PolicyText, policy, type Violation } from "./policy.ts";
export type { Setting, Settings } from "./setting.ts";
export { Fleet } from "./stack/fleet.ts";
export { Resource, type ResourceDescription } from "./stack/resource.ts";
