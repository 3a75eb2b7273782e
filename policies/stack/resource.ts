import { Fields } from "./fields.ts";

/** How long the deployer waits for a resource; 0 where nobody says. */
export interface Timeouts {
  readonly createSeconds: number;
  readonly updateSeconds: number;
  readonly deleteSeconds: number;
}

const NO_TIMEOUTS: Timeouts = { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 };

/** What a resource is made from. */
export interface ResourceDescription {
  /** Pulumi's: `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  readonly urn: string;
  /** Pulumi's name, not the cluster's. */
  readonly name: string;
  readonly props: unknown;
  readonly timeouts?: Timeouts;
}

/** A resource of the stack that is judged: of Kubernetes, of a custom kind, or a component. */
export class Resource {
  readonly type: string;
  readonly urn: string;
  readonly timeouts: Timeouts;
  readonly fields: Fields;
  readonly #pulumiName: string;

  constructor({ type, urn, name, props, timeouts = NO_TIMEOUTS }: ResourceDescription) {
    this.type = type;
    this.urn = urn;
    this.timeouts = timeouts;
    this.fields = new Fields(props);
    this.#pulumiName = name;
  }

  /** `Deployment` of `kubernetes:apps/v1:Deployment`. */
  get kind(): string {
    return this.type.split(":").at(-1) ?? "";
  }

  /** The API group: `apps`; empty for the core, and for what is not of Kubernetes. */
  get group(): string {
    const [provider, version = ""] = this.type.split(":");
    if (provider !== "kubernetes") return "";
    const [group = ""] = version.split("/");
    return group === "core" ? "" : group;
  }

  get isOfKubernetes(): boolean {
    return this.type.startsWith("kubernetes:");
  }

  /** The cluster's name for it, or Pulumi's where the provider completes that. */
  get name(): string {
    return this.fields.at("metadata.name").text() ?? this.#pulumiName;
  }

  get namespace(): string {
    return this.fields.at("metadata.namespace").text() ?? "default";
  }

  get labels(): Readonly<Record<string, string>> {
    return this.fields.at("metadata.labels").texts();
  }

  /** How a message names it, by what Pulumi calls it: `Deployment eng-gateway`. */
  get title(): string {
    return `${this.kind} ${this.#pulumiName}`;
  }
}

/** Whether labels are those that a selector of `matchLabels` asks for; one without labels matches nothing here. */
export function matches(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}
