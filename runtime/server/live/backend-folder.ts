import { basename, join } from "node:path";
import {
  ConfigError,
  type Fault,
  FaultsError,
  fault,
  type Path,
  printPath,
  type Section,
} from "@mcp-fleet/contract";
import {
  type DiscoverySettings,
  foundStdioFaults,
  type Role,
  validate,
} from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { type FolderFile, WatchedFolder } from "../../platform/watched-folder.ts";
import { readCaBundle } from "../../upstream/ca-bundle.ts";
import { parseFile, type Source } from "../configuration.ts";

/** The names of files with a backend: those of editors and of Kubernetes begin or end otherwise. */
const BACKEND_FILE = /^[^.].*\.(?:ya?ml|json)$/;

/** Files are read up to this many times the backends that may be there: of further ones nobody knows what they say. */
const FILES_PER_BACKEND = 2;

/** A backend as a file has it. */
interface Entry {
  readonly file: string;
  readonly backend: Section;
  readonly source: Source;
}

/** What the folder comes to beside a configuration. */
export interface Judgement {
  /** In the order of their files. */
  readonly entries: readonly Entry[];
  readonly faults: readonly Fault[];
}

/**
 * A folder of backends, one YAML file for each. What is wrong in a file is said, and its backend stays as it was; of two
 * files with one name, the one that had it keeps it. A folder that cannot be read changes nothing.
 */
export class BackendFolder {
  readonly #settings: DiscoverySettings;
  readonly #role: Role;
  readonly #folder: WatchedFolder;
  readonly #log: Logger;
  #files: ReadonlyMap<string, FolderFile> = new Map();
  #unread = 0;
  #unreadable: Fault | undefined;
  /** By file. */
  #kept: ReadonlyMap<string, Entry> = new Map();

  /** @throws {ConfigError} where the folder cannot be read. */
  constructor(settings: DiscoverySettings, role: Role, log: Logger) {
    const { directory: path, maxBackends, fileBytes } = settings;
    const isRead = (name: string) => BACKEND_FILE.test(name);
    const maxFiles = maxBackends * FILES_PER_BACKEND;
    this.#settings = settings;
    this.#role = role;
    this.#log = log;
    this.#folder = new WatchedFolder({ path, isRead, maxFiles, fileBytes, log });
    this.#read();
    if (this.#unreadable !== undefined) throw new ConfigError([this.#unreadable]);
  }

  /** How many files there are. */
  get size(): number {
    return this.#files.size + this.#unread;
  }

  /** Calls `take` when the files are, or may be, others than before. */
  onChange(take: () => void): void {
    this.#folder.onChange(() => {
      if (this.#read()) take();
    });
  }

  /** What the files come to beside this configuration, which is valid without them. */
  judge(document: Section): Judgement {
    const faults: Fault[] = this.#unreadable === undefined ? [] : [this.#unreadable];
    const fresh = [...this.#files].flatMap(([file, read]) => {
      const entry = this.#entryOf(file, read, document, faults) ?? this.#kept.get(file);
      return entry === undefined ? [] : [entry];
    });
    const own = Array.isArray(document.backends) ? document.backends : [];
    const isKept = ({ file }: Entry) => this.#kept.has(file);
    const inTurn = [...fresh.filter(isKept), ...fresh.filter((entry) => !isKept(entry))];
    const room = Math.max(0, this.#settings.maxBackends - own.length);
    for (const entry of inTurn.slice(room)) faults.push(this.#tooMany(entry.file));
    if (this.#unread > 0) faults.push(this.#tooMany(`${this.#unread} more files`));
    const entries = this.#fitting(inTurn.slice(0, room), own, document, faults);
    return {
      entries: entries.toSorted((one, other) => (one.file < other.file ? -1 : 1)),
      faults,
    };
  }

  /** This is what the process has from now on. */
  keep({ entries }: Judgement): void {
    this.#kept = new Map(entries.map((entry) => [entry.file, entry]));
  }

  close(): void {
    this.#folder.close();
  }

  /** Returns whether something is another than before. */
  #read(): boolean {
    const { directory } = this.#settings;
    try {
      const { files, unread } = this.#folder.read(new Set(this.#kept.keys()));
      const isSame = isEqual(files, this.#files) && unread === this.#unread;
      const wasUnreadable = this.#unreadable !== undefined;
      this.#files = files;
      this.#unread = unread;
      this.#unreadable = undefined;
      return !isSame || wasUnreadable;
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      const isNew = this.#unreadable === undefined;
      const fix = error.code === "ENOENT" ? "check its path" : "let this user read it";
      const rule = `must be a folder that can be read (${error.code})`;
      this.#unreadable = fault(["discovery", "directory"], directory, rule, fix);
      if (isNew) this.#log.error({ directory, error }, "the folder of backends cannot be read");
      return isNew;
    }
  }

  /** The backend of a file; undefined where it has faults of its own. */
  #entryOf(file: string, read: FolderFile, document: Section, faults: Fault[]): Entry | undefined {
    const path = join(this.#settings.directory, file);
    if (!("text" in read)) {
      faults.push(fault([file], undefined, read.rule, read.fix));
      return undefined;
    }
    const source = parseFile(path, read.text);
    faults.push(...source.faults);
    if (source.section === undefined || source.faults.length > 0) return undefined;
    const entry = { file, backend: source.section, source };
    const found = [
      ...foundStdioFaults(entry.backend, []),
      ...this.#faultsOf([entry], [], document).map(([, one]) => one),
    ];
    faults.push(...found, ...certificateFaults(entry));
    return found.length > 0 || certificateFaults(entry).length > 0 ? undefined : entry;
  }

  /** Those that can be there together: a new one that cannot gives way to what its file said before, or to nothing. */
  #fitting(
    all: readonly Entry[],
    own: readonly unknown[],
    document: Section,
    faults: Fault[],
  ): readonly Entry[] {
    let entries = all;
    for (;;) {
      const found = this.#faultsOf(entries, own, document);
      if (found.length === 0) return entries;
      faults.push(...found.map(([, one]) => one));
      const misfits = new Set(found.map(([entry]) => entry));
      entries = entries.flatMap((entry) => {
        if (!misfits.has(entry)) return [entry];
        const before = this.#kept.get(entry.file);
        return before === undefined || before === entry ? [] : [before];
      });
    }
  }

  /** The faults of entries beside other backends, with where they are written. */
  #faultsOf(
    entries: readonly Entry[],
    own: readonly unknown[],
    document: Section,
  ): (readonly [Entry, Fault])[] {
    const backends = [...own, ...entries.map(({ backend }) => backend)];
    try {
      validate({ ...document, backends }, [], this.#role);
      return [];
    } catch (error) {
      if (!(error instanceof FaultsError)) throw error;
      return error.faults.flatMap((found) => {
        const [section, index, ...steps] = found.steps;
        if (section !== "backends" || typeof index !== "number") return [];
        const entry = entries[index - own.length];
        return entry === undefined ? [] : [[entry, placed(entry, found, steps)] as const];
      });
    }
  }

  #tooMany(file: string): Fault {
    const { maxBackends } = this.#settings;
    const rule = `is left out: discovery.maxBackends is ${maxBackends}`;
    return fault([file], undefined, rule, "raise it, and roll out");
  }
}

/** A fault with its place in its own file. */
function placed({ file, source }: Entry, found: Fault, steps: Path): Fault {
  const origin = source.placeOf(steps) ?? file;
  return { ...found, steps, path: printPath(steps) || file, origin };
}

function certificateFaults({ backend, file, source }: Entry): Fault[] {
  const { name, caBundlePath } = backend;
  if (typeof caBundlePath !== "string") return [];
  try {
    readCaBundle(String(name ?? basename(file)), caBundlePath);
    return [];
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    return error.faults.map((found) => placed({ backend, file, source }, found, found.steps));
  }
}

function isEqual(
  one: ReadonlyMap<string, FolderFile>,
  other: ReadonlyMap<string, FolderFile>,
): boolean {
  return JSON.stringify([...one]) === JSON.stringify([...other]);
}
