import { CONSTANTS } from "@mcp-fleet/contract/capacity";
import { clock } from "../platform/clock.ts";

/** So many equal lines are written in a window; those beyond are counted, and told of at its end. */
const LINES = 10;
const WINDOW_MS = 10_000;

interface Kind {
  written: number;
  leftOut: number;
}

/** Keeps a log from being filled with one line, by whoever can cause it. */
export class LogLimit {
  readonly #kinds = new Map<string, Kind>();

  /**
   * Whether a line may be written.
   *
   * @param tell writes that so many equal lines were left out.
   */
  allows(line: string, tell: (leftOut: number) => void): boolean {
    const key = this.#kinds.has(line) || this.#kinds.size < CONSTANTS.logKinds.value ? line : "";
    const kind = this.#kinds.get(key) ?? this.#begin(key, tell);
    if (kind.written < LINES) {
      kind.written += 1;
      return true;
    }
    kind.leftOut += 1;
    return false;
  }

  #begin(key: string, tell: (leftOut: number) => void): Kind {
    const kind = { written: 0, leftOut: 0 };
    this.#kinds.set(key, kind);
    const end = () => {
      this.#kinds.delete(key);
      if (kind.leftOut > 0) tell(kind.leftOut);
    };
    clock.after(WINDOW_MS, end).unref();
    return kind;
  }
}
