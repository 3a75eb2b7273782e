import { Unjudgeable } from "./unjudgeable.ts";

/**
 * The properties of a resource, read one by one and only as far as a policy needs them: what it does not ask for may
 * be unknown. Values are never printed by this class, since secrets lie among them in plain.
 *
 * @throws {Unjudgeable} from every reader, where the value is not known before the update.
 */
export class Fields {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path = "") {
    this.#value = value;
    this.#path = path;
  }

  /** Where this stands in the resource: `spec.template.spec.containers[0]`. */
  get path(): string {
    return this.#path;
  }

  get isThere(): boolean {
    return this.#value !== undefined && this.#value !== null;
  }

  /** What is at a path of names with dots between them; nothing where a part of it is not there. */
  at(path: string): Fields {
    return path.split(".").reduce((fields: Fields, name) => fields.member(name), this);
  }

  /** What is under one name, which may have dots in it. */
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

  /** The value as plain data; undefined where it is not there. */
  plain(): unknown {
    const text = known(this.#path, () => JSON.stringify(this.#value));
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** The items of a list; none where there is no list. */
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

  /** The names in a map, of members that are unknown too; none where there is no map. */
  names(): string[] {
    const map = this.#value;
    return typeof map === "object" && map !== null && !Array.isArray(map) ? Object.keys(map) : [];
  }

  /** The members of a map, by name; none where there is no map. */
  members(): ReadonlyMap<string, Fields> {
    return new Map(this.names().map((name) => [name, this.member(name)]));
  }

  /** The members of a map that are texts: labels, annotations, the data of a ConfigMap. */
  texts(): Readonly<Record<string, string>> {
    const texts: Record<string, string> = {};
    for (const [name, field] of this.members()) {
      const text = field.text();
      if (text !== undefined) texts[name] = text;
    }
    return texts;
  }
}

/** Pulumi's proxies throw where a value is unknown, an error of a class that is not in its public types. */
function known<Value>(path: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "unknownTypeSentinel" in error) throw Unjudgeable.unknown(path);
    throw error;
  }
}
