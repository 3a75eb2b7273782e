import { Fields } from "./fields.ts";

/** The customTimeouts of a resource; 0 where they are not set. */
export interface Timeouts {
  readonly createSeconds: number;
  readonly updateSeconds: number;
  readonly deleteSeconds: number;
}

const NO_TIMEOUTS: Timeouts = { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 };

/** The data of a resource. */
export interface ResourceDescription {
  /** The type in Pulumi: `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  readonly urn: string;
  /** The name in Pulumi, not in the cluster. */
  readonly name: string;
  readonly props: unknown;
  readonly timeouts?: Timeouts;
  /** Properties that Pulumi leaves as they are in the cluster. */
  readonly ignoreChanges?: readonly string[];
}

/** A resource of the stack: of Kubernetes, a custom resource, or a component. */
export class Resource {
  readonly type: string;
  readonly urn: string;
  readonly timeouts: Timeouts;
  readonly ignoreChanges: readonly string[];
  readonly fields: Fields;
  readonly #pulumiName: string;

  constructor({ type, urn, name, props, timeouts, ignoreChanges }: ResourceDescription) {
    this.type = type;
    this.urn = urn;
    this.timeouts = timeouts ?? NO_TIMEOUTS;
    this.ignoreChanges = ignoreChanges ?? [];
    this.fields = new Fields(props);
    this.#pulumiName = name;
  }

  /** `Deployment` of `kubernetes:apps/v1:Deployment`. */
  get kind(): string {
    return this.type.split(":").at(-1) ?? "";
  }

  /** The API group, such as `apps`; empty for the core group, and for resources outside Kubernetes. */
  get group(): string {
    const [provider, version = ""] = this.type.split(":");
    if (provider !== "kubernetes") return "";
    const [group = ""] = version.split("/");
    return group === "core" ? "" : group;
  }

  get isOfKubernetes(): boolean {
    return this.type.startsWith("kubernetes:");
  }

  /** The name in the cluster, or that in Pulumi if the provider generates it. */
  get name(): string {
    return this.fields.at("metadata.name").text() ?? this.#pulumiName;
  }

  get namespace(): string {
    return this.fields.at("metadata.namespace").text() ?? "default";
  }

  get labels(): Readonly<Record<string, string>> {
    return this.fields.at("metadata.labels").texts();
  }

  /** Its name in messages, by kind and name in Pulumi: `Deployment eng-gateway`. */
  get title(): string {
    return `${this.kind} ${this.#pulumiName}`;
  }
}

/** Whether labels match a selector; a selector without labels matches nothing here. */
export function matches(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}
