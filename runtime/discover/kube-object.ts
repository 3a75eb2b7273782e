import { isSection, type Path, type Section, valueAt } from "@mcp-fleet/contract";

/** The annotations by which a person says what its object does not: see docs/discovery.md. */
export const ANNOTATIONS = {
  name: "mcp-fleet.dev/backend-name",
  path: "mcp-fleet.dev/backend-path",
  port: "mcp-fleet.dev/backend-port",
  transport: "mcp-fleet.dev/backend-transport",
  stateful: "mcp-fleet.dev/backend-stateful",
} as const;

/** An object of the cluster, as the API server says it. Nothing in it is trusted to be of the right type. */
export class KubeObject {
  readonly kind: string;
  readonly #body: unknown;

  constructor(kind: string, body: unknown) {
    this.kind = kind;
    this.#body = body;
  }

  get name(): string {
    return this.text("metadata", "name") ?? "";
  }

  get namespace(): string {
    return this.text("metadata", "namespace") ?? "";
  }

  /** As people write it: `MCPServer tools/fetch`. */
  get title(): string {
    return `${this.kind} ${this.namespace}/${this.name}`;
  }

  /** It is being deleted: what it stands for ends. */
  get isLeaving(): boolean {
    return this.text("metadata", "deletionTimestamp") !== undefined;
  }

  /** RFC 3339, so that the order of the texts is that of the times; "" where it is unknown. */
  get createdAt(): string {
    return this.text("metadata", "creationTimestamp") ?? "";
  }

  /** The string at a path; undefined where there is none, or an empty one. */
  text(...path: Path): string | undefined {
    const value = valueAt(this.#body, path);
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  number(...path: Path): number | undefined {
    const value = valueAt(this.#body, path);
    return typeof value === "number" ? value : undefined;
  }

  /** Whether the value at a path is true. */
  flag(...path: Path): boolean {
    return valueAt(this.#body, path) === true;
  }

  list(...path: Path): readonly unknown[] {
    const value = valueAt(this.#body, path);
    return Array.isArray(value) ? value : [];
  }

  /** Whether there is anything at a path. */
  has(...path: Path): boolean {
    const value = valueAt(this.#body, path);
    if (isSection(value)) return Object.keys(value).length > 0;
    return value !== undefined && value !== null;
  }

  annotation(about: keyof typeof ANNOTATIONS): string | undefined {
    return this.text("metadata", "annotations", ANNOTATIONS[about]);
  }

  /** The name of its MCPGroup: a reference in v1beta1, a plain name in v1alpha1. */
  get group(): string | undefined {
    return this.text("spec", "groupRef", "name") ?? this.text("spec", "groupRef");
  }
}

/** One port of a Service or a container. */
export interface Port {
  readonly name: string;
  readonly number: number;
}

/** The ports of a list that have a number. */
export function portsOf(entries: readonly unknown[], key: "port" | "containerPort"): Port[] {
  return entries.flatMap((entry) => {
    const section: Section = isSection(entry) ? entry : {};
    const { name, [key]: number } = section;
    return typeof number === "number"
      ? [{ name: typeof name === "string" ? name : "", number }]
      : [];
  });
}
