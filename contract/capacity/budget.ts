import { type Figure, sum, total, type Unit } from "./figure.ts";

/** What one purpose takes of a resource: a fixed amount, and an amount per session. */
export interface Line {
  readonly name: string;
  readonly from: string;
  readonly fixed?: number;
  readonly perSession?: number;
}

export interface BudgetOptions {
  /** The share of the limit that is kept free. Default: 0. */
  readonly reservePercent?: number;
  /** Limits are rounded up to a multiple of it. Default: 1. */
  readonly step?: number;
}

const EXACT_STEP = 2 ** -20;

/**
 * How much of one resource a number of sessions needs, and how many sessions a limit holds: the same
 * lines read in both directions, so that a planner and a boot check never disagree.
 */
export class Budget {
  readonly unit: Unit;
  readonly #lines: readonly Line[];
  readonly #reservePercent: number;
  readonly #step: number;

  constructor(unit: Unit, lines: readonly Line[], options: BudgetOptions = {}) {
    this.unit = unit;
    this.#lines = lines;
    this.#reservePercent = options.reservePercent ?? 0;
    this.#step = options.step ?? 1;
  }

  /** The limit that these sessions need: every line rounded up, plus the reserve. */
  need(sessions: number): Figure {
    const terms = this.#lines.map(({ name, from, fixed = 0, perSession = 0 }) => ({
      name,
      value: Math.ceil(fixed + perSession * sessions),
      from,
    }));
    const used = total(terms.map((term) => term.value));
    const reserve = this.#limitOver(used) - used;
    if (reserve === 0) return sum(this.unit, terms);
    const from = `${this.#reservePercent} % of the limit is kept free`;
    return sum(this.unit, [...terms, { name: "reserve", value: reserve, from }]);
  }

  /** The maximum number of sessions that fit within a limit; 0 where not even one does. */
  holds(limit: number): number {
    const rest = this.usable(limit) - this.#fixedAndRounding;
    return rest < 0 ? 0 : Math.floor(rest / this.#perSession);
  }

  /** The smallest limit that holds one session. */
  get minLimit(): number {
    return this.#limitOver(Math.ceil(this.#fixedAndRounding + this.#perSession));
  }

  /** The part of a limit that may be used: all but the reserve. */
  usable(limit: number): number {
    const whole = Math.floor(limit / this.#step) * this.#step;
    return Math.floor((whole * (100 - this.#reservePercent)) / 100);
  }

  #limitOver(used: number): number {
    const limit = (used * 100) / (100 - this.#reservePercent);
    return Math.ceil(limit / this.#step) * this.#step;
  }

  /** What is used before the first session. */
  get fixed(): number {
    return total(this.#lines.map(({ fixed = 0 }) => Math.ceil(fixed)));
  }

  /** Each line rounds up by less than one, so one per line is set aside. */
  get #fixedAndRounding(): number {
    return this.fixed + this.#lines.length;
  }

  /** Rounded up to a step that floating point adds and divides exactly. */
  get #perSession(): number {
    const perSession = total(this.#lines.map((line) => line.perSession ?? 0));
    return Math.ceil(perSession / EXACT_STEP) * EXACT_STEP;
  }
}
