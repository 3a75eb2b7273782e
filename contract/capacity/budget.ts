import { type Figure, sum, total, type Unit } from "./figure.ts";

/** What one purpose takes: an amount that is there anyway, and one that each session adds. */
export interface Line {
  readonly name: string;
  readonly from: string;
  readonly fixed?: number;
  readonly perSession?: number;
}

export interface BudgetOptions {
  /** The share of the limit that stays free. Default: 0. */
  readonly reservePercent?: number;
  /** A limit is a multiple of it. Default: 1. */
  readonly step?: number;
}

const EXACT_STEP = 2 ** -20;

/**
 * How much of one resource a number of sessions takes, and how many sessions an amount of it holds: the same
 * lines read in both directions, so that what is planned and what is refused never disagree.
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

  /** The limit that these sessions need: every line rounded up, and the reserve on top. */
  need(sessions: number): Figure {
    const terms = this.#lines.map(({ name, from, fixed = 0, perSession = 0 }) => ({
      name,
      value: Math.ceil(fixed + perSession * sessions),
      from,
    }));
    const used = total(terms.map((term) => term.value));
    const reserve = this.#limitOver(used) - used;
    if (reserve === 0) return sum(this.unit, terms);
    const from = `${this.#reservePercent} % of the whole stay free`;
    return sum(this.unit, [...terms, { name: "reserve", value: reserve, from }]);
  }

  /** The most sessions whose need is within the limit; 0 where it does not even hold one. */
  holds(limit: number): number {
    const rest = this.usable(limit) - this.#fixedAndRounding;
    return rest < 0 ? 0 : Math.floor(rest / this.#perSession);
  }

  /** The smallest limit that holds a session. */
  get least(): number {
    return this.#limitOver(Math.ceil(this.#fixedAndRounding + this.#perSession));
  }

  /** What may be taken of a limit: all but the reserve. */
  usable(limit: number): number {
    const whole = Math.floor(limit / this.#step) * this.#step;
    return Math.floor((whole * (100 - this.#reservePercent)) / 100);
  }

  #limitOver(used: number): number {
    const limit = (used * 100) / (100 - this.#reservePercent);
    return Math.ceil(limit / this.#step) * this.#step;
  }

  /** What is taken without any session. */
  get fixed(): number {
    return total(this.#lines.map(({ fixed = 0 }) => Math.ceil(fixed)));
  }

  /** Each line of a need rounds up by less than one: for how many sessions there is room, that is there from the start. */
  get #fixedAndRounding(): number {
    return this.fixed + this.#lines.length;
  }

  /** In steps that sums and quotients carry exactly, rounded up. */
  get #perSession(): number {
    const perSession = total(this.#lines.map((line) => line.perSession ?? 0));
    return Math.ceil(perSession / EXACT_STEP) * EXACT_STEP;
  }
}
