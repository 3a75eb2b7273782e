import { isVersion } from "./message.ts";
import { answersId, type RequestIds } from "./response.ts";
import { isSpace, ValueEnd } from "./value-end.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Longer keys are none that matter: `"method"` with every letter escaped has 38 bytes. */
const MAX_KEY_BYTES = 64;

/** Each character of an id may be written as an escape of this length. */
const ESCAPE_BYTES = 6;

/** Around a number that is written as text. */
const QUOTES = 2;

/** `2.0` with every character escaped. */
const MAX_VERSION_BYTES = 3 * ESCAPE_BYTES + QUOTES;

/** What may come next, spaces aside. */
type Next = "object" | "first key" | "key" | "colon" | "value" | "comma" | "end";

/**
 * Decides what `responseTo` decides, for an answer that is too long to be held: it is passed on piece by piece, with the
 * id of whoever asked in the place of its own. Of everything else in it only the end is looked for.
 */
export class ResponseScanner {
  readonly #ids: RequestIds;
  readonly #maxIdBytes: number;
  /** The members so far that matter. */
  readonly #known = new Set<string>();
  #next: Next = "object";
  /** The key or value that it is in. */
  #inside: ValueEnd | undefined;
  #key = "";
  /** What is read of a key or an id. */
  #kept: Buffer[] = [];
  #keptBytes = 0;

  constructor(ids: RequestIds) {
    this.#ids = ids;
    this.#maxIdBytes = ESCAPE_BYTES * Buffer.byteLength(ids.sentIdText) + QUOTES;
  }

  /**
   * Takes the next piece of the answer.
   *
   * @returns what can be passed on.
   * @throws {SyntaxError} where the answer is not the response to the request.
   */
  push(piece: Buffer): Buffer[] {
    const passed: Buffer[] = [];
    let from = 0;
    let at = 0;
    while (at < piece.length) {
      if (this.#inside === undefined) {
        const byte = piece[at] ?? 0;
        if (isSpace(byte)) at += 1;
        else if (this.#begin(byte)) {
          if (this.#isId) {
            passed.push(piece.subarray(from, at));
            from = at;
          }
        } else at += 1;
        continue;
      }
      const end = this.#inside.find(piece, at);
      const until = end === -1 ? piece.length : end;
      this.#keep(piece.subarray(at, until));
      at = until;
      if (this.#isId) from = at;
      if (end === -1) continue;
      if (this.#isId) passed.push(this.#ownId());
      else if (this.#isMethod) this.#checkMethod();
      else if (this.#isVersion) this.#checkVersion();
      this.#inside = undefined;
      if (this.#next === "colon") this.#endKey();
    }
    if (from < piece.length) passed.push(piece.subarray(from));
    return passed;
  }

  /** @throws {SyntaxError} where what has been passed on is no whole response. */
  finish(): void {
    const isResponse = this.#known.has("result") || this.#known.has("error");
    const isWhole = ["jsonrpc", "id"].every((key) => this.#known.has(key));
    if (this.#next !== "end" || !isResponse || !isWhole) throw notTheResponse();
  }

  /** Whether the value of `id` is what is being read. */
  get #isId(): boolean {
    return this.#inside !== undefined && this.#next === "comma" && this.#key === "id";
  }

  /** Whether the value of `method` is what is being read. */
  get #isMethod(): boolean {
    return this.#inside !== undefined && this.#next === "comma" && this.#key === "method";
  }

  /** Whether the value of `jsonrpc` is what is being read. */
  get #isVersion(): boolean {
    return this.#inside !== undefined && this.#next === "comma" && this.#key === "jsonrpc";
  }

  /** Takes a byte between keys and values. Whether a key or value begins with it. */
  #begin(byte: number): boolean {
    const isEnd = this.#next === "comma" || this.#next === "first key";
    if (byte === CLOSE_BRACE && isEnd) this.#next = "end";
    else if (byte === OPEN_BRACE && this.#next === "object") this.#next = "first key";
    else if (byte === COLON && this.#next === "colon") this.#next = "value";
    else if (byte === COMMA && this.#next === "comma") this.#next = "key";
    else if (byte === QUOTE && (this.#next === "key" || this.#next === "first key")) {
      this.#next = "colon";
      this.#inside = new ValueEnd();
    } else if (this.#next === "value" && byte !== COMMA && byte !== CLOSE_BRACE) {
      this.#next = "comma";
      this.#inside = new ValueEnd();
    } else throw notTheResponse();
    this.#kept = [];
    this.#keptBytes = 0;
    return this.#inside !== undefined;
  }

  #keep(bytes: Buffer): void {
    const isKey = this.#next === "colon";
    if (!isKey && !this.#isId && !this.#isMethod && !this.#isVersion) return;
    this.#keptBytes += bytes.length;
    if (isKey && this.#keptBytes > MAX_KEY_BYTES) return;
    if (this.#isId && this.#keptBytes > this.#maxIdBytes) throw notTheResponse();
    if (this.#isMethod && this.#keptBytes > NO_METHOD.length) throw notTheResponse();
    if (this.#isVersion && this.#keptBytes > MAX_VERSION_BYTES) throw notTheResponse();
    this.#kept.push(bytes);
  }

  #endKey(): void {
    this.#key = this.#keptBytes > MAX_KEY_BYTES ? "" : keyOf(Buffer.concat(this.#kept));
    if (this.#known.has(this.#key)) throw notTheResponse();
    if (KEYS.has(this.#key)) this.#known.add(this.#key);
  }

  #checkMethod(): void {
    if (Buffer.concat(this.#kept).toString("latin1") !== NO_METHOD) throw notTheResponse();
  }

  #checkVersion(): void {
    if (!isVersion(Buffer.concat(this.#kept).toString("latin1"))) throw notTheResponse();
  }

  #ownId(): Buffer {
    const given = Buffer.concat(this.#kept).toString("utf8");
    if (!answersId(given, this.#ids)) throw notTheResponse();
    return Buffer.from(this.#ids.idText);
  }
}

/** What makes a response; none of them may stand there twice. */
const KEYS: ReadonlySet<string> = new Set(["jsonrpc", "id", "result", "error", "method"]);

/** A method that is none. */
const NO_METHOD = "null";

function keyOf(bytes: Buffer): string {
  try {
    return String(JSON.parse(bytes.toString("utf8")));
  } catch {
    throw notTheResponse();
  }
}

function notTheResponse(): SyntaxError {
  return new SyntaxError("the answer is not the JSON-RPC response to this request");
}
