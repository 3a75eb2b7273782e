import {
  type Fault,
  fault,
  isSection,
  type Path,
  type Section,
  valueAt,
} from "@mcp-fleet/contract";
import type { Finding, Outcome, Topic } from "./finding.ts";
import type { Gate } from "./import-error.ts";
import { type Resource, titleOf } from "./resource.ts";

/** Where a value is in a resource: `spec.image`, or its steps. */
export type Field = string | Path;

export const stepsOf = (field: Field): Path =>
  typeof field === "string" ? field.split(".") : field;

interface Claim extends Omit<Finding, "resource" | "origin"> {}

/** Why something is not taken over, and what to do. */
export interface Reason {
  readonly topic: Topic;
  readonly why: string;
  readonly fix: string;
}

/**
 * One resource while it is imported: its values by type, and what became of each of them. What nobody says anything
 * about is reported as not taken over, so that nothing is dropped silently.
 */
export class Reading {
  readonly resource: Resource;
  readonly #faults: Fault[];
  readonly #claims: Claim[] = [];
  readonly #wrong = new Set<string>();

  /** @param faults where values of a wrong type are reported. */
  constructor(resource: Resource, faults: Fault[]) {
    this.resource = resource;
    this.#faults = faults;
  }

  get name(): string {
    return this.resource.name;
  }

  get namespace(): string {
    return this.resource.namespace;
  }

  at(field: Field): unknown {
    return valueAt(this.resource.content, stepsOf(field)) ?? undefined;
  }

  has(field: Field): boolean {
    return !isEmpty(this.at(field));
  }

  text(field: Field): string | undefined {
    const value = this.at(field);
    if (value === undefined || typeof value === "string") return value || undefined;
    return this.#wrongType(field, value, "must be a string", "write it in quotes");
  }

  whole(field: Field): number | undefined {
    const value = this.at(field);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    return this.#wrongType(
      field,
      value,
      "must be a whole number",
      "write a whole number, without quotes",
    );
  }

  section(field: Field): Section | undefined {
    const value = this.at(field);
    if (value === undefined || isSection(value)) return value;
    return this.#wrongType(field, value, "must be a map", "write key: value lines");
  }

  list(field: Field): readonly unknown[] {
    const value = this.at(field);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.#wrongType(
      field,
      value,
      "must be a list",
      "write each entry on its own line, after a dash",
    );
    return [];
  }

  /** The steps of a list's entries. */
  entries(field: Field): Path[] {
    return this.list(field).map((_, index) => [...stepsOf(field), index]);
  }

  texts(field: Field): string[] {
    return this.entries(field).flatMap((entry) => this.text(entry) ?? []);
  }

  /** A map of strings, such as labels. */
  map(field: Field): Record<string, string> {
    const steps = stepsOf(field);
    const keys = Object.keys(this.section(field) ?? {});
    return Object.fromEntries(
      keys.flatMap((key) => {
        const text = this.text([...steps, key]);
        return text === undefined ? [] : [[key, text]];
      }),
    );
  }

  /** The name that a reference has: `{name: tools}`, or in v1alpha1 the name itself. */
  reference(field: Field): string | undefined {
    if (typeof this.at(field) === "string") return this.text(field);
    return this.section(field) && this.text([...stepsOf(field), "name"]);
  }

  taken(...fields: readonly Field[]): void {
    for (const field of fields) this.#claim(field, "taken");
  }

  different(field: Field, why: string, fix?: string): void {
    this.#claim(field, "different", { why, ...(fix !== undefined && { fix }) });
  }

  left(field: Field, { topic, why, fix }: Reason, gate?: Gate): void {
    this.#claim(field, "left", { topic, why, fix, ...(gate && { gate }) });
  }

  unused(field: Field, why: string): void {
    this.#claim(field, "unused", { why });
  }

  kept(why: string, fix?: string): void {
    this.#claim([], "kept", { why, ...(fix !== undefined && { fix }) });
  }

  /** What became of the resource, value by value. */
  findings(): Finding[] {
    return leavesOf(this.resource.content, []).map((path) => this.#finding(path));
  }

  /** The findings of claims that say something: each once, however many values it covers. */
  remarks(): Finding[] {
    const findings = this.findings();
    const said = new Map<string, Finding>();
    for (const found of findings) {
      if (found.outcome === "taken") continue;
      const claim = this.#claimOf(found.path);
      const path =
        claim && claim.path.length > 0 ? claim.path : found.outcome === "kept" ? [] : found.path;
      const key = JSON.stringify([path, found.why]);
      if (!said.has(key)) said.set(key, { ...found, path, origin: this.resource.placeOf(path) });
    }
    for (const { path, outcome, ...claim } of this.#claims) {
      // A key without a value may still mean something, such as optimizer: {}; so does a guard that is nowhere written.
      const key = JSON.stringify([path, claim.why]);
      if (outcome !== "left" || said.has(key)) continue;
      const isOpened = claim.gate !== undefined && this.#claimOf(path)?.why === claim.why;
      const isBare = this.at(path) !== undefined && leavesOf(this.at(path), path).length === 0;
      if (!isOpened && !isBare) continue;
      said.set(key, { ...this.#base(path), outcome, ...claim });
    }
    return [...said.values()];
  }

  #base(path: Path): Pick<Finding, "resource" | "path" | "origin"> {
    return { resource: titleOf(this.resource), path, origin: this.resource.placeOf(path) };
  }

  #finding(path: Path): Finding {
    const base = this.#base(path);
    const claim = this.#claimOf(path);
    if (claim) return { ...base, ...claim, path };
    const fix =
      "check in ToolHive's documentation what it does; mcp-fleet has no setting of this name";
    return { ...base, outcome: "left", topic: "other", why: "is not known to this import", fix };
  }

  /** The claim about a value, or about what is around it: the nearest, and of equals the last. */
  #claimOf(path: Path): Claim | undefined {
    let best: Claim | undefined;
    for (const claim of this.#claims) {
      const covers = claim.path.every((step, index) => String(step) === String(path[index]));
      if (covers && claim.path.length >= (best?.path.length ?? 0)) best = claim;
    }
    return best;
  }

  #claim(field: Field, outcome: Outcome, rest: Partial<Claim> = {}): void {
    this.#claims.push({ path: stepsOf(field), outcome, ...rest });
  }

  #wrongType(field: Field, value: unknown, rule: string, fix: string): undefined {
    const path = stepsOf(field);
    const found = fault([titleOf(this.resource), ...path], value, rule, fix);
    if (!this.#wrong.has(found.path)) {
      this.#wrong.add(found.path);
      this.#faults.push({ ...found, origin: this.resource.placeOf(path) });
    }
    return undefined;
  }
}

/** Absent, or a map or list without content. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.values(value).every(isEmpty);
}

/** The paths of plain values, and of lists of plain values. */
function leavesOf(value: unknown, path: Path): Path[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object") return [path];
  const isPlainList = Array.isArray(value) && value.every((entry) => typeof entry !== "object");
  if (isPlainList) return value.length > 0 ? [path] : [];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
