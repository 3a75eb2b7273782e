import { createRequire } from "node:module";
import { seconds } from "@mcp-fleet/contract";
import {
  Fleet,
  POLICIES,
  type Policy,
  Resource,
  type ResourceDescription,
} from "../../policies/index.ts";
import type { RecordedResource } from "./recorded-resource.ts";
import { generatedName, type RecordedStack } from "./recorded-stack.ts";

/** What Pulumi writes in the place of a text that is not known before the update. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

interface Proxy {
  unknownCheckingProxy(props: unknown): unknown;
}

// The types of this module are empty.
const { unknownCheckingProxy }: Proxy = createRequire(import.meta.url)("@pulumi/policy/proxy");

/** What a policy says of a stack whose properties are given to it as the engine gives them. */
export function judged(
  policy: Policy,
  stack: readonly ResourceDescription[],
  configured: object = {},
): string[] {
  const resources = stack.map(
    ({ props, ...rest }) => new Resource({ ...rest, props: unknownCheckingProxy(props) }),
  );
  return policy.check(new Fleet(resources), configured).map(({ message }) => message);
}

/** What a program registered, as the engine would describe it to policies once names are generated. */
export function describedStack(resources: readonly RecordedResource[]): ResourceDescription[] {
  return resources.map(({ type, name, urn, inputs, isCustom, ignoreChanges, timeouts }) => ({
    ...{ type, name, urn: `urn:pulumi:stack::project::${urn}`, ignoreChanges },
    props: isCustom
      ? { ...inputs, metadata: { name: generatedName(name), ...Object(inputs.metadata) } }
      : inputs,
    timeouts: {
      createSeconds: secondsOf(timeouts.create),
      updateSeconds: secondsOf(timeouts.update),
      deleteSeconds: secondsOf(timeouts.delete),
    },
  }));
}

const secondsOf = (timeout: string): number => (timeout === "" ? 0 : seconds(timeout));

/** What the mandatory policies say of the resources that a program has registered. Settings are by policy. */
export function verdict(
  { resources }: RecordedStack,
  configured: Readonly<Record<string, object>> = {},
): string[] {
  const fleet = new Fleet(describedStack(resources).map((one) => new Resource(one)));
  return POLICIES.filter(({ level }) => level === "mandatory").flatMap((policy) =>
    policy.check(fleet, configured[policy.name]).map(({ message }) => `${policy.name}: ${message}`),
  );
}
