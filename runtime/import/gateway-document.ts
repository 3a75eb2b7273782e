import {
  ConfigError,
  type Fault,
  isSection,
  type Path,
  type Section,
  valueAt,
  withValue,
} from "@mcp-fleet/contract";
import { validate } from "@mcp-fleet/contract/settings";
import type { Topic } from "./finding.ts";
import type { Gate } from "./import-error.ts";
import { ownValue } from "./own-value.ts";
import { type Field, type Reading, stepsOf } from "./reading.ts";

/** Where a part of a configuration comes from. */
interface Source {
  readonly path: Path;
  readonly reading: Reading;
  readonly field: Path;
}

/** By section of the configuration: what somebody who misses it looks for. */
const TOPIC_OF: Readonly<Record<string, Topic>> = {
  incomingAuth: "identity",
  outgoingAuth: "credentials",
  passthroughHeaders: "credentials",
  backends: "discovery",
  discovery: "discovery",
  aggregation: "aggregation",
  operational: "resilience",
  telemetry: "telemetry",
  audit: "audit",
  compositeTools: "workflows",
  compositeToolRefs: "workflows",
  optimizer: "optimizer",
  codeMode: "code mode",
  rateLimiting: "rate limits",
};

export const topicOf = (path: Path): Topic =>
  path[0] === "incomingAuth" && path[1] === "authz"
    ? "authorization"
    : (ownValue(TOPIC_OF, String(path[0])) ?? "other");

/** Settings that hide tools. */
const HIDES = ["filter", "excludeAll", "excludeAllTools", "defaultToolVisibility", "toolConfigRef"];

/**
 * Which gate stands before a part of the configuration: without it, clients may do what they could not.
 *
 * @param value what is at the path.
 */
export function gateOf(path: Path, value?: unknown): Gate | undefined {
  const [section, key] = path;
  if (section === "incomingAuth") return key === "authz" ? "authz" : "incomingAuth";
  if (section !== "aggregation") return undefined;
  const isHiding = path.some((step) => HIDES.includes(String(step))) || hasHiding(value);
  return isHiding ? "tools" : undefined;
}

function hasHiding(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) => HIDES.includes(key) || hasHiding(inner));
}

/** How often what validation refuses is removed before the rest counts as unusable. */
const ROUNDS = 20;

/**
 * The configuration of a gateway while it is put together. What the gateway does not support is found by the
 * validation of the gateway itself, removed, and reported where it comes from: what it learns to support is taken over
 * without a change here.
 */
export class GatewayDocument {
  #content: Section = {};
  readonly #sources: Source[] = [];

  get content(): Section {
    return this.#content;
  }

  /** Sets a value, which is taken over from a field unless validation refuses it. */
  put(path: readonly string[], value: unknown, reading: Reading, field: Field): void {
    const steps = stepsOf(field);
    this.set(path, value);
    this.#sources.push({ path, reading, field: steps });
    reading.taken(steps);
  }

  /** The same for a field that has a counterpart of the same form. */
  copy(path: readonly string[], reading: Reading, field: Field): void {
    const value = reading.at(field);
    if (value !== undefined) this.put(path, value, reading, field);
  }

  /** Sets a value that no field says. */
  set(path: readonly string[], value: unknown): void {
    this.#content = withValue(this.#content, path, value);
  }

  at(path: Path): unknown {
    return valueAt(this.#content, path);
  }

  /** Says which field a part of a value comes from that was set as a whole. */
  trace(path: Path, reading: Reading, field: Field): void {
    this.#sources.push({ path, reading, field: stepsOf(field) });
  }

  remove(path: Path): void {
    this.#content = toSection(without(this.#content, path));
    const index = path.at(-1);
    if (typeof index !== "number") return;
    // What follows in the list moves up, and so does where it comes from.
    const list = path.slice(0, -1);
    const moved = this.#sources.flatMap((source) => {
      const at = source.path[list.length];
      if (!startsWith(source.path, list) || typeof at !== "number" || at < index) return [source];
      if (at === index) return [];
      return [{ ...source, path: [...list, at - 1, ...source.path.slice(list.length + 1)] }];
    });
    this.#sources.splice(0, this.#sources.length, ...moved);
  }

  /** The faults that validation finds, without a change. */
  faults(): readonly Fault[] {
    try {
      validate(this.#content);
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.faults;
    }
  }

  /**
   * Removes what is refused.
   *
   * @returns the faults of what must be there and is not, such as backends: it is no configuration then.
   */
  prune(): readonly Fault[] {
    for (let round = 0; round < ROUNDS; round += 1) {
      const faults = this.faults();
      const removals = faults.flatMap((found) => {
        const path = this.#removable(found);
        return path.length > 0 ? [{ path, found }] : [];
      });
      if (removals.length === 0) return faults;
      for (const { path, found } of removals) {
        this.report(path, `${found.path} ${found.rule}`, found.fix);
      }
      // From the end, since what follows in a list moves up.
      const paths = new Map(removals.map(({ path }) => [JSON.stringify(path), path]));
      for (const path of [...paths.values()].toSorted((one, other) => order(other, one))) {
        this.remove(path);
      }
    }
    return this.faults();
  }

  /** Says of the fields behind a path that they are not taken over. */
  report(path: Path, why: string, fix: string): void {
    const gate = gateOf(path, this.at(path));
    for (const { reading, field } of this.#fieldsAt(path)) {
      reading.left(field, { topic: topicOf(path), why, fix }, gate);
    }
  }

  /** Says of the fields behind a path what is different. */
  differs(path: Path, why: string, fix: string): void {
    for (const { reading, field } of this.#fieldsAt(path)) reading.different(field, why, fix);
  }

  /** Whether any field stands behind a path. */
  isGiven(path: Path): boolean {
    return this.#fieldsAt(path).length > 0;
  }

  /** The fields that a path was set from: the nearest around it, or all within it. */
  #fieldsAt(path: Path): { reading: Reading; field: Path }[] {
    const within = this.#sources.filter((source) => startsWith(source.path, path));
    const around = this.#sources
      .filter((source) => startsWith(path, source.path))
      .toSorted((one, other) => other.path.length - one.path.length)
      .slice(0, 1);
    return [
      ...within.map(({ reading, field }) => ({ reading, field })),
      ...around.map(({ reading, field, path: at }) => ({
        reading,
        field: [...field, ...path.slice(at.length)],
      })),
    ];
  }

  /** What to remove for a fault: a value; what is around one that is missing; a whole backend, login or credential. */
  #removable({ steps }: Fault): Path {
    const [section, ...inner] = steps;
    if (section === undefined) return [];
    if (section === "incomingAuth") return inner[0] === "authz" ? [section, "authz"] : [section];
    const wholes: Readonly<Record<string, number>> = {
      backends: 2,
      outgoingAuth: inner[0] === "backends" ? 3 : 2,
    };
    const whole = ownValue(wholes, String(section));
    if (whole !== undefined && steps.length >= whole) return steps.slice(0, whole);
    if (this.at(steps) !== undefined) return steps;
    const parent = steps.slice(0, -1);
    return this.at(parent) === undefined ? [] : parent;
  }
}

const startsWith = (path: Path, start: Path) =>
  start.length <= path.length && start.every((step, index) => String(step) === String(path[index]));

/** Lists before what follows in them. */
function order(one: Path, other: Path): number {
  for (const [index, step] of one.entries()) {
    const against = other[index];
    if (against === undefined) return 1;
    if (step === against) continue;
    if (typeof step === "number" && typeof against === "number") return step - against;
    return String(step) < String(against) ? -1 : 1;
  }
  return one.length - other.length;
}

/** A value without what is at a path, and without the sections that this leaves empty. */
function without(value: unknown, [step, ...rest]: Path): unknown {
  if (step === undefined) return undefined;
  if (Array.isArray(value)) {
    const kept = value.flatMap((entry, index) =>
      index === step ? [without(entry, rest)] : [entry],
    );
    return kept.filter((entry) => entry !== undefined);
  }
  if (!isSection(value) || !Object.hasOwn(value, step)) return value;
  const inner = without(value[step], rest);
  const { [step]: _, ...others } = value;
  if (isSection(inner) && Object.keys(inner).length === 0) return others;
  return inner === undefined ? others : { ...others, [step]: inner };
}

const toSection = (value: unknown): Section => (isSection(value) ? value : {});
