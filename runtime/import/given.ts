import type { Fault } from "@mcp-fleet/contract";
import type { Gate } from "./import-error.ts";
import type { Field } from "./reading.ts";
import { Reading, type Reason } from "./reading.ts";
import { type Resource, titleOf } from "./resource.ts";
import { isKnownKind } from "./resource-reader.ts";

/** All resources of an import, and how they refer to each other. */
export class Given {
  readonly readings: readonly Reading[];
  /** Values of a wrong type, in any of them. */
  readonly faults: Fault[] = [];
  readonly #byTitle: ReadonlyMap<string, Reading>;
  readonly #used = new Set<Reading>();

  constructor(resources: readonly Resource[]) {
    this.readings = resources.map((resource) => new Reading(resource, this.faults));
    this.#byTitle = new Map(this.readings.map((reading) => [titleOf(reading.resource), reading]));
    for (const reading of this.readings) commonFields(reading);
  }

  /** The resources of a kind of ToolHive. */
  of(kind: string): Reading[] {
    return this.readings.filter(({ resource }) => resource.isToolHive && resource.kind === kind);
  }

  find(kind: string, namespace: string, name: string): Reading | undefined {
    return this.#byTitle.get(titleOf({ kind, namespace, name }));
  }

  /**
   * The resource that a field refers to by name, in the same namespace.
   *
   * @param reason what is said where it is not among those given, and the gate that this closes.
   */
  follow(
    from: Reading,
    field: Field,
    kind: string,
    reason: Reason,
    gate?: Gate,
  ): Reading | undefined {
    const name = from.reference(field);
    if (name === undefined) return undefined;
    const found = this.find(kind, from.namespace, name);
    if (found === undefined) {
      const why = `${kind} ${from.namespace}/${name} is not among the given resources: ${reason.why}`;
      from.left(field, { ...reason, why, fix: "import it together with the others" }, gate);
      return undefined;
    }
    from.taken(field);
    this.use(found);
    return found;
  }

  use(reading: Reading): void {
    this.#used.add(reading);
  }

  isUsed(reading: Reading): boolean {
    return this.#used.has(reading);
  }
}

/** Kinds that lead to Services. */
const ROUTES = ["HTTPRoute", "Ingress", "Service", "IngressRoute", "NetworkPolicy"];

/** What every resource has. */
function commonFields(reading: Reading): void {
  const { resource } = reading;
  if (!resource.isToolHive) {
    const fix = "where it names a Service of ToolHive, name the new one when clients move";
    const isRoute = ROUTES.includes(resource.kind);
    reading.kept("is not ToolHive's, and stays as it is", isRoute ? fix : undefined);
    return;
  }
  if (!isKnownKind(resource.kind)) {
    const why = `ToolHive's kind ${resource.kind} is not known to this import`;
    reading.left([], { topic: "other", why, fix: "carry it over by hand" });
    return;
  }
  reading.taken("apiVersion", "kind", "metadata.name", "metadata.namespace");
  reading.unused("status", "is written by ToolHive's operator");
  const written = "is written by Kubernetes";
  for (const key of [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
  ]) {
    reading.unused(["metadata", key], written);
  }
  const ours =
    "labels and annotations select nothing here; set labels and annotations of the component where yours do";
  reading.unused("metadata.labels", ours);
  reading.unused("metadata.annotations", ours);
  for (const key of Object.keys(reading.section("metadata.annotations") ?? {})) {
    if (!key.startsWith("toolhive.stacklok.dev/")) continue;
    reading.left(["metadata", "annotations", key], {
      topic: "registries",
      why: "there is no registry",
      fix: "register the gateway's URL in your catalog by hand",
    });
  }
  for (const key of ["finalizers", "ownerReferences"]) reading.unused(["metadata", key], written);
}
