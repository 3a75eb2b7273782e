/**
 * The parts of the policy pack, for packs of your own: every policy, and the function that turns it into a Pulumi policy.
 *
 * @packageDocumentation
 */

export { pulumiPolicy } from "./pack.ts";
export { POLICIES } from "./policies.ts";
export { type Examples, type Policy, type PolicyText, policy, type Violation } from "./policy.ts";
export type { Setting, Settings } from "./setting.ts";
export { Fleet } from "./stack/fleet.ts";
export { Resource, type ResourceDescription } from "./stack/resource.ts";
