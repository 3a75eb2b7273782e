import type { Fields } from "../stack/fields.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";

const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;
const SECONDS_OF: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** A duration in Go's format, such as `1h30m`, in seconds; undefined where it is absent or 0, which means the default. */
export function goDuration(field: Fields): number | undefined {
  if (!field.isThere) return undefined;
  const text = field.text() ?? "";
  if (text !== "0" && !DURATION.test(text)) {
    throw new Unjudgeable(`${field.path} must be a Go duration; write it as 90s or 1h30m`);
  }
  const parts = [...text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)];
  const seconds = parts.reduce(
    (sum, [, amount, unit = ""]) => sum + Number(amount) * (SECONDS_OF[unit] ?? 0),
    0,
  );
  return seconds === 0 ? undefined : seconds;
}
