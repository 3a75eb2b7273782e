/**
 * A stand-in for Pulumi's Kubernetes provider. It renders manifests (`renderYamlToDirectory`), or applies them to the
 * cluster of a kubeconfig and waits as the vendor's does. It names, compares and replaces objects by the vendor's
 * rules, and validates nothing: that is for an API server.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import sdk from "@pulumi/kubernetes/package.json" with { type: "json" };

import { Cluster } from "../cluster/cluster.ts";
import { type Change, changes, isProperties, type Properties, part } from "./difference.ts";
import { forcesReplacement, MUTABLE_BY } from "./force-replace.ts";
import { annotation, idOf, isClusterWide, objectName, textOf } from "./kubernetes-object.ts";
import { ManifestFolder } from "./manifest-folder.ts";
import type { ObjectStore } from "./object-store.ts";
import {
  type Created,
  type Difference,
  type ResourceProvider,
  type Subject,
  serveProvider,
} from "./resource-provider.ts";

const AUTONAMED = "pulumi.com/autonamed";

/** The kinds that a Pulumi YAML program can write itself. A TypeScript program needs no schema. */
const YAML_KINDS: { readonly [type: string]: readonly string[] } = {
  "core/v1:ConfigMap": ["binaryData", "data", "immutable"],
  "core/v1:Namespace": ["spec"],
  "core/v1:Secret": ["data", "immutable", "stringData", "type"],
  "core/v1:Service": ["spec"],
  "core/v1:ServiceAccount": ["automountServiceAccountToken"],
  "apps/v1:Deployment": ["spec"],
  "apps/v1:StatefulSet": ["spec"],
};

const ANY = { $ref: "pulumi.json#/Any" };
const STRING = { type: "string" };
const BOOLEAN = { type: "boolean" };

function schemaOf(type: string, fields: readonly string[]): [string, object] {
  const [group = "", kind = ""] = type.split(":");
  const inputProperties = {
    apiVersion: { type: "string", const: group.replace(/^core\//, "") },
    kind: { type: "string", const: kind },
    metadata: ANY,
    ...Object.fromEntries(fields.map((field) => [field, ANY])),
  };
  return [`kubernetes:${type}`, { inputProperties, properties: inputProperties }];
}

function uniqueName(prefix: string, seed: Uint8Array): string {
  const hash = createHash("sha256").update(seed.length > 0 ? seed : randomBytes(32));
  return `${prefix}-${hash.update(prefix).digest("hex").slice(0, 8)}`;
}

/** The metadata with a name: the one that the object has had so far, or a new one. */
function autonamed(name: string, metadata: Properties, old: Properties, seed: Uint8Array) {
  if ("name" in metadata || "generateName" in metadata) return metadata;
  const before = annotation(old, AUTONAMED) === "true" ? objectName(old).name : "";
  return {
    ...metadata,
    name: before || uniqueName(name, seed),
    annotations: { ...part(metadata, "annotations"), [AUTONAMED]: "true" },
  };
}

/** Stands for a cluster as long as nothing but a preview is asked of it. */
class NoCluster implements ObjectStore {
  #refuse(): never {
    throw new Error("there is no cluster: set kubeconfig or KUBECONFIG, or renderYamlToDirectory");
  }
  async create(): Promise<Properties> {
    return this.#refuse();
  }
  async update(): Promise<Properties> {
    return this.#refuse();
  }
  async read(): Promise<Properties> {
    return this.#refuse();
  }
  async delete(): Promise<void> {
    this.#refuse();
  }
}

class KubernetesProvider implements ResourceProvider {
  /** A new folder or cluster is a new home for every object. */
  readonly replacedBy = ["renderYamlToDirectory", "kubeconfig", "context"];
  readonly schema = {
    name: "kubernetes",
    version: `${sdk.version}+stand-in`,
    provider: {
      inputProperties: {
        renderYamlToDirectory: STRING,
        kubeconfig: STRING,
        context: STRING,
        namespace: STRING,
        enableConfigMapMutable: BOOLEAN,
        enableSecretMutable: BOOLEAN,
        enableServerSideApply: BOOLEAN,
        suppressDeprecationWarnings: BOOLEAN,
      },
    },
    resources: Object.fromEntries(
      Object.entries(YAML_KINDS).map(([type, fields]) => schemaOf(type, fields)),
    ),
  };

  #settings: Properties = {};
  #objects: ObjectStore = new NoCluster();

  configure(settings: Properties): void {
    this.#settings = settings;
    const folder = textOf(settings, "renderYamlToDirectory");
    const kubeconfig =
      textOf(settings, "kubeconfig") || process.env.KUBECONFIG || join(homedir(), ".kube/config");
    if (folder !== "") this.#objects = new ManifestFolder(folder);
    else if (textOf(settings, "kubeconfig") !== "" || existsSync(kubeconfig)) {
      this.#objects = new Cluster(kubeconfig, textOf(settings, "context"));
    }
  }

  secretOutputs({ type }: Subject): readonly string[] {
    return type === "kubernetes:core/v1:Secret" ? ["data", "stringData"] : [];
  }

  check({ name }: Subject, inputs: Properties, old: Properties, seed: Uint8Array): Properties {
    // A whole metadata that is not known yet stays so.
    if (inputs.metadata !== undefined && !isProperties(inputs.metadata)) return inputs;
    const metadata = autonamed(name, part(inputs, "metadata"), old, seed);
    const isPlaced = "namespace" in metadata || isClusterWide(textOf(inputs, "kind"));
    const namespace = textOf(this.#settings, "namespace") || "default";
    return { ...inputs, metadata: isPlaced ? metadata : { ...metadata, namespace } };
  }

  diff(_subject: Subject, old: Properties, inputs: Properties): Difference {
    const replaces = (change: Change) => this.#replaces(inputs, change);
    const found = changes(old, inputs);
    const isSameName = idOf(old) === idOf(inputs) && annotation(inputs, AUTONAMED) !== "true";
    return {
      changes: found,
      replaces,
      deleteBeforeReplace: isSameName && found.some(replaces),
    };
  }

  async create(_subject: Subject, inputs: Properties, seconds: number): Promise<Created> {
    return { id: idOf(inputs), outputs: await this.#objects.create(inputs, seconds) };
  }

  update(_subject: Subject, inputs: Properties, old: Properties, seconds: number) {
    return this.#objects.update(inputs, old, seconds);
  }

  read(outputs: Properties): Promise<Properties | undefined> {
    return this.#objects.read(outputs);
  }

  delete(outputs: Properties, timeoutSeconds: number): Promise<void> {
    return this.#objects.delete(outputs, timeoutSeconds);
  }

  #replaces(inputs: Properties, { path }: Change): boolean {
    const object = objectName(inputs);
    const setting = MUTABLE_BY[`${object.apiVersion} ${object.kind}`];
    const isMutable = setting !== undefined && String(this.#settings[setting]) === "true";
    return forcesReplacement(object, path) && !(isMutable && path[0] !== "metadata");
  }
}

await serveProvider(new KubernetesProvider());
