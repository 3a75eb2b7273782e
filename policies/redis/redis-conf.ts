import type { Fleet } from "../stack/fleet.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { commandOf } from "./command.ts";
import { type MountedFile, mountedFiles } from "./mounted-files.ts";

/** A line of a configuration: its name and its arguments. */
interface Directive {
  readonly name: string;
  readonly words: readonly string[];
}

const BYTES_OF: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1e3,
  kb: 2 ** 10,
  m: 1e6,
  mb: 2 ** 20,
  g: 1e9,
  gb: 2 ** 30,
};

/**
 * The configuration of a server or Sentinel: the file in a ConfigMap that its pods mount, and the options of its
 * command. The last line of a name counts. What a start script adds is not seen.
 */
export class RedisConf {
  readonly #directives: readonly Directive[];
  readonly #where: string;

  private constructor(directives: readonly Directive[], where: string) {
    this.#directives = directives;
    this.#where = where;
  }

  /** @throws {Unjudgeable} if the stack does not contain its configuration. */
  static of(workload: Workload, fleet: Fleet): RedisConf {
    const command = commandOf(workload.container);
    const files = mountedFiles(fleet, workload.resource);
    const options = optionsIn(command);
    const file = fileOf(workload, files, command);
    const needsFile = options.length === 0 || command.some((word) => word.includes(".conf"));
    if (file === undefined && needsFile) {
      const fix = "put the configuration into one that the pods mount";
      throw Unjudgeable.missing(`a ${fileName(workload)} in a ConfigMap of the stack`, fix);
    }
    const directives = file === undefined ? [] : directivesIn(file, files);
    return new RedisConf([...directives, ...options], file?.place ?? "the command");
  }

  /** The arguments of the last line of a name; undefined where there is none. */
  words(name: string): readonly string[] | undefined {
    return this.all(name).at(-1);
  }

  /** The arguments of every line of a name. */
  all(name: string): (readonly string[])[] {
    return this.#directives.filter((one) => one.name === name).map(({ words }) => words);
  }

  /** @param fallback the default of Redis; the same for the methods below. */
  text(name: string, fallback: string): string {
    return this.words(name)?.[0] ?? fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.text(name, fallback ? "yes" : "no").toLowerCase() === "yes";
  }

  number(name: string, fallback: number): number {
    const text = this.text(name, String(fallback));
    if (/^-?\d+$/.test(text)) return Number(text);
    throw this.#unreadable(name, "must be a whole number");
  }

  bytes(name: string, fallback: number): number {
    const text = this.text(name, String(fallback));
    const [, amount = "", unit = ""] = /^(\d+)([a-z]*)$/.exec(text.toLowerCase()) ?? [];
    const factor = BYTES_OF[unit];
    if (amount === "" || factor === undefined)
      throw this.#unreadable(name, "must be a size such as 256mb");
    return Number(amount) * factor;
  }

  /** The arguments of lines such as `sentinel down-after-milliseconds sessions 5000`, by master. */
  sentinel(name: string): ReadonlyMap<string, readonly string[]> {
    const lines = this.all("sentinel").filter(([first]) => first?.toLowerCase() === name);
    return new Map(lines.map(([, master = "", ...words]) => [master, words]));
  }

  #unreadable(name: string, rule: string): Unjudgeable {
    return new Unjudgeable(`${name} in ${this.#where} ${rule}`);
  }
}

const fileName = ({ role }: Workload): string =>
  role === "sentinel" ? "sentinel.conf" : "redis.conf";

/** The file that the command names, or the only one of its kind. */
function fileOf(
  workload: Workload,
  files: readonly MountedFile[],
  command: readonly string[],
): MountedFile | undefined {
  const all = files.filter(({ name }) => name.endsWith(".conf"));
  const named = all.filter(({ name }) => command.some((word) => word.includes(`/${name}`)));
  const isSentinel = workload.role === "sentinel";
  const ofRole = all.filter(({ name }) => name.includes("sentinel") === isSentinel);
  const [file, another] = named.length > 0 ? named : ofRole;
  if (another === undefined) return file;
  throw new Unjudgeable(
    `its pods mount several configurations, so this cannot be checked; name the one it reads ${fileName(workload)}, and no other file .conf`,
  );
}

function directivesIn({ text, place }: MountedFile, files: readonly MountedFile[]): Directive[] {
  return text.split("\n").flatMap((line) => {
    const [name = "", ...words] = wordsIn(line);
    if (name === "" || name.startsWith("#")) return [];
    if (name.toLowerCase() !== "include") return [directive(name, words)];
    const [path = ""] = words;
    const rest = files.filter((file) => file.place !== place);
    const included = rest.find((file) => path.endsWith(`/${file.name}`));
    if (included) return directivesIn(included, rest);
    throw Unjudgeable.missing(`the file that ${place} includes`, "put it into the same ConfigMap");
  });
}

/** The options of a command: `--maxmemory 256mb`. */
function optionsIn(command: readonly string[]): Directive[] {
  const options: { name: string; words: string[] }[] = [];
  for (const word of command.flatMap(wordsOfOption)) {
    if (word.startsWith("--")) options.push({ name: word.slice(2), words: [] });
    else options.at(-1)?.words.push(word);
  }
  return options.map(({ name, words }) => directive(name, words));
}

/** A shell command is one string with several words. */
const wordsOfOption = (word: string): string[] => (/\s/.test(word) ? wordsIn(word) : [word]);

/** Splits a line into words at unquoted spaces. */
function wordsIn(line: string): string[] {
  const words = line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|[^\s"']\S*/g);
  return [...words].map(([word, double, single]) => double ?? single ?? word);
}

/** Maps directives from before Redis 5, with slave in their names, to those with replica. */
const directive = (name: string, words: readonly string[]): Directive => ({
  name: name.toLowerCase().replace("slave", "replica"),
  words,
});
