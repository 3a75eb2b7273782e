import { readFileSync } from "node:fs";

/** Next to this module, and next to the bundle that it becomes part of. */
const FOLDER = new URL("./scripts/", import.meta.url);

const FILES = [
  "lib.sh",
  "start-node.sh",
  "start-sentinel.sh",
  "pre-stop.sh",
  "reload.sh",
  "probe-alive.sh",
  "probe-node.sh",
  "probe-sentinel.sh",
] as const;

/** A script that a pod runs. */
export type ScriptFile = (typeof FILES)[number];

/**
 * The scripts of the pods by file name, as the data of a ConfigMap.
 *
 * @throws if a file cannot be read.
 */
export function scriptFiles(): Record<string, string> {
  return Object.fromEntries(
    FILES.map((file) => [file, readFileSync(new URL(file, FOLDER), "utf8")]),
  );
}
