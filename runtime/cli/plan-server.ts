import { type Fault, fault, printFault, suggest } from "@mcp-fleet/contract";
import {
  SERVER_INPUT_NAMES,
  SERVER_INPUTS,
  type ServerInputName,
  type ServerLoad,
} from "@mcp-fleet/contract/capacity";
import { backend } from "@mcp-fleet/contract/settings";
import { InvalidArgumentError } from "commander";
import { kindOf, readAmount } from "./plan-amount.ts";

const EXAMPLES = { size: "256Mi", duration: "10m", number: "3" } as const;

const { name: NAME, notifications, catalog, transport } = backend.shape;

/** The key of a number: `callTimeoutMaxSeconds` is `call-timeout-max`, since its value says the unit. */
export function serverKey(name: ServerInputName): string {
  return kebab(name).replace(/-seconds$/, "");
}

/** A name as flags and keys are written: `memoryBytes` is `memory-bytes`. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * One MCP server from `name=github,replicas=3,stateful,call-timeout-max=10m`. Numbers are judged by the plan.
 *
 * @throws {InvalidArgumentError} with every key that is unknown, missing or has a wrong value.
 */
export function readServer(text: string): ServerLoad {
  const spec = new ServerSpec(text);
  const server: ServerLoad = {
    name: spec.name(),
    stateful: spec.flag("stateful"),
    proxied: spec.flag("proxied"),
    notifications: spec.choice("notifications", "calls", notifications.unwrap().options),
    catalog: spec.choice("catalog", "shared", catalog.unwrap().options),
    transport: spec.choice("transport", "streamable-http", transport.unwrap().options),
    ...Object.fromEntries(SERVER_INPUT_NAMES.flatMap((name) => spec.number(name))),
  };
  const faults = spec.faults();
  if (faults.length === 0) return server;
  throw new InvalidArgumentError(["", ...faults.map(printFault)].join("\n\n"));
}

/** What a server is said to be, key by key. What is never asked for is no key. */
class ServerSpec {
  readonly #words: ReadonlyMap<string, string>;
  readonly #asked = new Set<string>();
  readonly #faults: Fault[] = [];

  constructor(text: string) {
    const words = new Map<string, string>();
    for (const part of text.split(",")) {
      const [, key = "", word = ""] = /^([^=]*)=?(.*)$/s.exec(part.trim()) ?? [];
      if (words.has(key)) this.#refuse(key, word, "a key that is said once", "remove one of them");
      words.set(key, word);
    }
    this.#words = words;
  }

  name(): string {
    const word = this.#wordOf("name") ?? "";
    const [issue] = NAME.safeParse(word).error?.issues ?? [];
    if (issue !== undefined) {
      this.#refuse("name", word || undefined, issue.message, "write it as name=github");
    }
    return word;
  }

  /** True where the key stands alone. */
  flag(key: string): boolean {
    const word = this.#wordOf(key);
    if (word !== undefined && !["", "true", "false"].includes(word)) {
      this.#refuse(key, word, "true or false", "write the key alone where it is true");
    }
    return word === "" || word === "true";
  }

  /** One of a few words; `usual` where nothing is said. */
  choice<Word extends string>(key: string, usual: NoInfer<Word>, options: readonly Word[]): Word {
    const word = this.#wordOf(key);
    const found = options.find((option) => option === word);
    if (word !== undefined && found === undefined) {
      const rule = `one of ${options.join(", ")}`;
      this.#refuse(key, word, rule, didYouMean(word, options) ?? "write one of them");
    }
    return found ?? usual;
  }

  /** The number as an entry of a load; none where it is not said. */
  number(name: ServerInputName): [name: ServerInputName, value: number][] {
    const key = serverKey(name);
    const word = this.#wordOf(key);
    if (word === undefined) return [];
    const { unit } = SERVER_INPUTS[name];
    try {
      return [[name, readAmount(word, unit)]];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      const kind = kindOf(unit);
      this.#refuse(key, word, `a ${kind}`, `write it as ${EXAMPLES[kind]}`);
      return [];
    }
  }

  faults(): readonly Fault[] {
    const known = [...this.#asked];
    for (const [key, word] of this.#words) {
      if (this.#asked.has(key)) continue;
      const fix = didYouMean(key, known) ?? `remove it; known here: ${known.join(", ")}`;
      this.#refuse(key, word, "a known key", fix);
    }
    return this.#faults;
  }

  #wordOf(key: string): string | undefined {
    this.#asked.add(key);
    return this.#words.get(key);
  }

  #refuse(key: string, word: string | undefined, rule: string, fix: string): void {
    this.#faults.push(fault([key], word, rule, fix));
  }
}

function didYouMean(word: string, known: readonly string[]): string | undefined {
  const meant = suggest(word, known);
  return meant && `did you mean "${meant}"?`;
}
