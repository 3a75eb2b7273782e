import { readFileSync } from "node:fs";
import {
  ConfigError,
  type Fault,
  FaultsError,
  fault,
  isSection,
  type Path,
  type Section,
  valueAt,
} from "@mcp-fleet/contract";
import {
  decode,
  type Role,
  type Settings,
  validate,
  variableName,
} from "@mcp-fleet/contract/settings";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { readSecrets } from "./secrets.ts";

/** The flags of the command line that are settings, and the setting of each. */
export const FLAGS = {
  "--host": ["host"],
  "--port": ["port"],
  "--admin-port": ["adminPort"],
  "--log-level": ["operational", "logLevel"],
  "--config-map": ["discovery", "configMap"],
} as const;

export type Flags = Readonly<Partial<Record<keyof typeof FLAGS, string>>>;

/** Where settings come from: flags override the environment, which overrides the file. */
export interface Sources {
  /** The path of a YAML file; absent when the environment says everything. */
  readonly file?: string | undefined;
  /** What the file says. Default: it is read. */
  readonly text?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By flag, as the user typed them. */
  readonly flags?: Flags;
}

/**
 * Reads the settings from all their sources and judges them once.
 *
 * @param sources and `role`, what the process will be. Default: a gateway.
 * @throws {ConfigError} with the faults of all sources, each with the place that it comes from.
 */
export function readSettings({ role, ...sources }: Sources & { readonly role?: Role }): Settings {
  return readConfiguration(sources, (document, faults) => validate(document, faults, role));
}

/** The configuration that a process started with, and where it comes from: what it takes to follow its changes. */
export interface StartedFrom extends Sources {
  readonly role: Role;
  /** What all sources said together. */
  readonly document: Section;
}

/**
 * Reads the settings for a process that follows their changes.
 *
 * @throws as `readSettings`.
 */
export function readStart(sources: Sources & { readonly role: Role }): {
  readonly settings: Settings;
  readonly source: StartedFrom;
} {
  const { file } = sources;
  const text = file === undefined ? undefined : textOf(file);
  return readConfiguration({ ...sources, text }, (document, faults) => ({
    settings: validate(document, faults, sources.role),
    source: { ...sources, text, document },
  }));
}

/**
 * What `judge` makes of a configuration from all its sources, and of the faults that reading it found.
 *
 * @throws {FaultsError} what `judge` throws, each fault with the place that it comes from.
 */
export function readConfiguration<Result>(
  { file, text, environment, flags = {} }: Sources,
  judge: (document: Section, faults: readonly Fault[]) => Result,
): Result {
  const source = file === undefined ? NO_FILE : readFile(file, text);
  const flagOf = new Map(
    Object.entries(FLAGS).flatMap(([flag, path]) => {
      const typed = Object.entries(flags).find(([name]) => name === flag)?.[1];
      return typed === undefined ? [] : [[variableName(path), { flag, text: typed }] as const];
    }),
  );
  const typed = [...flagOf].map(([name, { text }]) => [name, text] as const);
  const variables = { ...environment, ...Object.fromEntries(typed) };
  const { configuration, faults } = decode(variables, source.section ?? {});
  const before = [...source.faults, ...faults, ...secretFaults(environment, configuration)];
  try {
    if (source.section === undefined) throw new ConfigError(before);
    return judge(configuration, before);
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    throw error.map((found) => {
      const name = variableOf(found.steps, variables);
      const place = name ? (flagOf.get(name)?.flag ?? name) : source.placeOf(found.steps);
      return found.origin || !place || place === found.path ? found : { ...found, origin: place };
    });
  }
}

/** Secrets are no settings, but what is wrong with them is said with the rest. */
function secretFaults(environment: Sources["environment"], configuration: Section): Fault[] {
  try {
    const path = ["session", "keysFile"];
    const keysFile = valueAt(configuration, path);
    if (readSecrets(environment).sessionKeys === undefined || keysFile === undefined) return [];
    const rule = "one of session.keysFile and MCP_FLEET_SESSION_KEYS";
    return [fault(path, keysFile, rule, "remove one of the two")];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...error.faults];
  }
}

/** The variable that wrote the value at a path, or what stands around it. */
function variableOf(path: Path, variables: Sources["environment"]): string | undefined {
  if (path.length === 0) return undefined;
  const name = path.every((step) => typeof step === "string") ? variableName(path) : "";
  return variables[name] !== undefined ? name : variableOf(path.slice(0, -1), variables);
}

/** What a file says, before it is judged. */
export interface Source {
  /** Absent when nothing in the file can be judged. */
  readonly section?: Section;
  readonly faults: readonly Fault[];
  /** `FILE:LINE:COLUMN` of the value at a path, or of what stands around it. */
  placeOf(path: Path): string | undefined;
}

const NO_FILE: Source = { section: {}, faults: [], placeOf: () => undefined };

/** The text of a file; undefined where it cannot be read, which whoever judges it says. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function readFile(file: string, text?: string): Source {
  try {
    return parseFile(file, text ?? readFileSync(file, "utf8"));
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const fix = error.code === "ENOENT" ? "check its path" : "let this user read it";
    const found = fault([file], undefined, `a file that can be read (${error.code})`, fix);
    return { faults: [found], placeOf: () => undefined };
  }
}

/** What the text of a YAML file says. */
export function parseFile(file: string, text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const found = [...document.errors, ...document.warnings];
  const faults = found.map(({ code, message, pos: [offset] }): Fault => {
    const fix = code === "DUPLICATE_KEY" ? "keep one of the two" : "correct the YAML there";
    return { ...fault([file], undefined, message, fix), origin: place(offset) };
  });
  // A duplicate key leaves a document that can be judged; broken syntax leaves none.
  if (document.errors.some(({ code }) => code !== "DUPLICATE_KEY")) {
    return { faults, placeOf: () => undefined };
  }
  return {
    ...sectionOf(file, document, faults),
    placeOf: (path) => placeIn(document, path, place),
  };
}

function sectionOf(
  file: string,
  document: Document,
  faults: readonly Fault[],
): Pick<Source, "section" | "faults"> {
  const unusable = (value: unknown, rule: string, fix: string) => ({
    faults: [...faults, fault([file], value, rule, fix)],
  });
  try {
    const section: unknown = document.toJS() ?? {};
    return isSection(section)
      ? { section, faults }
      : unusable(section, "a map of settings", "write key: value lines");
  } catch (error) {
    // Aliases that name nothing or grow without end.
    if (!(error instanceof ReferenceError)) throw error;
    return unusable(undefined, error.message, "write the value out instead of *alias");
  }
}

function placeIn(
  document: Document,
  path: Path,
  place: (offset: number) => string,
): string | undefined {
  if (path.length === 0) return undefined;
  const node: unknown = document.getIn(path, true);
  if (isNode(node) && node.range) return place(node.range[0]);
  return placeIn(document, path.slice(0, -1), place);
}
