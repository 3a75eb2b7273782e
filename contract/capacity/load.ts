import * as z from "zod";
import { isSection, type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault, faultsOf, suggest } from "../faults.ts";
import { backend } from "../settings/backend.ts";
import { inputField } from "./input-field.ts";
import { INPUT_NAMES, INPUTS, type Input, type InputName, inputKey } from "./plan-inputs.ts";
import { SERVER_INPUT_NAMES, SERVER_INPUTS, type ServerLoad } from "./server-load.ts";

/** The keys of inputs, each with its field. */
function fieldsOf(inputs: Readonly<Record<string, Input>>) {
  const fields = Object.entries(inputs)
    .filter(([, { setting, loadFirst }]) => setting === undefined || loadFirst)
    .map(([name, input]) => [inputKey(name), inputField(input).optional()] as const);
  return Object.fromEntries(fields);
}

const server = z.strictObject({
  ...fieldsOf(SERVER_INPUTS),
  proxied: z.boolean().optional().describe("It has proxies in front of it. Absent: false."),
});

/** The section `load` of a configuration: the inputs of a plan that are not settings of a gateway. */
export const load = z.strictObject({
  ...fieldsOf(INPUTS),
  servers: z
    .record(z.string(), server)
    .optional()
    .describe("By name of a backend: servers that are planned one by one."),
});

/** The inputs in a section `load`. */
export interface Load {
  readonly numbers: Partial<Record<InputName, number>>;
  /** By name of the backend. */
  readonly servers: ReadonlyMap<string, Omit<ServerLoad, "name">>;
}

/** Reads `load` of a document. With faults, it returns no inputs. */
export function readLoad(document: Section): Load & { readonly faults: readonly Fault[] } {
  const section = { load: isSection(document.load) ? document.load : {} };
  const { data, error } = z.object({ load }).safeParse(section);
  const { servers = {}, ...numbers } = data?.load ?? {};
  return {
    numbers: numbersOf(INPUT_NAMES, numbers),
    servers: new Map(
      Object.entries(servers).map(([name, { proxied = false, ...given }]) => [
        name,
        { proxied, ...numbersOf(SERVER_INPUT_NAMES, given) },
      ]),
    ),
    faults: (error?.issues ?? []).flatMap((issue) => {
      if (issue.code !== "unrecognized_keys") return faultsOf(issue, section, () => []);
      const path = issue.path.map(String);
      return issue.keys.map((key) => unknownKey([...path, key], section));
    }),
  };
}

/** The inputs of a section by name; the section has them by key. */
function numbersOf<Name extends string>(
  names: readonly Name[],
  section: object,
): Partial<Record<Name, number>> {
  const values = new Map<string, unknown>(Object.entries(section));
  const numbers: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const value = values.get(inputKey(name));
    if (typeof value === "number") numbers[name] = value;
  }
  return numbers;
}

/** What may be written for the key of an input: its name, its key, or its key without the unit. */
const wordsFor = (name: string) => [name, inputKey(name).replace(/Bytes$/, ""), inputKey(name)];

const didYouMean = (key: string) => `did you mean "${key}"?`;

/** The fix of an unknown key of `load`, by what was probably meant: another key, or a setting. */
const FIXES: ReadonlyMap<string, string> = new Map([
  ...INPUT_NAMES.flatMap((name) => {
    const { setting, loadFirst }: Input = INPUTS[name];
    const isKey = setting === undefined || loadFirst;
    const fix = isKey ? didYouMean(inputKey(name)) : `set ${setting} instead`;
    return wordsFor(name).map((word) => [word, fix] as const);
  }),
  ["servers", didYouMean("servers")],
]);

/** The same for a server: settings of its backend are set at the backend. */
const SERVER_FIXES: ReadonlyMap<string, string> = new Map([
  ...Object.keys(backend.shape).map((key) => [key, `set ${key} in its entry of backends`] as const),
  ...SERVER_INPUT_NAMES.flatMap((name) =>
    wordsFor(name).map((word) => [word, didYouMean(inputKey(name))] as const),
  ),
  ["proxied", didYouMean("proxied")],
]);

function unknownKey(path: Path, section: Section): Fault {
  const isOfServer = path.length > 2;
  const fixes = isOfServer ? SERVER_FIXES : FIXES;
  const meant = suggest(String(path.at(-1)), [...fixes.keys()]) ?? "";
  const known = isOfServer
    ? `known keys are ${Object.keys(server.shape).join(", ")}`
    : "docs/capacity.md lists the known keys";
  const fix = fixes.get(meant) ?? `remove it; ${known}`;
  return fault(path, valueAt(section, path), "must be a known key", fix);
}
