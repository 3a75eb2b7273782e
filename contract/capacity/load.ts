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
  proxied: z.boolean().optional().describe("Proxies of its own stand before it. Absent: false."),
});

/** The section `load` of a configuration: what the settings of a gateway do not say, and its plan has to know. */
export const load = z.strictObject({
  ...fieldsOf(INPUTS),
  servers: z
    .record(z.string(), server)
    .optional()
    .describe("By the name of a backend: a server that gets a plan of its own."),
});

/** What a section `load` says. */
export interface Load {
  readonly numbers: Partial<Record<InputName, number>>;
  /** By the name of their backend. */
  readonly servers: ReadonlyMap<string, Omit<ServerLoad, "name">>;
}

/** What `load` of a document says, and what is wrong in it: then it says nothing. */
export function readLoad(document: Section): Load & { readonly faults: readonly Fault[] } {
  const section = { load: isSection(document.load) ? document.load : {} };
  const { data, error } = z.object({ load }).safeParse(section);
  const { servers = {}, ...numbers } = data?.load ?? {};
  return {
    numbers: numbersOf(INPUT_NAMES, numbers),
    servers: new Map(
      Object.entries(servers).map(([name, { proxied = false, ...said }]) => [
        name,
        { proxied, ...numbersOf(SERVER_INPUT_NAMES, said) },
      ]),
    ),
    faults: (error?.issues ?? []).flatMap((issue) => {
      if (issue.code !== "unrecognized_keys") return faultsOf(issue, section, () => []);
      const path = issue.path.map(String);
      return issue.keys.map((key) => unknownKey([...path, key], section));
    }),
  };
}

/** The inputs by their names, of a section that has them by their keys. */
function numbersOf<Name extends string>(
  names: readonly Name[],
  section: object,
): Partial<Record<Name, number>> {
  const said = new Map<string, unknown>(Object.entries(section));
  const numbers: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const value = said.get(inputKey(name));
    if (typeof value === "number") numbers[name] = value;
  }
  return numbers;
}

/** What somebody may take for the key of an input: its name, or the key without its unit. */
const wordsFor = (name: string) => [name, inputKey(name).replace(/Bytes$/, ""), inputKey(name)];

const didYouMean = (key: string) => `did you mean "${key}"?`;

/** What to do about a key that is none of `load`, by what was meant: another key, or what the settings say. */
const FIXES: ReadonlyMap<string, string> = new Map([
  ...INPUT_NAMES.flatMap((name) => {
    const { setting, loadFirst }: Input = INPUTS[name];
    const isKey = setting === undefined || loadFirst;
    const fix = isKey ? didYouMean(inputKey(name)) : `write it as ${setting}`;
    return wordsFor(name).map((word) => [word, fix] as const);
  }),
  ["servers", didYouMean("servers")],
]);

/** The same of a server: what its backend says already is written there. */
const SERVER_FIXES: ReadonlyMap<string, string> = new Map([
  ...Object.keys(backend.shape).map(
    (key) => [key, `write ${key} at its entry of backends`] as const,
  ),
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
    ? `known here: ${Object.keys(server.shape).join(", ")}`
    : "docs/capacity.md lists the known keys";
  const fix = fixes.get(meant) ?? `remove it; ${known}`;
  return fault(path, valueAt(section, path), "a known key", fix);
}
