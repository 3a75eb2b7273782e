import { annotationOf } from "@mcp-fleet/contract";
import { type Input, Output } from "@pulumi/pulumi";

/** A value that JSON carries as it is: what a stack's state and an annotation can hold. */
type Plain = string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain };

/** One that is known at once, one that may become known only later, such as a namespace, or those of a part. */
export type Fact = Plain | Output<Plain> | Facts;

/**
 * What a component was planned with and came to: its inputs for the engine, so that policies and people see them in
 * every preview, and annotations of its workload, so that the cluster knows them, too. Nothing secret.
 */
export interface Facts {
  readonly [name: string]: Fact;
}

/** The facts as annotations: `graceSeconds` is `mcp-fleet.dev/grace-seconds`. */
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

/** The members that have a value. */
export function present<Value>(
  members: Readonly<Record<string, Value | undefined>>,
): Record<string, Value> {
  const found: Record<string, Value> = {};
  for (const [name, value] of Object.entries(members)) if (value !== undefined) found[name] = value;
  return found;
}
