import { closest, distance } from "fastest-levenshtein";
import type * as z from "zod";
import { isSection, type Path, printPath, type Section, valueAt } from "./document.ts";

/** One fault in a configuration, a load or arguments, described for the person who wrote it. */
export interface Fault {
  /** The path of the value, such as `backends[0].url`, or the name of an environment variable. */
  readonly path: string;
  /** The same path as a list of steps. */
  readonly steps: Path;
  /** The value, shortened and without secrets; absent where there is none. */
  readonly value?: string;
  /** The rule that it breaks, such as `must be a duration such as 30s`. */
  readonly rule: string;
  /** How to fix it. */
  readonly fix: string;
  /** Where the value comes from: `gateway.yaml:12:5`, an environment variable or a flag. */
  readonly origin?: string;
}

/** An input that is not valid, with all of its faults. */
export abstract class FaultsError extends Error {
  readonly faults: readonly Fault[];

  /** The same with its faults changed, such as by where each was written. */
  abstract map(change: (fault: Fault) => Fault): FaultsError;

  constructor(title: string, faults: readonly Fault[]) {
    super([title, ...faults.map(printFault)].join("\n\n"));
    this.faults = faults;
  }
}

/** A configuration that is not valid, with all of its faults. */
export class ConfigError extends FaultsError {
  override readonly name = "ConfigError";

  constructor(faults: readonly Fault[]) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    super(`The configuration has ${count}.`, faults);
  }

  override map(change: (fault: Fault) => Fault): ConfigError {
    return new ConfigError(this.faults.map(change));
  }
}

const SECRET = /passw(or)?d|secret|token|credential|authorization|api[-_]?key|header[-_]?value$/i;
const SECRET_IN_URL = /\/\/[^/@\s]*@|([?&][^=&]*(?:key|token|secret|passw)[^=&]*=)[^&\s]*/gi;
const LONGEST_VALUE = 80;

/** A value as faults show it: shortened, maps by their keys only, secrets hidden. */
export function printValue(path: Path, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (path.some((step) => typeof step === "string" && SECRET.test(step))) return "(hidden)";
  if (Array.isArray(value)) return `a list of ${counted(value.length, "entry")}`;
  if (isSection(value)) {
    const keys = Object.keys(value).join(", ");
    return keys ? shorten(`a map with ${keys}`) : "an empty map";
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

/** Makes the fault of a value at a path. */
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

/** A fault as a block of text, with one line for each part. */
export function printFault({ path, value, rule, fix, origin }: Fault): string {
  const parts = { value, rule, fix, from: origin };
  const lines = Object.entries(parts).filter(([, part]) => part !== undefined);
  return [
    path || "(document)",
    ...lines.map(([name, part]) => `  ${name.padEnd(5)}  ${part}`),
  ].join("\n");
}

/** The known word that a mistyped one probably stands for, or undefined where none is close. */
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

/** Returns the keys that the schema knows at a path; none where any key is allowed. */
type KnownKeys = (path: Path) => readonly string[];

/** Turns an issue of the schema library into faults, one for each unknown key. */
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
      : `remove it; known keys are ${known.join(", ")}`;
  return fault(path, valueAt(document, path), "must be a known key", fix);
}

function missing(issue: z.core.$ZodIssue): [rule: string, fix: string] {
  return [`is required, and ${expected(issue)}`, "add it"];
}

function words(issue: z.core.$ZodIssue, value: unknown): [rule: string, fix: string] {
  switch (issue.code) {
    case "custom":
      return [issue.message, String(issue.params?.fix ?? "change it")];
    case "invalid_value": {
      const meant = suggest(String(value), issue.values.map(String));
      return [expected(issue), meant ? `did you mean "${meant}"?` : "use one of these values"];
    }
    case "too_small":
      return tooSmall(issue);
    case "too_big":
      return [`must be at most ${issue.maximum}`, `set it to ${issue.maximum} or less`];
    default: {
      const fix = typeof value === "number" ? "add a unit" : "write it in this form";
      if (!hasOwnWords(issue)) return [expected(issue), FIXES[typeOf(issue)] ?? fix];
      return [issue.message, typeOf(issue) === "number" ? "write a number, without quotes" : fix];
    }
  }
}

function tooSmall({ minimum, origin }: z.core.$ZodIssueTooSmall): [rule: string, fix: string] {
  if (origin === "array")
    return [`must have at least ${counted(minimum, "entry")}`, "add an entry"];
  if (origin === "string") return ["must not be empty", "set a value, or remove the key"];
  return [`must be at least ${minimum}`, `set it to ${minimum} or more`];
}

function counted(count: number | bigint, noun: "entry"): string {
  return `${count} ${Number(count) === 1 ? noun : "entries"}`;
}

// Every bare number of the configuration is a whole one.
const TYPES: Readonly<Record<string, string>> = {
  int: "must be a whole number",
  number: "must be a whole number",
  string: "must be a string",
  boolean: "must be true or false",
  array: "must be a list",
  object: "must be a map",
  record: "must be a map",
};

const FIXES: Readonly<Record<string, string>> = {
  int: "write a whole number, without quotes or a decimal point",
  number: "write a whole number, without quotes or a decimal point",
  string: "write a string, in quotes if it looks like a number",
  boolean: "write true or false, without quotes",
  array: "write each entry on its own line, after a dash",
  object: "write its keys on the lines below, indented",
  record: "write its keys on the lines below, indented",
};

/** A field's own message is used where it has one; those of the library start with "Invalid". */
function hasOwnWords(issue: z.core.$ZodIssue): boolean {
  return !issue.message.startsWith("Invalid");
}

function typeOf(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_type" ? issue.expected : "";
}

function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") {
    const values = issue.values.map(String);
    const [only, ...others] = values;
    return others.length === 0 ? `must be ${only}` : `must be one of ${values.join(", ")}`;
  }
  return hasOwnWords(issue) ? issue.message : (TYPES[typeOf(issue)] ?? "must have a valid value");
}
