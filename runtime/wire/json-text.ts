import { brief } from "@mcp-fleet/contract";

/**
 * Finds values inside JSON text without parsing them, so that a message is changed by replacing a few
 * characters and everything else (number precision, key order, unknown fields) leaves as it came.
 *
 * The text is trusted to be JSON only as far as it is read: malformed structure throws a SyntaxError,
 * whatever is skipped is left for its reader to judge.
 */

/** A stretch of the text: `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Member extends Span {
  readonly key: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** An object in the text: its members, whose spans cover the values, and where it ends. */
export interface ObjectText {
  readonly members: readonly Member[];
  readonly end: number;
  /** The members of one of them, where that was asked for and is an object. */
  readonly inner: readonly Member[];
}

/** From so many members on, a set finds a repeated key faster than a look at each. */
const FEW_MEMBERS = 8;

const NONE: readonly Member[] = [];

/** The members of the object that starts at or after `at`; spans cover the values. A repeated key throws. */
export function members(text: string, at = 0): readonly Member[] {
  return readObject(text, at).members;
}

/**
 * Reads the object that starts at or after `at` in one pass.
 *
 * @param open the key of a member whose own members are read along the way.
 * @throws SyntaxError for malformed structure, and for a repeated key of the object or of that member.
 */
export function readObject(text: string, at = 0, open?: string): ObjectText {
  const found: Member[] = [];
  let inner = NONE;
  let keys: Set<string> | undefined;
  let position = skipSpace(text, expect(text, skipSpace(text, at), OPEN_BRACE));
  if (text.charCodeAt(position) === CLOSE_BRACE)
    return { members: found, end: position + 1, inner };
  for (;;) {
    const keyStart = skipSpace(text, position);
    const keyEnd = skipString(text, keyStart);
    const key = stringAt(text, keyStart, keyEnd);
    if (keys?.has(key) ?? isAmong(found, key)) {
      throw new SyntaxError(`duplicate key ${JSON.stringify(brief(key))}`);
    }
    if (keys !== undefined) keys.add(key);
    else if (found.length === FEW_MEMBERS) keys = new Set([...found.map((one) => one.key), key]);
    const start = skipSpace(text, expect(text, skipSpace(text, keyEnd), COLON));
    let end: number;
    if (key === open && text.charCodeAt(start) === OPEN_BRACE) {
      const object = readObject(text, start);
      inner = object.members;
      end = object.end;
    } else end = skipValue(text, start);
    found.push({ key, start, end });
    position = skipSpace(text, end);
    if (text.charCodeAt(position) === CLOSE_BRACE) {
      return { members: found, end: position + 1, inner };
    }
    position = expect(text, position, COMMA);
  }
}

function isAmong(found: readonly Member[], key: string): boolean {
  for (const member of found) if (member.key === key) return true;
  return false;
}

/** The elements of the array that starts at or after `at`. */
export function elements(text: string, at = 0): Span[] {
  let position = skipSpace(text, expect(text, skipSpace(text, at), OPEN_BRACKET));
  const found: Span[] = [];
  if (text.charCodeAt(position) === CLOSE_BRACKET) return found;
  for (;;) {
    const start = skipSpace(text, position);
    const end = skipValue(text, start);
    found.push({ start, end });
    position = skipSpace(text, end);
    if (text.charCodeAt(position) === CLOSE_BRACKET) return found;
    position = expect(text, position, COMMA);
  }
}

/** The value under a path of keys (`at(text, "params", "name")`), or undefined where one is missing or no object. */
export function at(text: string, ...path: string[]): Span | undefined {
  let span: Span = { start: skipSpace(text, 0), end: text.length };
  for (const key of path) {
    if (text.charCodeAt(span.start) !== OPEN_BRACE) return undefined;
    const member = members(text, span.start).find((candidate) => candidate.key === key);
    if (member === undefined) return undefined;
    span = member;
  }
  return span;
}

export function cut(text: string, span: Span): string {
  return text.slice(span.start, span.end);
}

/** Whether nothing but space follows a position. */
export function endsAt(text: string, position: number): boolean {
  return skipSpace(text, position) === text.length;
}

/** The text with one value replaced by other JSON text. */
export function replace(text: string, span: Span, replacement: string): string {
  return text.slice(0, span.start) + replacement + text.slice(span.end);
}

/** The object text with one member set, whether it stood there before or not. */
export function withMember(objectText: string, key: string, valueText: string): string {
  const present = members(objectText);
  const existing = present.find((member) => member.key === key);
  if (existing !== undefined) return replace(objectText, existing, valueText);
  const open = objectText.indexOf("{") + 1;
  const separator = present.length === 0 ? "" : ",";
  return `${objectText.slice(0, open)}${JSON.stringify(key)}:${valueText}${separator}${objectText.slice(open)}`;
}

/** The end of the value that starts at `start`. Iterative: depth costs nothing but time. */
function skipValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return skipString(text, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(text, start);
  let position = start;
  while (position < text.length && !endsScalar(text.charCodeAt(position))) position += 1;
  if (position === start) throw new SyntaxError(`a JSON value is missing at ${start}`);
  return position;
}

function skipNested(text: string, start: number): number {
  let depth = 0;
  for (let position = start; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) position = skipString(text, position) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return position + 1;
    }
  }
  throw new SyntaxError("the JSON text ends inside an object or array");
}

function skipString(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE)
    throw new SyntaxError(`a JSON string is missing at ${start}`);
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1) {
    if (text.charCodeAt(quote - 1) !== BACKSLASH) return quote + 1;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  throw new SyntaxError("the JSON text ends inside a string");
}

/** The string that stands there; only escapes need a parser. */
function stringAt(text: string, start: number, end: number): string {
  const inside = text.slice(start + 1, end - 1);
  return inside.includes("\\") ? JSON.parse(text.slice(start, end)) : inside;
}

function skipSpace(text: string, start: number): number {
  let position = start;
  while (isSpace(text.charCodeAt(position))) position += 1;
  return position;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || isSpace(code);
}

function expect(text: string, position: number, code: number): number {
  if (text.charCodeAt(position) !== code) {
    throw new SyntaxError(`"${String.fromCharCode(code)}" is missing at ${position}`);
  }
  return position + 1;
}
