import { isSpace, ValueEnd } from "./value-end.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;

/** Longer keys are none that matter, and longer ids are not answered. */
const MAX_KEPT_BYTES = 256;

/** What may come next, spaces aside. */
type Next = "object" | "key" | "colon" | "value" | "comma" | "nothing";

/**
 * Finds the id of a request in a text that is read and not held: most clients write it last. A response has none of the
 * client's own, and a batch has many: neither is found.
 */
export class RequestIdScanner {
  #next: Next = "object";
  /** The key or value that it is in. */
  #inside: ValueEnd | undefined;
  #key = "";
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #idText: string | undefined;
  #hasMethod = false;

  /** Takes the next piece of the text. Returns the id as it stands there, once it is known. */
  push(piece: Buffer): string | undefined {
    let at = 0;
    while (at < piece.length && this.#next !== "nothing") {
      if (this.#inside === undefined) {
        this.#begin(piece[at] ?? 0);
        if (this.#inside === undefined) at += 1;
        continue;
      }
      const end = this.#inside.find(piece, at);
      this.#keep(piece.subarray(at, end === -1 ? piece.length : end));
      if (end === -1) break;
      at = end;
      this.#inside = undefined;
      this.#end();
    }
    return this.#hasMethod ? this.#idText : undefined;
  }

  /** Takes a byte between keys and values, unless a key or value begins with it. */
  #begin(byte: number): void {
    if (isSpace(byte)) return;
    if (this.#next === "object" && byte === OPEN_BRACE) this.#next = "key";
    else if (this.#next === "colon" && byte === COLON) this.#next = "value";
    else if (this.#next === "comma" && byte === COMMA) this.#next = "key";
    else if (this.#next === "value" || (this.#next === "key" && byte === QUOTE)) {
      this.#inside = new ValueEnd();
      this.#kept = [];
      this.#keptBytes = 0;
    } else this.#next = "nothing";
  }

  #keep(bytes: Buffer): void {
    const matters = this.#next === "key" || this.#key === "id";
    this.#keptBytes += bytes.length;
    if (matters && this.#keptBytes <= MAX_KEPT_BYTES) this.#kept.push(bytes);
  }

  #end(): void {
    const text = this.#keptBytes <= MAX_KEPT_BYTES ? Buffer.concat(this.#kept).toString() : "";
    if (this.#next === "key") {
      this.#key = text.slice(1, -1);
      this.#hasMethod ||= this.#key === "method";
      this.#next = "colon";
      return;
    }
    if (this.#key === "id" && isId(text)) this.#idText = text;
    this.#next = "comma";
  }
}

function isId(text: string): boolean {
  try {
    const id: unknown = JSON.parse(text);
    return typeof id === "string" || typeof id === "number";
  } catch {
    return false;
  }
}
