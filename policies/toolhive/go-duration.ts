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

/** A duration as Go writes it, such as `1h30m`, in seconds; nothing where there is none, or 0, which asks for the default. */
export function goDuration(field: Fields): number | undefined {
  if (!field.isThere) return undefined;
  const text = field.text() ?? "";
  if (text !== "0" && !DURATION.test(text)) {
    throw new Unjudgeable(`${field.path} is no duration of Go: write one such as 90s or 1h30m`);
  }
  const parts = [...text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)];
  const seconds = parts.reduce(
    (sum, [, amount, unit = ""]) => sum + Number(amount) * (SECONDS_OF[unit] ?? 0),
    0,
  );
  return seconds === 0 ? undefined : seconds;
}
