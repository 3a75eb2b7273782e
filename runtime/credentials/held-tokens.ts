import { LRUCache } from "lru-cache";
import type { FleetError } from "../wire/fleet-error.ts";
import type { Proof } from "./credential.ts";

/** A token for a backend. Times are those of the monotonic clock. */
export interface Token {
  readonly text: string;
  /** What it makes of requests. */
  readonly proof: Proof;
  /** From here on it is good, but another one is got. */
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
  /** When it took the place of one that the backend refused; undefined where it did not. */
  readonly replacedAtMs: number | undefined;
}

/** That there is no token now. */
export interface NoToken {
  readonly error: FleetError;
  readonly untilMs: number;
  /** The client's token that was refused, if one was. */
  readonly subject: string | undefined;
}

type Held = Token | NoToken | string;

/** Each counts at least so much: it has a key, and its place in two lists. */
const MIN_BYTES = 1024;

/**
 * The tokens that a process holds, in memory alone, within one budget of bytes: those for backends, by backend and
 * principal, and those of clients that they are got for. Those that were used longest ago give way.
 */
export class HeldTokens {
  readonly #held: LRUCache<string, Held>;

  constructor(maxBytes: number) {
    this.#held = new LRUCache({ maxSize: maxBytes, sizeCalculation: sizeOf });
  }

  /** What is held right now, as it is counted. */
  get bytes(): number {
    return this.#held.calculatedSize;
  }

  get(key: string): Token | NoToken | undefined {
    const held = this.#held.get(key);
    return typeof held === "string" ? undefined : held;
  }

  set(key: string, token: Token | NoToken): void {
    this.#held.set(key, token);
  }

  delete(key: string): void {
    this.#held.delete(key);
  }

  /** The token that a principal has called with last. */
  subject(owner: string): string | undefined {
    const held = this.#held.get(subjectKey(owner));
    return typeof held === "string" ? held : undefined;
  }

  noteSubject(owner: string, token: string): void {
    const key = subjectKey(owner);
    if (this.#held.get(key) !== token) this.#held.set(key, token);
  }
}

function subjectKey(owner: string): string {
  return `subject ${owner}`;
}

function sizeOf(held: Held, key: string): number {
  const text = typeof held === "string" ? held : "text" in held ? held.text : "";
  return MIN_BYTES + key.length + text.length;
}
