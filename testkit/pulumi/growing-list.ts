import { readFileSync, writeFileSync } from "node:fs";

/** A sorted list in a file beside its test: what stands there once stays. */
export class GrowingList {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** The lines of the file. */
  get published(): readonly string[] {
    return readFileSync(this.#file, "utf8").trimEnd().split("\n");
  }

  /** The lines that are not in the file yet. */
  missing(lines: readonly string[]): string[] {
    const known = new Set(this.published);
    return lines.filter((line) => !known.has(line));
  }

  /** Writes lines into the file, beside those that are there. */
  add(lines: readonly string[]): void {
    const all = new Set([...this.published, ...lines]);
    writeFileSync(this.#file, `${[...all].sort().join("\n")}\n`);
  }
}
