import { matching } from "./fields.ts";

/** Where a secret comes from. */
export type SecretSource =
  | { readonly kind: "value"; readonly value: string }
  /** An environment variable, which is read when the process starts. */
  | { readonly kind: "variable"; readonly name: string }
  /** A file, which is read again whenever it changes. */
  | { readonly kind: "file"; readonly path: string };

/** The name of an environment variable. */
export const variable = (description: string) =>
  matching(
    description,
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    "must be the name of an environment variable",
    "write the name only, without $",
  );

/** Where a secret comes from that may be written in three ways; undefined where it is not. */
export function secretOf(
  value: string | undefined,
  name: string | undefined,
  path: string | undefined,
): SecretSource | undefined {
  if (path !== undefined) return { kind: "file", path };
  if (name !== undefined) return { kind: "variable", name };
  return value === undefined ? undefined : { kind: "value", value };
}
