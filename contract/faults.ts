import { closest, distance } from "fastest-levenshtein";
import type * as z from "zod";
import { isSection, type Path, printPath, type Section, valueAt } from "./document.ts";

/** One thing that is wrong with what somebody wrote: a configuration, a load, arguments. In words for that person. */
export interface Fault {
  /** Where it stands: `backends[0].url`, or the name of an environment variable. */
  readonly path: string;
  /** The same, step by step. */
  readonly steps: Path;
  /** What stands there, shortened and without secrets; absent when nothing does. */
  readonly value?: string;
  /** What has to hold there. */
  readonly rule: string;
  /** What to do about it. */
  readonly fix: string;
  /** Who wrote the value: `gateway.yaml:12:5`, an environment variable or a flag. */
  readonly origin?: string;
}

/** Something that cannot be used as it was written, with everything that is wrong with it. */
export abstract class FaultsError extends Error {
  readonly faults: readonly Fault[];

  /** The same with its faults changed, such as by where each was written. */
  abstract map(change: (fault: Fault) => Fault): FaultsError;

  constructor(title: string, faults: readonly Fault[]) {
    super([title, ...faults.map(printFault)].join("\n\n"));
    this.faults = faults;
  }
}

/** A configuration that cannot be used, with all of its faults. */
export class ConfigError extends FaultsError {
  override readonly name = "ConfigError";

  constructor(faults: readonly Fault[]) {
    const many = faults.length === 1 ? "a fault" : `${faults.length} faults`;
    super(`The configuration has ${many}.`, faults);
  }

  override map(change: (fault: Fault) => Fault): ConfigError {
    return new ConfigError(this.faults.map(change));
  }
}

const SECRET = /passw(or)?d|secret|token|credential|authorization|api[-_]?key/i;
const SECRET_IN_URL = /\/\/[^/@\s]*@|([?&][^=&]*(?:key|token|secret|passw)[^=&]*=)[^&\s]*/gi;
const LONGEST_VALUE = 80;

/** A value as a fault may show it: shortened, maps by their keys only, secrets not at all. */
export function printValue(path: Path, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (path.some((step) => typeof step === "string" && SECRET.test(step))) return "(not shown)";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isSection(value)) {
    const keys = Object.keys(value).join(", ");
    return keys ? shorten(`a map of ${keys}`) : "an empty map";
  }
  if (typeof value !== "string") return String(value);
  return shorten(
    JSON.stringify(
      value.replace(SECRET_IN_URL, (_, name?: string) => (name ? `${name}***` : "//***@")),
    ),
  );
}

function shorten(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** A fault of the value at a path. */
export function fault(path: Path, value: unknown, rule: string, fix: string): Fault {
  const printed = printValue(path, value);
  return {
    path: printPath(path),
    steps: path,
    rule,
    fix,
    ...(printed !== undefined && { value: printed }),
  };
}

/** One block a fault, a line each for its parts. */
export function printFault({ path, value, rule, fix, origin }: Fault): string {
  const parts = { value, rule, fix, from: origin };
  const lines = Object.entries(parts).filter(([, part]) => part !== undefined);
  return [
    path || "(the whole)",
    ...lines.map(([name, part]) => `  ${name.padEnd(5)}  ${part}`),
  ].join("\n");
}

/** The known word that was meant by a mistyped one, or undefined when none is near. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, "");
  if (known.length === 0) return undefined;
  const near = closest(
    plain(word),
    known.map((name) => plain(name)),
  );
  const allowed = Math.max(word.length > 3 ? 2 : 1, Math.floor(word.length / 3));
  const isNear = distance(plain(word), near) <= allowed;
  return isNear ? known.find((name) => plain(name) === near) : undefined;
}

/** The keys that the schema knows at a path; empty where any key is allowed. */
type KnownKeys = (path: Path) => readonly string[];

/** What the schema library found, in our words. Each unknown key is a fault of its own. */
export function faultsOf(issue: z.core.$ZodIssue, document: Section, known: KnownKeys): Fault[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey([...path, key], document, known(path)));
  }
  const value = valueAt(document, path);
  const [rule, fix] = value === undefined ? missing(issue) : words(issue, value);
  return [fault(path, value, rule, fix)];
}

function unknownKey(path: Path, document: Section, known: readonly string[]): Fault {
  const meant = suggest(String(path.at(-1)), known);
  const fix = meant
    ? `did you mean "${meant}"?`
    : known.length > 12
      ? "remove it; docs/settings.md lists the known keys"
      : `remove it; known here: ${known.join(", ")}`;
  return fault(path, valueAt(document, path), "a known key", fix);
}

function missing(issue: z.core.$ZodIssue): [rule: string, fix: string] {
  return [`required: ${expected(issue)}`, "add it"];
}

function words(issue: z.core.$ZodIssue, value: unknown): [rule: string, fix: string] {
  switch (issue.code) {
    case "custom":
      return [issue.message, String(issue.params?.fix ?? "change it")];
    case "invalid_value": {
      const meant = suggest(String(value), issue.values.map(String));
      return [expected(issue), meant ? `did you mean "${meant}"?` : "write one of them"];
    }
    case "too_small":
      return [`at least ${amount(issue.minimum, issue.origin)}`, `write ${issue.minimum} or more`];
    case "too_big":
      return [`at most ${amount(issue.maximum, issue.origin)}`, `write ${issue.maximum} or less`];
    default: {
      const fix = typeof value === "number" ? "add its unit" : "write it so";
      if (!hasOwnWords(issue)) return [expected(issue), FIXES[typeOf(issue)] ?? fix];
      return [issue.message, typeOf(issue) === "number" ? "write a number, without quotes" : fix];
    }
  }
}

function amount(bound: number | bigint, origin: string): string {
  if (origin === "array") return `${bound} ${bound === 1 ? "entry" : "entries"}`;
  return origin === "string" ? `${bound} ${bound === 1 ? "character" : "characters"}` : `${bound}`;
}

// Every bare number of the configuration is a whole one.
const TYPES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a whole number",
  string: "text",
  boolean: "true or false",
  array: "a list",
  object: "a section of keys",
  record: "a map of keys",
};

const FIXES: Readonly<Record<string, string>> = {
  int: "write a whole number, without quotes and fraction",
  number: "write a whole number, without quotes and fraction",
  string: "write text, in quotes where it looks like a number",
  boolean: "write true or false, without quotes",
  array: "write each entry on its own line, after a dash",
  object: "write the keys below it, indented",
  record: "write the keys below it, indented",
};

/** A field's own words stand in the message; the library's start with "Invalid". */
function hasOwnWords(issue: z.core.$ZodIssue): boolean {
  return !issue.message.startsWith("Invalid");
}

function typeOf(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_type" ? issue.expected : "";
}

function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") {
    const [only, ...others] = issue.values.map(String);
    return others.length === 0 ? `${only}` : `one of ${[only, ...others].join(", ")}`;
  }
  return hasOwnWords(issue) ? issue.message : (TYPES[typeOf(issue)] ?? "another value");
}
