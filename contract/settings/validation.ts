import type * as z from "zod";
import { isSection, type Path, type Section, valueAt, withoutNulls } from "../document.ts";
import { ConfigError, type Fault, fault, faultsOf } from "../faults.ts";
import { configuration } from "./configuration.ts";
import { refusals } from "./refusals.ts";
import { conflicts } from "./rules.ts";
import { knownKeys } from "./schema-walk.ts";
import { type Role, type Settings, settingsOf } from "./settings.ts";

/**
 * Validates a document and returns its settings. Every configuration is validated here.
 *
 * @param document the content of a file and an environment, not validated yet.
 * @param before faults that were found while reading it.
 * @param role the role of the process, on which some defaults and rules depend.
 * @throws {ConfigError} with every fault at once: invalid values, unknown keys,
 * fields that are not supported, and values that contradict each other.
 */
export function validate(
  document: unknown,
  before: readonly Fault[] = [],
  role: Role = "gateway",
): Settings {
  const filled = withBackends(withoutNulls(document) ?? {});
  if (!isSection(filled)) {
    const fix = "write it as key: value lines, as in examples/gateway.yaml";
    throw new ConfigError([...before, fault([], filled, "must be a map of settings", fix)]);
  }
  const parsed = configuration.safeParse(filled);
  const faults = [...before, ...faultsIn(filled, parsed.error?.issues ?? [], role)];
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults);
  return settingsOf(parsed.data, role);
}

/** Where a folder has the backends, the document may name none. */
function withBackends(document: unknown): unknown {
  const isFilled = !isSection(document) || document.backends !== undefined;
  if (isFilled || valueAt(document, ["discovery", "directory"]) === undefined) return document;
  return { ...document, backends: [] };
}

/** Where both a refusal and the schema report a value, the refusal is kept: its fix is better. */
function faultsIn(document: Section, issues: readonly z.core.$ZodIssue[], role: Role): Fault[] {
  const refused = refusals(document);
  const isRefused = (path: Path) =>
    refused.some(({ steps }) => steps.every((step, index) => step === path[index]));
  const found = issues
    .flatMap((issue) => faultsOf(issue, document, knownKeys))
    .filter(({ steps }) => !isRefused(steps));
  return [...found, ...refused, ...conflicts(document, role)];
}
