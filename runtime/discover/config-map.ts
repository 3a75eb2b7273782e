import { isSection, type Section, valueAt } from "@mcp-fleet/contract";
import { type Cluster, ClusterError } from "./cluster.ts";
import { keyOf, type PublishedEntry, publishedEntries } from "./published-entry.ts";

/** What the ConfigMap holds at a moment. */
export interface Published {
  /** By the name of the backend. */
  readonly entries: ReadonlyMap<string, PublishedEntry>;
  /** The keys that somebody else wrote, and their texts. */
  readonly foreign: ReadonlyMap<string, string>;
  /** As it was read, for the next `write`; undefined where there is none yet. */
  readonly object: Section | undefined;
}

/** The ConfigMap that gateways mount as their folder of backends. */
export class ConfigMap {
  readonly title: string;
  readonly #cluster: Cluster;
  readonly #namespace: string;
  readonly #name: string;

  constructor(cluster: Cluster, namespace: string, name: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#name = name;
    this.title = `${namespace}/${name}`;
  }

  /** @throws {ClusterError}, and the system's. */
  async read(): Promise<Published> {
    const object = await this.#get();
    const data = valueAt(object, ["data"]);
    const entries = publishedEntries(data);
    return { entries, foreign: foreignKeys(data, entries), object };
  }

  /**
   * Has it hold these entries, and what others have put into it.
   *
   * @throws {ClusterError} 409 where somebody has written it since `read`, and others; and the system's.
   */
  async write(
    entries: ReadonlyMap<string, PublishedEntry>,
    { object, foreign }: Published,
  ): Promise<void> {
    const own = [...entries].map(([name, { text }]) => [keyOf(name), text]);
    const data = Object.fromEntries([...foreign, ...own]);
    if (object === undefined) {
      const metadata = { name: this.#name, namespace: this.#namespace };
      const made = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
      await this.#cluster.ask("POST", this.#folder, {}, made);
    } else {
      // With the version that was read, so that of two processes that write, one reads again.
      await this.#cluster.ask("PUT", `${this.#folder}/${this.#name}`, {}, { ...object, data });
    }
  }

  async #get(): Promise<Section | undefined> {
    try {
      return await this.#cluster.ask("GET", `${this.#folder}/${this.#name}`);
    } catch (error) {
      if (error instanceof ClusterError && error.status === 404) return undefined;
      throw error;
    }
  }

  get #folder(): string {
    return `/api/v1/namespaces/${this.#namespace}/configmaps`;
  }
}

function foreignKeys(data: unknown, own: ReadonlyMap<string, PublishedEntry>): Map<string, string> {
  const keys = new Set([...own.keys()].map(keyOf));
  return new Map(
    Object.entries(isSection(data) ? data : {}).flatMap(([key, text]) =>
      typeof text === "string" && !keys.has(key) ? [[key, text] as const] : [],
    ),
  );
}
