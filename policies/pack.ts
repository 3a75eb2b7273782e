import type {
  PolicyConfigSchema,
  PolicyCustomTimeouts,
  PolicyResourceOptions,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import type { Policy } from "./policy.ts";
import type { Setting } from "./setting.ts";
import { Fleet } from "./stack/fleet.ts";
import { Resource } from "./stack/resource.ts";

/** A resource as the engine passes it, alone or as part of the stack. */
interface Given {
  readonly type: string;
  readonly urn: string;
  readonly name: string;
  readonly props: unknown;
  readonly opts: PolicyResourceOptions;
}

type Schema = PolicyConfigSchema["properties"][string];

/** A policy as Pulumi runs it: for each resource before it is created, or for the whole stack at the end. */
export function pulumiPolicy(policy: Policy): ResourceValidationPolicy | StackValidationPolicy {
  const properties = Object.entries(policy.settings).map(
    ([name, setting]) => [name, schemaOf(setting)] as const,
  );
  const common = {
    name: policy.name,
    description: policy.rule,
    enforcementLevel: policy.level,
    remediationSteps: policy.remediation,
    ...(properties.length > 0 && {
      configSchema: { properties: Object.fromEntries(properties) },
    }),
  };
  if (policy.isLocal) {
    return {
      ...common,
      validateResource(args, report) {
        const fleet = new Fleet([resourceOf(args)]);
        for (const { message } of policy.check(fleet, args.getConfig())) report(message);
      },
    };
  }
  return {
    ...common,
    validateStack(args, report) {
      const fleet = new Fleet(args.resources.map(resourceOf));
      for (const { resource, message } of policy.check(fleet, args.getConfig())) {
        report(message, resource.urn);
      }
    },
  };
}

function resourceOf({ type, urn, name, props, opts }: Given): Resource {
  // Resources of an exported state may have none.
  const timeouts: PolicyCustomTimeouts | undefined = opts.customTimeouts;
  const ignored: readonly string[] | undefined = opts.ignoreChanges;
  return new Resource({
    type,
    urn,
    name,
    props,
    ...(timeouts && { timeouts }),
    ...(ignored && { ignoreChanges: ignored }),
  });
}

function schemaOf({ type, default: fallback, description }: Setting): Schema {
  const common = { description: description, default: fallback };
  if (type !== "list") return { ...common, type };
  return { ...common, type: "array", items: { type: "string" } };
}
