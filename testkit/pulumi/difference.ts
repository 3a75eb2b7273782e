import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";

import type { Path } from "./force-replace.ts";

/** The inputs or outputs of a resource. */
export type Properties = { [name: string]: JavaScriptValue };

/** One place at which two objects differ. */
export interface Change {
  readonly path: Path;
  readonly kind: "add" | "delete" | "update";
}

/** Every place at which the new value differs from the old one, as deep as both have the same shape. */
export function changes(
  old: JavaScriptValue | undefined,
  now: JavaScriptValue | undefined,
  path: Path = [],
): Change[] {
  if (old === undefined && now === undefined) return [];
  if (old === undefined) return [{ path, kind: "add" }];
  if (now === undefined) return [{ path, kind: "delete" }];
  if (Array.isArray(old) && Array.isArray(now)) {
    const longest = old.length > now.length ? old : now;
    return longest.flatMap((_, at) => changes(old[at], now[at], [...path, at]));
  }
  if (isProperties(old) && isProperties(now)) {
    const names = new Set([...Object.keys(old), ...Object.keys(now)]);
    return [...names].flatMap((name) => changes(old[name], now[name], [...path, name]));
  }
  return old === now ? [] : [{ path, kind: "update" }];
}

export function isProperties(value: JavaScriptValue | undefined): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The property of that name when it is an object, else an empty one. */
export function part(properties: Properties, name: string): Properties {
  const value = properties[name];
  return isProperties(value) ? value : {};
}

/** As the engine writes paths: `spec.ports[0]`, `metadata.annotations["example.com/a"]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!/^\w+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}
