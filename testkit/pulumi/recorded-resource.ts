/** What a resource was registered with, beside its inputs. */
export interface RegisteredOptions {
  /** The URN of its parent; empty for the stack. */
  readonly parent: string;
  /** False for a component. */
  readonly isCustom: boolean;
  /** The URN and id of the provider it was given; empty for the default one. */
  readonly provider: string;
  readonly isProtected: boolean;
  /** How long the engine waits; empty where that is the provider's matter. */
  readonly timeouts: { readonly create: string; readonly update: string; readonly delete: string };
  /** Properties of which the engine ignores changes. */
  readonly ignoreChanges: readonly string[];
  /** Outputs that are secret although no input is. */
  readonly secretOutputs: readonly string[];
  readonly aliases: readonly string[];
}

/** The mark that Pulumi puts on a secret where it leaves the program. */
const MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** A resource as a program registered it. */
export class RecordedResource implements RegisteredOptions {
  readonly type: string;
  readonly name: string;
  /** Its inputs, those that are secret among them. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Where its inputs are secret: `stringData`. */
  readonly secrets: readonly string[];
  readonly parent: string;
  readonly isCustom: boolean;
  readonly provider: string;
  readonly isProtected: boolean;
  readonly timeouts: RegisteredOptions["timeouts"];
  readonly ignoreChanges: readonly string[];
  readonly secretOutputs: readonly string[];
  readonly aliases: readonly string[];

  constructor(type: string, name: string, inputs: unknown, options: RegisteredOptions) {
    const secrets: string[] = [];
    const plain = revealed(inputs, "", secrets);
    this.type = type;
    this.name = name;
    this.inputs = isMap(plain) ? plain : {};
    this.secrets = secrets;
    this.parent = options.parent;
    this.isCustom = options.isCustom;
    this.provider = options.provider;
    this.isProtected = options.isProtected;
    this.timeouts = options.timeouts;
    this.ignoreChanges = options.ignoreChanges;
    this.secretOutputs = options.secretOutputs;
    this.aliases = options.aliases;
  }

  /** The last part of its type: `Deployment`. A custom resource of Kubernetes is called by its kind. */
  get kind(): string {
    return this.type.split(":").at(-1) ?? "";
  }

  /** How its URN ends: the type of its parent, where that is a component of its own, its type and its name. */
  get urn(): string {
    const of = this.parent.split("::")[2]?.split("$").at(-1);
    const type =
      of === undefined || of === "pulumi:pulumi:Stack" ? this.type : `${of}$${this.type}`;
    return `${type}::${this.name}`;
  }

  /** The input at a path of keys and positions: `spec.template.spec.containers.0.image`. */
  at(path: string): unknown {
    return path.split(".").reduce(within, this.inputs);
  }

  /** The text at a path. */
  text(path: string): string {
    const value = this.at(path);
    if (typeof value !== "string") throw new Error(`${this.name} has no text at ${path}`);
    return value;
  }

  /** The number at a path. */
  number(path: string): number {
    const value = this.at(path);
    if (typeof value !== "number") throw new Error(`${this.name} has no number at ${path}`);
    return value;
  }

  /** The entries of the list at a path. */
  list(path: string): unknown[] {
    const value = this.at(path);
    if (!Array.isArray(value)) throw new Error(`${this.name} has no list at ${path}`);
    return value;
  }

  /** The members of the map at a path. */
  map(path: string): Readonly<Record<string, unknown>> {
    const value = this.at(path);
    if (!isMap(value)) throw new Error(`${this.name} has no map at ${path}`);
    return value;
  }
}

function within(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return value[Number(step)];
  return isMap(value) ? value[step] : undefined;
}

/** A value without the marks of secrets, whose places are added to `secrets`. */
function revealed(value: unknown, path: string, secrets: string[]): unknown {
  if (Array.isArray(value)) {
    return value.map((entry, index) => revealed(entry, `${path}[${index}]`, secrets));
  }
  if (!isMap(value)) return value;
  if (value[MARK] === SECRET) {
    secrets.push(path);
    return revealed(value.value, path, secrets);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      revealed(inner, path === "" ? key : `${path}.${key}`, secrets),
    ]),
  );
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
