import type { Fleet } from "../stack/fleet.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { commandOf } from "./command.ts";
import { type MountedFile, mountedFiles } from "./mounted-files.ts";

/** A line of a configuration: its name, and the words after it. */
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
 * What a server or Sentinel is configured with: the file in a ConfigMap that its pods mount, and the options of its
 * command, where the last of a name counts. What a start script adds to it is not seen.
 */
export class RedisConf {
  readonly #directives: readonly Directive[];
  readonly #where: string;

  private constructor(directives: readonly Directive[], where: string) {
    this.#directives = directives;
    this.#where = where;
  }

  /** @throws {Unjudgeable} where nothing in the stack says how it is configured. */
  static of(workload: Workload, fleet: Fleet): RedisConf {
    const command = commandOf(workload.container);
    const files = mountedFiles(fleet, workload.resource);
    const options = optionsIn(command);
    const file = fileOf(workload, files, command);
    const needsFile = options.length === 0 || command.some((word) => word.includes(".conf"));
    if (file === undefined && needsFile) {
      const fix = "write the configuration in one that the pods mount";
      throw Unjudgeable.missing(`a ${fileName(workload)} in a ConfigMap of the stack`, fix);
    }
    const directives = file === undefined ? [] : directivesIn(file, files);
    return new RedisConf([...directives, ...options], file?.place ?? "the command");
  }

  /** The words of the last line of a name; undefined where there is none. */
  words(name: string): readonly string[] | undefined {
    return this.all(name).at(-1);
  }

  /** The words of every line of a name. */
  all(name: string): (readonly string[])[] {
    return this.#directives.filter((one) => one.name === name).map(({ words }) => words);
  }

  /** @param fallback what Redis takes where nobody says; here and in the other readers. */
  text(name: string, fallback: string): string {
    return this.words(name)?.[0] ?? fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.text(name, fallback ? "yes" : "no").toLowerCase() === "yes";
  }

  number(name: string, fallback: number): number {
    const text = this.text(name, String(fallback));
    if (/^-?\d+$/.test(text)) return Number(text);
    throw this.#unreadable(name, "a whole number");
  }

  bytes(name: string, fallback: number): number {
    const text = this.text(name, String(fallback));
    const [, amount = "", unit = ""] = /^(\d+)([a-z]*)$/.exec(text.toLowerCase()) ?? [];
    const factor = BYTES_OF[unit];
    if (amount === "" || factor === undefined) throw this.#unreadable(name, "such as 256mb");
    return Number(amount) * factor;
  }

  /** What follows `sentinel down-after-milliseconds sessions`, by master. */
  sentinel(name: string): ReadonlyMap<string, readonly string[]> {
    const lines = this.all("sentinel").filter(([first]) => first?.toLowerCase() === name);
    return new Map(lines.map(([, master = "", ...words]) => [master, words]));
  }

  #unreadable(name: string, rule: string): Unjudgeable {
    return new Unjudgeable(`${name} of ${this.#where} cannot be read: write it as ${rule}`);
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
    `its pods mount several configurations, so this cannot be judged: name the one it reads ${fileName(workload)}, and it alone .conf`,
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
    throw Unjudgeable.missing(`what ${place} includes`, "write it in the same ConfigMap");
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

/** A shell's command is one text with several words. */
const wordsOfOption = (word: string): string[] => (/\s/.test(word) ? wordsIn(word) : [word]);

/** Blanks part words that stand in no quotes. */
function wordsIn(line: string): string[] {
  const words = line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|[^\s"']\S*/g);
  return [...words].map(([word, double, single]) => double ?? single ?? word);
}

/** What was called slaves is called replicas since Redis 5. */
const directive = (name: string, words: readonly string[]): Directive => ({
  name: name.toLowerCase().replace("slave", "replica"),
  words,
});
