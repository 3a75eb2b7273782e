import { ConfigError, type Fault, fault, isSection } from "@mcp-fleet/contract";
import { parse } from "yaml";
import type { SessionSecret, SessionSecrets } from "./key-ring.ts";

/** HMAC-SHA-256 gains nothing from longer keys, and a shorter one can be guessed sooner than its MACs. */
const MIN_KEY_BYTES = 32;

const ID = /^[A-Za-z0-9._-]{1,63}$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
/** A point in time, its offset included: without one, it is another one in each time zone. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

const NEW_KEY = 'write the output of "openssl rand -base64 32"';
const ENTRY_KEYS: readonly string[] = ["id", "key", "signAfter"];

/** A list of keys before it is judged; `at` says where an entry stands. */
interface Entry {
  readonly at: readonly (string | number)[];
  readonly id: unknown;
  readonly key: unknown;
  readonly signAfter?: unknown;
}

/**
 * The keys of a variable: `id:base64`, commas between them. The first signs.
 *
 * @throws {ConfigError} with every fault; none shows a key.
 */
export function keysOfVariable(name: string, text: string): SessionSecrets {
  const faults: Fault[] = [];
  const entries = text.split(",").flatMap((part, index): Entry[] => {
    const at = [name, index];
    const [id, key, ...rest] = part.trim().split(":");
    if (key !== undefined && rest.length === 0) return [{ at, id, key }];
    faults.push(fault(at, undefined, "an id and a key", "write id:key, and a comma between two"));
    return [];
  });
  return judged([name], entries, faults);
}

/**
 * The one key of a variable: base64 alone.
 *
 * @throws {ConfigError} which does not show the key.
 */
export function keyOfVariable(name: string, text: string): Buffer {
  const found = keyFaults([name], text);
  if (found.length > 0) throw new ConfigError(found);
  return Buffer.from(text, "base64");
}

/**
 * The keys of a file, YAML or JSON: a list of `{id, key, signAfter}`.
 *
 * @throws {ConfigError} with every fault; none shows a key.
 */
export function keysOfFile(path: string, text: string): SessionSecrets {
  const list = listOf(path, text);
  const faults: Fault[] = [];
  const entries = list.flatMap((entry, index): Entry[] => {
    const at = [path, index];
    if (!isSection(entry)) {
      faults.push(fault(at, undefined, "a map of id and key", "write the keys id and key"));
      return [];
    }
    const unknown = Object.keys(entry).filter((key) => !ENTRY_KEYS.includes(key));
    const fix = `remove it; known here: ${ENTRY_KEYS.join(", ")}`;
    faults.push(...unknown.map((key) => fault([...at, key], undefined, "a known key", fix)));
    const { id, key, signAfter } = entry;
    return [{ at, id, key, signAfter }];
  });
  return judged([path], entries, faults);
}

function listOf(path: string, text: string): readonly unknown[] {
  const rule = "a list of keys, in YAML or JSON";
  const fix = "write a list of {id, key}, with signAfter where a key is new";
  let list: unknown;
  try {
    list = parse(text, { prettyErrors: false });
  } catch {
    // The parser's words may quote what stands there, which is a key.
    throw new ConfigError([fault([path], undefined, rule, "correct the YAML")]);
  }
  if (!Array.isArray(list)) throw new ConfigError([fault([path], undefined, rule, fix)]);
  return list;
}

function judged(
  at: readonly string[],
  entries: readonly Entry[],
  before: readonly Fault[],
): SessionSecrets {
  const faults = [...before];
  const secrets = entries.flatMap((entry, index): SessionSecret[] => {
    const found = faultsOf(entry);
    const { at: place, id, key, signAfter } = entry;
    if (id !== undefined && entries.findIndex((one) => one.id === id) < index) {
      found.push(fault([...place, "id"], undefined, "an id of its own", "rename one of the two"));
    }
    faults.push(...found);
    if (typeof id !== "string" || typeof key !== "string") return [];
    const from = typeof signAfter === "string" ? { signAfterMs: Date.parse(signAfter) } : {};
    return [{ id, secret: Buffer.from(key, "base64"), ...from }];
  });
  const [first, ...others] = secrets;
  if (faults.length > 0) throw new ConfigError(faults);
  if (first === undefined) {
    throw new ConfigError([fault(at, undefined, "at least one key", NEW_KEY)]);
  }
  return [first, ...others];
}

function faultsOf({ at, id, key, signAfter }: Entry): Fault[] {
  const faults: Fault[] = [];
  if (typeof id !== "string" || !ID.test(id)) {
    const rule = "1 to 63 letters, digits, dots, dashes and underscores";
    // What stands there may be a key whose id was forgotten.
    faults.push(
      fault(
        [...at, "id"],
        undefined,
        rule,
        "name the key by these characters, in quotes where it is a number",
      ),
    );
  }
  faults.push(...keyFaults([...at, "key"], key));
  const isTime =
    typeof signAfter === "string" && TIME.test(signAfter) && !Number.isNaN(Date.parse(signAfter));
  if (signAfter !== undefined && !isTime) {
    const fix = "write it as 2027-01-31T12:00:00Z";
    faults.push(fault([...at, "signAfter"], signAfter, "a time with its offset", fix));
  }
  return faults;
}

function keyFaults(at: Entry["at"], key: unknown): Fault[] {
  const isKey = typeof key === "string" && BASE64.test(key);
  if (isKey && Buffer.from(key, "base64").length >= MIN_KEY_BYTES) return [];
  return [fault(at, undefined, `at least ${MIN_KEY_BYTES} bytes in base64`, NEW_KEY)];
}
