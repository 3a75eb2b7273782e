import type { ServiceAccountArgs } from "../arguments/pod-args.ts";
import type { ArgumentFault } from "./argument-faults.ts";

const IMAGE =
  /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@\w+:[0-9a-fA-F]+)?$/;

/** An image that nodes could not pull, whatever the registry; one that is an output is judged by nobody here. */
export function imageFaults([path, value]: readonly [string, unknown]): ArgumentFault[] {
  if (typeof value !== "string" || IMAGE.test(value)) return [];
  const fix = "write it as registry.example.com/name:1.2.3";
  return [{ path, value, rule: "must be the name of an image", fix }];
}

/** Labels that Kubernetes would refuse. */
export function labelFaults(
  path: string,
  entries: Readonly<Record<string, unknown>> = {},
): ArgumentFault[] {
  return Object.entries(entries).flatMap(([key, value]) => {
    const at = `${path}["${key}"]`;
    if (!LABEL_KEY.test(key)) {
      const rule = "must have a label key: 63 letters, digits, dots, dashes and underscores";
      return [{ path: at, rule, fix: "write it as team or example.com/team" }];
    }
    if (typeof value !== "string" || LABEL_VALUE.test(value)) return [];
    const rule = "must be a label value: at most 63 letters, digits, dots, dashes and underscores";
    return [{ path: at, value, rule, fix: "shorten it, or move it to an annotation" }];
  });
}

const LABEL_KEY =
  /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;

/** A service account that somebody else makes has a name that only the user knows. */
export function serviceAccountFaults(
  path: string,
  { create = true, name, annotations }: ServiceAccountArgs = {},
): ArgumentFault[] {
  if (create) return [];
  const faults: ArgumentFault[] = [];
  if (name === undefined) {
    const fix = "name the service account, or remove create";
    faults.push({ path: `${path}.name`, rule: "is required without create", fix });
  }
  if (annotations !== undefined) {
    const rule = "must be absent without create, because the service account is made elsewhere";
    faults.push({ path: `${path}.annotations`, rule, fix: "annotate it where it is made" });
  }
  return faults;
}
