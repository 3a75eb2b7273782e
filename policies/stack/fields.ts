import { Unjudgeable } from "./unjudgeable.ts";

/**
 * The properties of a resource, read one by one and only as far as a policy needs them: properties that it does not
 * read may be unknown. This class never prints values, because some are secrets in plain text.
 *
 * @throws {Unjudgeable} from every reader, if the value is not known before the update.
 */
export class Fields {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path = "") {
    this.#value = value;
    this.#path = path;
  }

  /** Its path in the resource: `spec.template.spec.containers[0]`. */
  get path(): string {
    return this.#path;
  }

  get isThere(): boolean {
    return this.#value !== undefined && this.#value !== null;
  }

  /** The field at a path of names joined by dots; an absent one if a part of the path is missing. */
  at(path: string): Fields {
    return path.split(".").reduce((fields: Fields, name) => fields.member(name), this);
  }

  /** The field of a name, which may contain dots. */
  member(name: string): Fields {
    const path = this.#path === "" ? name : `${this.#path}.${name}`;
    const holder = this.#value;
    if (typeof holder !== "object" || holder === null) return new Fields(undefined, path);
    return new Fields(
      known(path, () => Reflect.get(holder, name)),
      path,
    );
  }

  text(): string | undefined {
    return typeof this.#value === "string" ? this.#value : undefined;
  }

  number(): number | undefined {
    return typeof this.#value === "number" ? this.#value : undefined;
  }

  flag(): boolean | undefined {
    return typeof this.#value === "boolean" ? this.#value : undefined;
  }

  /** The value as plain data; undefined if it is absent. */
  plain(): unknown {
    const text = known(this.#path, () => JSON.stringify(this.#value));
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** The items of a list; none if it is not a list. */
  items(): Fields[] {
    const list = this.#value;
    if (!Array.isArray(list)) return [];
    return Array.from({ length: list.length }, (_, index) => {
      const path = `${this.#path}[${index}]`;
      return new Fields(
        known(path, () => list[index]),
        path,
      );
    });
  }

  /** The names in a map, including those of unknown members; none if it is not a map. */
  names(): string[] {
    const map = this.#value;
    return typeof map === "object" && map !== null && !Array.isArray(map) ? Object.keys(map) : [];
  }

  /** The members of a map, by name; none if it is not a map. */
  members(): ReadonlyMap<string, Fields> {
    return new Map(this.names().map((name) => [name, this.member(name)]));
  }

  /** The members of a map that are strings: labels, annotations, the data of a ConfigMap. */
  texts(): Readonly<Record<string, string>> {
    const texts: Record<string, string> = {};
    for (const [name, field] of this.members()) {
      const text = field.text();
      if (text !== undefined) texts[name] = text;
    }
    return texts;
  }
}

/** Pulumi's proxies throw for an unknown value, with an error class that is not in its public types. */
function known<Value>(path: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "unknownTypeSentinel" in error) throw Unjudgeable.unknown(path);
    throw error;
  }
}
