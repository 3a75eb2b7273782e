/** The path of a value in a document: keys of maps and indices of lists. */
export type Path = readonly (string | number)[];

/** A YAML or JSON map whose content is not validated yet. */
export type Section = Readonly<Record<string, unknown>>;

/** True for maps; false for lists and plain values. */
export function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The path as users write it: `backends[0].url`. */
export function printPath(path: Path): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : index ? `.${step}` : step))
    .join("");
}

/** The value at a path, or undefined. */
export function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === "number") value = value[step];
    else if (isSection(value) && Object.hasOwn(value, step)) value = value[step];
    else return undefined;
  }
  return value;
}

/** The document with a value set at a path. A plain value on the way is kept, so that validation reports it. */
export function withValue(document: Section, path: readonly string[], value: unknown): Section {
  const [key, ...rest] = path;
  if (key === undefined) return document;
  if (rest.length === 0) return { ...document, [key]: value };
  const inner = Object.hasOwn(document, key) ? (document[key] ?? {}) : {};
  return { ...document, [key]: isSection(inner) ? withValue(inner, rest, value) : inner };
}

/** The document without empty keys: `optimizer:` and `optimizer: null` mean that the key is absent. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isSection(value)) return value;
  const filled = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(filled.map(([key, inner]) => [key, withoutNulls(inner)]));
}
