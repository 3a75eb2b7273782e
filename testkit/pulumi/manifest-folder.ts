import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { stringify } from "yaml";

import type { Properties } from "./difference.ts";
import { objectName } from "./kubernetes-object.ts";
import type { ObjectStore } from "./object-store.ts";

/** Objects as files, laid out as the vendor's provider does it for `renderYamlToDirectory`. */
export class ManifestFolder implements ObjectStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async create(object: Properties): Promise<Properties> {
    const path = this.#path(object);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, stringify(object, { lineWidth: 0 }), { mode: 0o600 });
    return object;
  }

  async update(object: Properties, old: Properties): Promise<Properties> {
    await this.delete(old);
    return await this.create(object);
  }

  async read(object: Properties): Promise<Properties> {
    return object;
  }

  async delete(object: Properties): Promise<void> {
    rmSync(this.#path(object), { force: true });
  }

  #path(object: Properties): string {
    const { apiVersion, kind, namespace, name } = objectName(object);
    if (name === "")
      throw new Error("an object with generateName cannot be rendered: give it a name");
    const folder = kind === "CustomResourceDefinition" ? "0-crd" : "1-manifest";
    const file = [apiVersion, kind, namespace || "default", name].join("-").toLowerCase();
    return join(this.#folder, folder, `${file.replace(/[/:]/g, "_")}.yaml`);
  }
}
