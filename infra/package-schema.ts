import { readFileSync } from "node:fs";

/** The schema of a value or a resource. */
export interface Shape {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Shape;
  readonly additionalProperties?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly inputProperties?: Readonly<Record<string, Shape>>;
  readonly requiredInputs?: readonly string[];
  readonly enum?: readonly { readonly value: unknown }[];
  /** Of a list: what tells its entries apart when another is merged into it. */
  readonly mergeKey?: string;
  /** Whether it must be a plain value, not an output. */
  readonly plain?: boolean;
  readonly description?: string;
}

/** The part of a Pulumi package's schema that describes its arguments. */
export interface PackageSchema {
  readonly types: Readonly<Record<string, Shape>>;
  readonly resources: Readonly<Record<string, Shape>>;
}

/** The text of the schema from which the packages for other languages are generated. */
export const SCHEMA_TEXT = readFileSync(new URL("./schema.json", import.meta.url), "utf8");

export const SCHEMA: PackageSchema = JSON.parse(SCHEMA_TEXT);
