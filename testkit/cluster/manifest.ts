import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { Document, parseAllDocuments } from "yaml";

/** An object for Kubernetes as it was written, but for its namespace. */
export class Manifest {
  readonly kind: string;
  readonly namespace: string | undefined;
  /** As in `apps/v1 Deployment fleet/gateway`. */
  readonly title: string;
  readonly #document: Document;

  private constructor(document: Document) {
    const field = (...path: string[]) => {
      const value = document.getIn(path);
      return value === undefined ? undefined : String(value);
    };
    this.#document = document;
    this.kind = field("kind") ?? "";
    this.namespace = field("metadata", "namespace");
    const name = field("metadata", "name") ?? "";
    const path = this.namespace === undefined ? name : `${this.namespace}/${name}`;
    this.title = `${field("apiVersion")} ${this.kind} ${path}`;
  }

  /** The objects in YAML documents, after the namespaces that they name. */
  static parse(yaml: string): Manifest[] {
    const documents = [...parseAllDocuments(yaml)].filter(({ contents }) => contents !== null);
    for (const { errors } of documents) if (errors[0] !== undefined) throw errors[0];
    const objects = documents.map((document) => new Manifest(document));
    const names = new Set(objects.flatMap(({ namespace }) => namespace ?? []));
    return [...[...names].map(Manifest.#ofNamespace), ...objects];
  }

  /** The YAML and JSON files in a folder and in those within, as one text. */
  static read(folder: string): string {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const files = names.filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
    return files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n---\n");
  }

  static #ofNamespace(name: string): Manifest {
    return new Manifest(new Document({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
  }

  /** The YAML document, with this namespace in place of its own. */
  within(namespace: string): string {
    if (this.namespace !== undefined) this.#document.setIn(["metadata", "namespace"], namespace);
    return this.#document.toString({ directives: false });
  }
}
