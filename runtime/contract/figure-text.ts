import type { Figure, Unit } from "./figure.ts";
import { formatBytes, formatSeconds } from "./units.ts";

const MEBIBYTE = 2 ** 20;

/** An amount for people: sizes as a manifest writes them, or to a tenth of a mebibyte. */
export function amountText(value: number, unit: Unit): string {
  switch (unit) {
    case "bytes":
      if (value % MEBIBYTE === 0 || value < MEBIBYTE) return formatBytes(value);
      return `${(value / MEBIBYTE).toFixed(1)}Mi`;
    case "seconds":
      return formatSeconds(value);
    case "percent":
      return `${value} %`;
    default:
      return `${value.toLocaleString("en-US")} ${value === 1 ? unit.replace(/s$/, "") : unit}`;
  }
}

/** A figure in one line, with its arithmetic: `3 pods = holding + spareReplicas (holding 2 pods, spareReplicas 1 pod)`. */
export function figureText({ value, unit, formula, terms }: Figure): string {
  const parts = terms.map((term) => `${term.name} ${amountText(term.value, term.unit)}`);
  return `${amountText(value, unit)} = ${formula} (${parts.join(", ")})`;
}
