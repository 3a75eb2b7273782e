import { formatBytes, formatSeconds } from "../units.ts";
import type { Figure, Term, Unit } from "./figure.ts";

const KIBIBYTE = 2 ** 10;
const MEBIBYTE = 2 ** 20;

/** An amount for people: sizes as in a manifest, or to a tenth of a kibibyte or mebibyte. */
export function amountText(value: number, unit: Unit): string {
  switch (unit) {
    case "bytes":
      return sizeText(value);
    case "seconds":
      return formatSeconds(value);
    case "percent":
      return `${value} %`;
    default:
      return `${value.toLocaleString("en-US")} ${value === 1 ? unit.replace(/s$/, "") : unit}`;
  }
}

function sizeText(value: number): string {
  const [unit, name] = value < MEBIBYTE ? [KIBIBYTE, "Ki"] : [MEBIBYTE, "Mi"];
  if (value < KIBIBYTE || value % unit === 0) return formatBytes(value);
  return `${(value / unit).toFixed(1)}${name}`;
}

/**
 * A figure in one line, with its arithmetic: `3 pods = holding 2 + spareReplicas 1`, or the formula and its terms
 * behind it. Terms of a sum that are 0 are left out.
 */
export function figureText({ value, unit, formula, terms }: Figure): string {
  const whole = amountText(value, unit);
  const isSum = formula === terms.map(({ name }) => name).join(" + ");
  if (!isSum) {
    const parts = terms.map((term) => `${term.name} ${amountText(term.value, term.unit)}`);
    return `${whole} = ${formula} (${parts.join(", ")})`;
  }
  const counted = terms.filter((term) => term.value !== 0);
  return `${whole} = ${counted.map((term) => `${term.name} ${bareText(term)}`).join(" + ")}`;
}

/** An amount whose unit is already named before the equals sign. */
function bareText({ value, unit }: Term): string {
  const hasUnit = unit === "bytes" || unit === "seconds" || unit === "percent";
  return hasUnit ? amountText(value, unit) : value.toLocaleString("en-US");
}
