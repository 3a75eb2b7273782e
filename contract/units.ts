/** A duration: one or more amounts, each with its unit, such as `30s`, `1h30m` or `500ms`. */
export const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;

/** A size: one amount with its unit, binary (`8Mi`) or decimal (`8M`). */
export const SIZE = /^\d+(?:B|k|M|G|T|Ki|Mi|Gi|Ti)$/;

const MILLISECONDS_OF = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const BYTES_OF = {
  Ti: 2 ** 40,
  Gi: 2 ** 30,
  Mi: 2 ** 20,
  Ki: 2 ** 10,
  T: 1e12,
  G: 1e9,
  M: 1e6,
  k: 1e3,
  B: 1,
} as const;

const isDurationUnit = (text: string): text is keyof typeof MILLISECONDS_OF =>
  Object.hasOwn(MILLISECONDS_OF, text);
const isSizeUnit = (text: string): text is keyof typeof BYTES_OF => Object.hasOwn(BYTES_OF, text);

/**
 * Reads a duration: `seconds("1h30m")` is 5400, `seconds("500ms")` is 0.5.
 *
 * @throws {RangeError} if the text is not a duration.
 */
export function seconds(text: string): number {
  if (!DURATION.test(text))
    throw new RangeError(`"${text}" is not a duration such as 30s or 1h30m`);
  let milliseconds = 0;
  for (const [, amount, unit = ""] of text.matchAll(/([\d.]+)(ms|[smhd])/g)) {
    if (isDurationUnit(unit)) milliseconds += Number(amount) * MILLISECONDS_OF[unit];
  }
  return milliseconds / 1000;
}

/**
 * Reads a size: `bytes("8Mi")` is 8388608, `bytes("1k")` is 1000.
 *
 * @throws {RangeError} if the text is not a size.
 */
export function bytes(text: string): number {
  const unit = text.replace(/^\d+/, "");
  if (!SIZE.test(text) || !isSizeUnit(unit)) {
    throw new RangeError(`"${text}" is not a size such as 8Mi`);
  }
  return Number.parseInt(text, 10) * BYTES_OF[unit];
}

/** Formats a duration so that `seconds` reads it back, exact to the millisecond: 5400 is `1h30m`. */
export function formatSeconds(durationSeconds: number): string {
  let rest = Math.round(durationSeconds * 1000);
  let text = "";
  for (const [unit, milliseconds] of Object.entries(MILLISECONDS_OF)) {
    const amount = Math.floor(rest / milliseconds);
    rest -= amount * milliseconds;
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text || "0s";
}

/** Formats a size so that `bytes` reads it back exactly: 8388608 is `8Mi`, 1000 is `1k`. */
export function formatBytes(sizeBytes: number): string {
  for (const [unit, unitBytes] of Object.entries(BYTES_OF)) {
    if (sizeBytes > 0 && sizeBytes % unitBytes === 0) return `${sizeBytes / unitBytes}${unit}`;
  }
  return `${sizeBytes}B`;
}
