import { annotationOf } from "@mcp-fleet/contract";
import type { Fact } from "../stack/facts.ts";
import type { ResourceDescription } from "../stack/resource.ts";

/** A value of a manifest. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };

type Draft = Record<string, unknown>;

/** The facts of a workload; undefined removes one. */
export type FactValues = Partial<Readonly<Record<Fact, Json | undefined>>>;

/**
 * A stack with one of its resources changed: `{ "spec.replicas": 1, "spec.template.spec.containers[0].image": "a:1" }`.
 * Names that contain dots are in brackets; undefined removes a value.
 */
export function edited(
  stack: readonly ResourceDescription[],
  title: string,
  changes: Readonly<Record<string, Json | undefined>>,
): ResourceDescription[] {
  return replaced(stack, title, (props) => {
    for (const [path, value] of Object.entries(changes)) set(props, path, value);
  });
}

/** A stack in which a workload has other facts. */
export function withFacts(
  stack: readonly ResourceDescription[],
  title: string,
  facts: FactValues,
): ResourceDescription[] {
  const changes = Object.entries(annotations(facts)).map(
    ([name, value]) => [`metadata.annotations[${name}]`, value] as const,
  );
  return edited(stack, title, Object.fromEntries(changes));
}

/** A stack without one of its resources. */
export function without(
  stack: readonly ResourceDescription[],
  title: string,
): ResourceDescription[] {
  found(stack, title);
  return stack.filter((resource) => titleOf(resource) !== title);
}

/** The annotations of facts. */
export function annotations(facts: FactValues): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(facts).map(([fact, value]) => [
      annotationOf(fact),
      typeof value === "string" || value === undefined ? value : JSON.stringify(value),
    ]),
  );
}

function replaced(
  stack: readonly ResourceDescription[],
  title: string,
  change: (props: Draft) => void,
): ResourceDescription[] {
  // Through JSON, so that a value used in two places becomes two values.
  const props: unknown = JSON.parse(JSON.stringify(found(stack, title).props));
  if (!isDraft(props)) throw new Error(`${title} has no properties`);
  change(props);
  return stack.map((resource) => (titleOf(resource) === title ? { ...resource, props } : resource));
}

function found(stack: readonly ResourceDescription[], title: string): ResourceDescription {
  const resource = stack.find((one) => titleOf(one) === title);
  if (resource === undefined) throw new Error(`the stack has no ${title}`);
  return resource;
}

const titleOf = ({ type, name }: ResourceDescription): string =>
  `${type.split(":").at(-1)} ${name}`;

const isDraft = (value: unknown): value is Draft => typeof value === "object" && value !== null;

function set(props: Draft, path: string, value: Json | undefined): void {
  const names = [...path.matchAll(/[^.[\]]+|\[([^\]]*)\]/g)].map(([name, inner]) => inner ?? name);
  const last = names.pop() ?? "";
  const holder = names.reduce<Draft>((draft, name) => {
    draft[name] ??= {};
    const next = draft[name];
    if (!isDraft(next)) throw new Error(`${path}: ${name} is not a map`);
    return next;
  }, props);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
}
