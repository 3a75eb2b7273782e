const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Finds the end of one JSON value that arrives in pieces, without looking at what it is. Depth costs nothing. */
export class ValueEnd {
  #depth = 0;
  #inString = false;
  /** The last piece ended in a backslash that escapes what follows. */
  #escaped = false;

  /** The position behind the value, which goes on at `from`; -1 where it goes on in the next piece, too. */
  find(piece: Buffer, from: number): number {
    let at = from;
    while (at < piece.length) {
      if (this.#inString) {
        at = this.#stringEnd(piece, at);
        if (at === -1 || this.#depth === 0) return at;
        continue;
      }
      const byte = piece[at] ?? 0;
      if (this.#depth === 0 && endsScalar(byte)) return at;
      at += 1;
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth -= 1;
        if (this.#depth === 0) return at;
      }
    }
    return -1;
  }

  #stringEnd(piece: Buffer, from: number): number {
    let at = this.#escaped ? from + 1 : from;
    for (;;) {
      const quote = piece.indexOf(QUOTE, at);
      const end = quote === -1 ? piece.length : quote;
      let first = end;
      while (first > at && piece[first - 1] === BACKSLASH) first -= 1;
      const isEscaped = (end - first) % 2 === 1;
      if (quote === -1) {
        this.#escaped = isEscaped;
        return -1;
      }
      at = quote + 1;
      if (isEscaped) continue;
      this.#inString = false;
      this.#escaped = false;
      return at;
    }
  }
}

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);
}
