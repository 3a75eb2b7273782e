import { isSection, suggest } from "@mcp-fleet/contract";
import { Resource } from "@pulumi/pulumi";
import type { PackageSchema, Shape } from "../package-schema.ts";
import { isLater } from "../process/placeholders.ts";
import type { ArgumentFault } from "./argument-faults.ts";

/** Compares arguments with a schema. */
export class ShapeFaults {
  readonly #types: PackageSchema["types"];
  readonly #ignored: ReadonlySet<string>;
  readonly #isPatch: boolean;

  /**
   * @param ignored names of members that the schema does not know, and that are not compared.
   * @param isPatch whether `null` stands for a member that is to go. Default: false.
   */
  constructor(
    types: PackageSchema["types"],
    ignored: ReadonlySet<string> = new Set(),
    isPatch = false,
  ) {
    this.#types = types;
    this.#ignored = ignored;
    this.#isPatch = isPatch;
  }

  /** The faults of the argument at this path. */
  of(path: string, value: unknown, shape: Shape): ArgumentFault[] {
    if (value === undefined || (value === null && this.#isPatch)) return [];
    if (isLater(value)) return mayBeLater(shape) ? [] : [laterFault(path)];
    if (shape.$ref?.startsWith("#/types/")) {
      const name = decodeURIComponent(shape.$ref.slice("#/types/".length));
      return this.of(path, value, this.#types[name] ?? {});
    }
    if (shape.enum !== undefined) return enumFaults(path, value, shape.enum);
    switch (shape.type) {
      case "object":
        return shape.additionalProperties === undefined
          ? this.#members(path, value, shape)
          : this.#entries(path, value, shape.additionalProperties);
      case "array":
        return Array.isArray(value)
          ? value.flatMap((entry, index) => this.of(`${path}[${index}]`, entry, shape.items ?? {}))
          : [typeFault(path, kind(value), "a list")];
      case "number":
      case "integer":
        return typeof value === "number" && Number.isFinite(value)
          ? []
          : [typeFault(path, shownAt(path, value), "a number")];
      case "string":
        return typeof value === "string" ? [] : [typeFault(path, shownAt(path, value), "a string")];
      case "boolean":
        return typeof value === "boolean"
          ? []
          : [typeFault(path, shownAt(path, value), "true or false")];
      default:
        return [];
    }
  }

  #members(path: string, value: unknown, shape: Shape): ArgumentFault[] {
    if (Resource.isInstance(value)) return [resourceFault(path)];
    if (!isSection(value)) return [typeFault(path, kind(value), "a map of arguments")];
    const { properties = {}, required = [] } = shape;
    const inside = (name: string) => (path === "" ? name : `${path}.${name}`);
    const missing = required
      .filter((name) => value[name] === undefined)
      .map((name) => ({ path: inside(name), rule: "is required", fix: "add it" }));
    const others = Object.entries(value).flatMap(([name, inner]) => {
      const known = properties[name];
      if (this.#ignored.has(name) || inner === undefined) return [];
      if (known !== undefined) return this.of(inside(name), inner, known);
      const meant = suggest(name, Object.keys(properties));
      const fix = meant === undefined ? "remove it" : `did you mean ${meant}?`;
      return [{ path: inside(name), rule: "is not a known argument", fix }];
    });
    return [...missing, ...others];
  }

  #entries(path: string, value: unknown, shape: Shape): ArgumentFault[] {
    if (!isSection(value)) return [typeFault(path, kind(value), "a map")];
    return Object.entries(value).flatMap(([key, entry]) => this.of(`${path}.${key}`, entry, shape));
  }
}

function enumFaults(
  path: string,
  value: unknown,
  known: readonly { readonly value: unknown }[],
): ArgumentFault[] {
  const values = known.map((entry) => String(entry.value));
  if (values.includes(String(value))) return [];
  const meant = suggest(String(value), values);
  const fix = meant === undefined ? "use one of these values" : `did you mean ${meant}?`;
  return [{ path, value: shown(value), rule: `must be one of ${values.join(", ")}`, fix }];
}

/** A list may be one output where each of its entries may be one. */
const mayBeLater = ({ plain = false, items }: Shape): boolean =>
  !plain || (items !== undefined && !items.plain);

function laterFault(path: string): ArgumentFault {
  const rule = "must be a plain value, because it decides which resources are created";
  return { path, value: "(an output)", rule, fix: "pass the value itself" };
}

function typeFault(path: string, value: string, expected: string): ArgumentFault {
  return { path, value, rule: `must be ${expected}`, fix: `pass ${expected}` };
}

/** Only a server among `backends`, and a store as `sessionStorage`, stand for a part of theirs. */
function resourceFault(path: string): ArgumentFault {
  const rule = "must be a map of arguments, not a resource";
  return { path, rule, fix: "pass the arguments, or the output of the resource that has them" };
}

/** Arguments whose values are secret. */
const SECRET = /(?:^|\.)(?:password|ownerKey|clientSecret)$|^(?:proxy\.)?env\[/;

const shownAt = (path: string, value: unknown) => (SECRET.test(path) ? "(hidden)" : shown(value));

/** The kind of a value where a map or list is expected: a string there may be a secret of one of its members. */
const kind = (value: unknown) => (typeof value === "object" ? shown(value) : `(a ${typeof value})`);

/** A short value, or only the kind of a longer one, which may contain a secret. */
function shown(value: unknown): string {
  if (typeof value === "string") {
    if (value.length > 40) return "(a long string)";
    return JSON.stringify(value.replaceAll(/\/\/[^/@\s]*@/g, "//***@"));
  }
  if (Array.isArray(value)) return "(a list)";
  return typeof value === "object" && value !== null ? "(a map)" : String(value);
}
