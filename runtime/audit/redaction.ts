const REDACTED = "[redacted]";

/** Takes out of what events show what matches one of the patterns. */
export class Redaction {
  readonly #patterns: readonly RegExp[];

  /** @param patterns regular expressions. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map((pattern) => new RegExp(pattern, "giu"));
  }

  text(text: string): string {
    return this.#patterns.reduce((shown, pattern) => shown.replace(pattern, REDACTED), text);
  }

  /** A JSON value: of a member whose name matches, nothing is shown. */
  value(value: unknown): unknown {
    if (this.#patterns.length === 0) return value;
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([name, one]) => [
      name,
      this.#matches(name) ? REDACTED : this.value(one),
    ]);
    return Object.fromEntries(entries);
  }

  #matches(name: string): boolean {
    return this.#patterns.some((pattern) => name.search(pattern) >= 0);
  }
}
