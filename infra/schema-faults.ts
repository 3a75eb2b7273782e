import type { ArgumentFault } from "./faults/argument-faults.ts";
import { ShapeFaults } from "./faults/shape-faults.ts";
import { SCHEMA } from "./package-schema.ts";

/** Arguments that only TypeScript programs have: the schema cannot describe functions. */
const TYPESCRIPT_ONLY: ReadonlySet<string> = new Set(["transform"]);

/**
 * The faults of arguments that do not match the component's schema: missing or unknown ones, wrong types, and values
 * that are not in an enum. Pulumi checks arguments only in some languages. Outputs are accepted wherever the schema
 * allows them.
 */
export function schemaFaults(token: string, args: unknown): ArgumentFault[] {
  const { inputProperties = {}, requiredInputs = [] } = SCHEMA.resources[token] ?? {};
  const shape = { type: "object", properties: inputProperties, required: requiredInputs };
  return new ShapeFaults(SCHEMA.types, TYPESCRIPT_ONLY).of("", args ?? {}, shape);
}
