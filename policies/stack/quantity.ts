import type { Fields } from "./fields.ts";
import { Unjudgeable } from "./unjudgeable.ts";

const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/;

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * A Kubernetes quantity in bytes or cores: `512Mi`, `250m`, `1e9`, 2. Undefined if it is absent.
 *
 * @throws {Unjudgeable} if it is not a quantity.
 */
export function quantityOf(field: Fields): number | undefined {
  if (!field.isThere) return undefined;
  const text = field.text() ?? field.number()?.toString() ?? "";
  const [, amount, suffix, exponent] = QUANTITY.exec(text) ?? [];
  if (amount === undefined) {
    throw new Unjudgeable(`${field.path} must be a quantity such as 512Mi or 250m`);
  }
  if (exponent !== undefined) return Number(`${amount}e${exponent}`);
  return Number(amount) * (suffix === undefined ? 1 : (FACTORS[suffix] ?? 1));
}

/** A quantity of CPU in millicores. */
export function millicoresOf(field: Fields): number | undefined {
  const cores = quantityOf(field);
  return cores === undefined ? undefined : Math.round(cores * 1000);
}
