import * as z from "zod";
import { type Path, type Section, valueAt } from "../document.ts";
import { configuration } from "./configuration.ts";

/** A value of the configuration that is not a section: a plain value, a list or a map. */
export interface Leaf {
  readonly path: readonly string[];
  readonly schema: z.ZodType;
  /** Its plain types; empty for lists and maps. */
  readonly plain: ReadonlySet<string>;
}

/** The schema without its defaults, optionals and transforms. */
export function bare(schema: unknown): unknown {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNonOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return bare(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? bare(schema.def.in) : schema;
}

function plainTypes(schema: unknown): ReadonlySet<string> {
  const inner = bare(schema);
  if (inner instanceof z.ZodString || inner instanceof z.ZodEnum) return new Set(["string"]);
  if (inner instanceof z.ZodLiteral) return new Set([...inner.values].map((value) => typeof value));
  if (inner instanceof z.ZodNumber) return new Set(["number"]);
  if (inner instanceof z.ZodBoolean) return new Set(["boolean"]);
  if (inner instanceof z.ZodUnion) {
    return new Set(inner.options.flatMap((option) => [...plainTypes(option)]));
  }
  return new Set();
}

function* walk(schema: unknown, path: readonly string[]): Generator<Leaf> {
  const inner = bare(schema);
  if (inner instanceof z.ZodObject) {
    for (const [key, field] of Object.entries(inner.shape)) yield* walk(field, [...path, key]);
  } else if (schema instanceof z.ZodType) {
    yield { path, schema, plain: plainTypes(schema) };
  }
}

/** Every leaf of the configuration, in the order of the schema. */
export const LEAVES: readonly Leaf[] = [...walk(configuration, [])];

/** The number of a leaf, or its default where it is absent; undefined where it is faulty. */
export function numberAt(document: Section, path: Path): number | undefined {
  const leaf = LEAVES.find((known) => known.path.join() === path.join());
  const parsed = leaf?.schema.safeParse(valueAt(document, path));
  return typeof parsed?.data === "number" ? parsed.data : undefined;
}

/** The fields of a list's entries or a map's values, with `[]` or `*` in the path; none for plain values. */
export function fieldsWithin(leaf: Leaf): Leaf[] {
  const inner = bare(leaf.schema);
  if (inner instanceof z.ZodArray) return within(inner.element, leaf, "[]");
  if (inner instanceof z.ZodRecord) return within(inner.valueType, leaf, ".*");
  return [];
}

function within(element: unknown, { path }: Leaf, mark: string): Leaf[] {
  if (!(bare(element) instanceof z.ZodObject)) return [];
  return [...walk(element, [...path.slice(0, -1), `${path.at(-1)}${mark}`])];
}

/** The keys that are known at a path; none where any key is allowed, or where there are no keys. */
export function knownKeys(path: Path): readonly string[] {
  let schema: unknown = configuration;
  for (const step of path) {
    const inner = bare(schema);
    if (inner instanceof z.ZodObject) schema = inner.shape[step];
    else if (inner instanceof z.ZodArray) schema = inner.element;
    else if (inner instanceof z.ZodRecord) schema = inner.valueType;
    else return [];
  }
  const inner = bare(schema);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}
