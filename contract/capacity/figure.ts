/** What a number counts. A `millicore` is a thousandth of a core: one millisecond of CPU per second. */
export type Unit =
  | "sessions"
  | "decisions"
  | "spans"
  | "pods"
  | "streams"
  | "descriptors"
  | "processes"
  | "connections"
  | "bytes"
  | "millicores"
  | "milliseconds"
  | "seconds"
  | "percent"
  | "probes"
  | "backends"
  | "shards"
  | "views"
  | "calls"
  | "lines"
  | "per second";

/** A part of a figure, as it stands in the figure's formula. */
export interface Term {
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
  /** Where it comes from: an input, another figure, or its factors. */
  readonly from: string;
}

/** A number of a plan, and the arithmetic behind it. */
export interface Figure {
  readonly value: number;
  readonly unit: Unit;
  /** Written with the names of the terms. */
  readonly formula: string;
  readonly terms: readonly Term[];
}

/** A figure that is the sum of its terms. */
export function sum(unit: Unit, summands: readonly Omit<Term, "unit">[]): Figure {
  const terms = summands.map((summand) => ({ ...summand, unit }));
  return {
    value: total(terms.map((term) => term.value)),
    unit,
    formula: terms.map(({ name }) => name).join(" + "),
    terms,
  };
}

/** Another figure as a term, which comes from the figure of that name. */
export function termOf(name: string, { value, unit }: Figure): Term {
  return { name, value, unit, from: name };
}

export function total(values: readonly number[]): number {
  return values.reduce((before, value) => before + value, 0);
}
