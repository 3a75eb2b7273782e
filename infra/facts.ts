import { annotationOf } from "@mcp-fleet/contract";
import { type Input, Output } from "@pulumi/pulumi";

/** A JSON value: what a stack's state and an annotation can hold. */
type Plain = string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain };

/** A plain value, an output such as a namespace, or the facts of a part. */
export type Fact = Plain | Output<Plain> | Facts;

/**
 * What a component was planned with, and the result: inputs of its resource, so that policies and people see them in
 * every preview, and annotations of its workload, so that they are in the cluster too. Never secret.
 */
export interface Facts {
  readonly [name: string]: Fact;
}

/** The facts as annotations: `mcp-fleet.dev/grace-seconds` for `graceSeconds`. */
export function annotations(facts: Facts): Record<string, Input<string>> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [
      annotationOf(name),
      Output.isInstance(fact) ? fact.apply(printed) : printed(fact),
    ]),
  );
}

const printed = (fact: Plain | Facts): string =>
  typeof fact === "string" ? fact : JSON.stringify(fact);

/** The members that are not undefined. */
export function present<Value>(
  members: Readonly<Record<string, Value | undefined>>,
): Record<string, Value> {
  const found: Record<string, Value> = {};
  for (const [name, value] of Object.entries(members)) if (value !== undefined) found[name] = value;
  return found;
}
