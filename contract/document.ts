/** Where a value stands in a document: keys of sections and indices of lists. */
export type Path = readonly (string | number)[];

/** A map of keys, as YAML and JSON have it, before anything about it is known. */
export type Section = Readonly<Record<string, unknown>>;

/** True of a map; false of lists and plain values. */
export function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The path as the user would write it: `backends[0].url`. */
export function printPath(path: Path): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : index ? `.${step}` : step))
    .join("");
}

/** The value that stands at a path, or undefined. */
export function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === "number") value = value[step];
    else if (isSection(value) && Object.hasOwn(value, step)) value = value[step];
    else return undefined;
  }
  return value;
}

/** The document with a value put at a path of keys. A plain value in the way stays, so that it is reported. */
export function withValue(document: Section, path: readonly string[], value: unknown): Section {
  const [key, ...rest] = path;
  if (key === undefined) return document;
  if (rest.length === 0) return { ...document, [key]: value };
  const inner = Object.hasOwn(document, key) ? (document[key] ?? {}) : {};
  return { ...document, [key]: isSection(inner) ? withValue(inner, rest, value) : inner };
}

/** The document without keys that have no value: `optimizer:` and `optimizer: null` say nothing. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isSection(value)) return value;
  const filled = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(filled.map(([key, inner]) => [key, withoutNulls(inner)]));
}
