import type { EnvArgs, SecretEnvArgs } from "../arguments/env-args.ts";
import type { ArgumentFault } from "./argument-faults.ts";

/** Variables that say what the plan says, or hold a secret of the component. */
export const OUR_VARIABLES = /^(?:MCP_FLEET_\w+|NODE_OPTIONS)$/;

const VARIABLE = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

/** The variables of a container. */
interface Variables {
  readonly env?: readonly EnvArgs[];
  readonly secrets?: readonly SecretEnvArgs[];
}

/** A variable that is set twice would have one of its values, or be refused by Kubernetes. */
export function variableFaults(
  args: Variables,
  pathOf: (argument: string) => string = (argument) => argument,
): ArgumentFault[] {
  const known = new Set<string>();
  return namesOf(args).flatMap(({ argument, name }) => {
    const path = pathOf(argument);
    const isTwice = known.has(name);
    known.add(name);
    if (!VARIABLE.test(name)) {
      const rule = "must be the name of a variable: letters, digits, dots, dashes and underscores";
      return [{ path, value: name, rule, fix: "write it as API_TOKEN" }];
    }
    if (!isTwice) return [];
    const rule = "must be unique among env and secrets";
    return [{ path, value: name, rule, fix: "rename or remove one of the two" }];
  });
}

/** Of gateways and proxies, whose settings have arguments of their own, from which they are planned. */
export function processVariableFaults(
  args: Variables,
  pathOf: (argument: string) => string,
): ArgumentFault[] {
  const ours = namesOf(args).filter(({ name }) => OUR_VARIABLES.test(name));
  const rule = "is reserved for the component";
  const fix = "set it by the argument for that setting, or choose another name";
  return [
    ...variableFaults(args, pathOf),
    ...ours.map(({ argument, name }) => ({ path: pathOf(argument), value: name, rule, fix })),
  ];
}

function namesOf({ env = [], secrets = [] }: Variables) {
  const names = [
    ...env.map(({ name }, index) => ({ argument: `env[${index}].name`, name })),
    ...secrets.map(({ targetEnvName: name }, index) => ({
      argument: `secrets[${index}].targetEnvName`,
      name,
    })),
  ];
  // Those without a name are reported by the schema.
  return names.filter(({ name }) => name !== undefined);
}
