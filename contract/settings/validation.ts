import type * as z from "zod";
import { isSection, type Path, type Section, withoutNulls } from "../document.ts";
import { ConfigError, type Fault, fault, faultsOf } from "../faults.ts";
import { configuration } from "./configuration.ts";
import { refusals } from "./refusals.ts";
import { conflicts } from "./rules.ts";
import { knownKeys } from "./schema-walk.ts";
import { type Role, type Settings, settingsOf } from "./settings.ts";

/**
 * The settings that a document amounts to: the one place where a configuration is judged.
 *
 * @param document what a file or an environment says, before anything about it is known.
 * @param before faults that reading it already found.
 * @param role what the process will be: some defaults and rules are its own.
 * @throws {ConfigError} with every fault at once: values that are wrong by themselves, keys that
 * are not known, fields that are not built, values that do not fit each other.
 */
export function validate(
  document: unknown,
  before: readonly Fault[] = [],
  role: Role = "gateway",
): Settings {
  const filled = withoutNulls(document) ?? {};
  if (!isSection(filled)) {
    const fix = "write it as key: value, as examples/gateway.yaml does";
    throw new ConfigError([...before, fault([], filled, "a map of settings", fix)]);
  }
  const parsed = configuration.safeParse(filled);
  const faults = [...before, ...faultsIn(filled, parsed.error?.issues ?? [], role)];
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults);
  return settingsOf(parsed.data, role);
}

/** A refusal knows better what to do than the schema: its words stand for both. */
function faultsIn(document: Section, issues: readonly z.core.$ZodIssue[], role: Role): Fault[] {
  const refused = refusals(document);
  const isRefused = (path: Path) =>
    refused.some(({ steps }) => steps.every((step, index) => step === path[index]));
  const found = issues
    .flatMap((issue) => faultsOf(issue, document, knownKeys))
    .filter(({ steps }) => !isRefused(steps));
  return [...found, ...refused, ...conflicts(document, role)];
}
