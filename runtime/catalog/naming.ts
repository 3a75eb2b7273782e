import { createHash } from "node:crypto";

/** What the strictest of the common model APIs takes as a tool's name. */
export const MAX_NAME_LENGTH = 64;

const ILLEGAL = /[^A-Za-z0-9_-]/g;
/** What MCP has in names, and some model APIs refuse, is there where an operator writes it. */
const ILLEGAL_IN_FORMAT = /[^A-Za-z0-9_.-]/g;
const DIGEST_LENGTH = 8;

/** How an item of a backend is called at the gateway. */
export interface ExposedName {
  readonly name: string;
  /** The backend whose prefix the usual name begins with, which therefore has names like it for itself. */
  readonly reservedFor: string | undefined;
}

/** How backends' tools and prompts are called at the gateway. */
export class Naming {
  readonly #prefixFormat: string;
  /** By backend: each is compared with all others, whenever a list of one of them changes. */
  readonly #prefixes = new Map<string, string>();

  /** `prefixFormat` holds `{workload}`, the backend's name; `""` leaves names as they are. */
  constructor(prefixFormat: string) {
    this.#prefixFormat = prefixFormat;
  }

  /** Legal whatever the backend calls it; a name that is too long keeps its start and gets a digest of the whole. */
  expose(backend: string, name: string): string {
    if (this.#prefixFormat === "") return name;
    const whole = this.#plain(backend, name);
    return whole.length <= MAX_NAME_LENGTH ? whole : withDigest(whole, backend, name);
  }

  /**
   * The names of all items of one list of a backend, in their order. Those that differ only in characters that are not
   * legal all get a digest, and so does a name that begins with the prefix of another backend: that one owns it, also
   * while it is away.
   */
  exposeAll(
    backend: string,
    names: readonly string[],
    backends: readonly string[],
  ): readonly ExposedName[] {
    if (this.#prefixFormat === "") return names.map((name) => ({ name, reservedFor: undefined }));
    const plain = names.map((name) => this.#plain(backend, name));
    const counts = new Map<string, number>();
    for (const whole of plain) counts.set(whole, (counts.get(whole) ?? 0) + 1);
    const prefix = this.prefix(backend);
    const inner = backends.filter((one) => {
      const longer = this.prefix(one);
      return longer.length > prefix.length && longer.startsWith(prefix);
    });
    return names.map((name, position) => {
      const whole = plain[position] ?? "";
      const reservedFor = this.ownerOf(whole, inner);
      if (reservedFor !== undefined) {
        const apart = `${prefix}${digestOf(backend, name)}_${whole.slice(prefix.length)}`;
        return { name: apart.slice(0, MAX_NAME_LENGTH), reservedFor };
      }
      const isLegal = whole.length === prefix.length + name.length && whole.endsWith(name);
      const isOwn = isLegal || counts.get(whole) === 1;
      return {
        name: isOwn ? this.expose(backend, name) : withDigest(whole, backend, name),
        reservedFor,
      };
    });
  }

  prefix(backend: string): string {
    const known = this.#prefixes.get(backend);
    if (known !== undefined) return known;
    const prefix = this.#prefixFormat
      .split("{workload}")
      .map((literal) => literal.replace(ILLEGAL_IN_FORMAT, "_"))
      .join(backend.replace(ILLEGAL, "_"));
    this.#prefixes.set(backend, prefix);
    return prefix;
  }

  /** The backend that a name belongs to by its prefix: of several, the one with the longest; none, where they share it. */
  ownerOf(name: string, backends: readonly string[]): string | undefined {
    const owners = backends.filter((backend) => {
      const prefix = this.prefix(backend);
      return prefix !== "" && name.startsWith(prefix);
    });
    const lengthOf = (backend: string) => this.prefix(backend).length;
    const [first, second] = owners.sort((a, b) => lengthOf(b) - lengthOf(a));
    const isShared = second !== undefined && lengthOf(second) === lengthOf(first ?? "");
    return isShared ? undefined : first;
  }

  #plain(backend: string, name: string): string {
    return this.prefix(backend) + name.replace(ILLEGAL, "_");
  }
}

function withDigest(whole: string, backend: string, name: string): string {
  return `${whole.slice(0, MAX_NAME_LENGTH - DIGEST_LENGTH - 1)}_${digestOf(backend, name)}`;
}

function digestOf(backend: string, name: string): string {
  const digest = createHash("sha256").update(`${backend}\n${name}`).digest("hex");
  return digest.slice(0, DIGEST_LENGTH);
}
