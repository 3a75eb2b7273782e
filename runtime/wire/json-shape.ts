import { FleetError } from "./fleet-error.ts";

/** The limits of what a text may be parsed to: a few bytes of text can cost thousands of times as much. */
export interface JsonLimits {
  /** How many objects and arrays may be inside each other. */
  readonly bodyDepth: number;
  /** How many members of objects and elements of arrays there may be in all. */
  readonly bodyMembers: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Counts what a body would be parsed to, in one pass that costs no memory.
 *
 * @throws INVALID_REQUEST for one that is nested too deeply, or has too many members.
 */
export function checkShape(body: Uint8Array, { bodyDepth, bodyMembers }: JsonLimits): void {
  let depth = 0;
  let members = 0;
  let isInString = false;
  for (let position = 0; position < body.length; position += 1) {
    const code = body[position];
    if (isInString) {
      if (code === BACKSLASH) position += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === COMMA) members += 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      members += 1;
      if (depth > bodyDepth) {
        throw refused(`is nested more than ${bodyDepth} levels deep (limits.bodyDepth)`);
      }
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
  if (members > bodyMembers) {
    throw refused(`has more than ${bodyMembers} members and elements (limits.bodyMembers)`);
  }
}

function refused(what: string): FleetError {
  return new FleetError("INVALID_REQUEST", { message: `the body ${what}` });
}
