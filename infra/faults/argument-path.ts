type Value = Readonly<Record<string, unknown>> | readonly unknown[];

/** The steps of an argument's path: `backends[0].url` and `podTemplate.labels["a.b"]` have three. */
function stepsOf(path: string): string[] {
  return (path.match(/\["[^"]*"\]|[^.[\]]+/g) ?? []).map((step) =>
    step.startsWith("[") ? step.slice(2, -2) : step,
  );
}

/** Whether one of two arguments is the other, or within it. */
export function isWithin(one: string, other: string): boolean {
  const [shorter, longer] = one.length < other.length ? [one, other] : [other, one];
  return longer === shorter || [".", "["].some((next) => longer.startsWith(shorter + next));
}

/** Arguments without one of them. A list loses no entry, which would give others its number, but goes as a whole. */
export function without<Args extends object>(args: Args, path: string): Args {
  const steps = stepsOf(path);
  return steps.length === 0 ? args : Object.assign({}, args, removed(args, steps));
}

function removed(value: unknown, [step = "", ...rest]: readonly string[]): unknown {
  if (!isValue(value)) return undefined;
  if (Array.isArray(value)) {
    if (rest.length === 0) return undefined;
    return value.map((entry, index) => (index === Number(step) ? removed(entry, rest) : entry));
  }
  const inner: unknown = Object.entries(value).find(([key]) => key === step)?.[1];
  const isEntry = rest.length === 1 && Array.isArray(inner);
  return { ...value, [step]: rest.length === 0 || isEntry ? undefined : removed(inner, rest) };
}

const isValue = (value: unknown): value is Value => typeof value === "object" && value !== null;
