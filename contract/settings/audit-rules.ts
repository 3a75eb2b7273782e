import { type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";

const SECTION = ["audit"];

/** What is written to a file has one. */
export function auditRules(document: Section): Fault[] {
  const at = (key: string) => valueAt(document, [...SECTION, key]);
  if (at("enabled") !== true) return [];
  const isFile = at("logFile") !== undefined && at("output") !== "stdout";
  const faults: Fault[] = [];
  if (at("output") === "file" && at("logFile") === undefined) {
    const fix = "set it to a path on a volume, or use output: stdout";
    faults.push(fault([...SECTION, "logFile"], undefined, "is required with output file", fix));
  }
  if (at("rotateBytes") !== undefined && !isFile) {
    const rule = "must be absent unless events are written to logFile";
    faults.push(
      fault([...SECTION, "rotateBytes"], at("rotateBytes"), rule, "set logFile, or remove it"),
    );
  }
  return faults;
}
