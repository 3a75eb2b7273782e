import * as pulumi from "@pulumi/pulumi";

/** A resource as a program registered it. */
export interface RecordedResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** A line that the program wrote for people. */
export interface RecordedLine {
  readonly severity: string;
  readonly message: string;
}

/** What a program registers, without an engine: each resource is what was asked for, with an id. */
export class RecordedStack {
  readonly resources: RecordedResource[] = [];

  /** Runs a program and waits until everything that it registers is known. */
  static async of(program: () => unknown, isPreview = false): Promise<RecordedStack> {
    const stack = new RecordedStack();
    await pulumi.runtime.setMocks(
      {
        call: ({ inputs }) => inputs,
        newResource: (args) => {
          const inputs = args.inputs as Record<string, unknown>;
          stack.resources.push({ type: args.type, name: args.name, inputs });
          return { id: `${args.name}-id`, state: stateOf(args) };
        },
      },
      "project",
      "stack",
      isPreview,
    );
    await pulumi.runtime.runInPulumiStack(async () => {
      await program();
      return {};
    });
    await pulumi.runtime.waitForRPCs();
    return stack;
  }

  /** The resources of a type: `Deployment`, or a whole token. */
  ofType(type: string): RecordedResource[] {
    return this.resources.filter((resource) => resource.type.split(":").at(-1) === type);
  }

  /** The one resource of a type with this name. */
  one(type: string, name: string): RecordedResource {
    const found = this.ofType(type).find((resource) => resource.name === name);
    if (found === undefined) throw new Error(`there is no ${type} ${name}`);
    return found;
  }
}

/** What a provider would add: a name where none was given, and what a random provider makes. */
function stateOf({ type, name, inputs }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  if (type === "random:index/randomBytes:RandomBytes") {
    return { ...inputs, base64: Buffer.alloc(32, name).toString("base64") };
  }
  if (type === "random:index/randomPassword:RandomPassword") {
    return { ...inputs, result: `password-of-${name}` };
  }
  return { ...inputs, metadata: { name: `${name}-0f1e2d3c`, ...inputs.metadata } };
}
