import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { vi } from "vitest";
import { RecordedResource, type RegisteredOptions } from "./recorded-resource.ts";

/** A line that the program wrote for people. */
export interface RecordedLine {
  readonly severity: "info" | "warning" | "error";
  readonly message: string;
}

/** What a program registers, without an engine: each resource is what was asked for, with an id. */
export class RecordedStack {
  readonly resources: RecordedResource[] = [];
  readonly lines: RecordedLine[] = [];
  /** What the program gave back, where that is a map: secrets and outputs as plain values. */
  outputs: Readonly<Record<string, unknown>> = {};

  private constructor() {}

  /** Runs a program and waits until everything that it registers is known. */
  static async of(program: () => unknown, isPreview = false): Promise<RecordedStack> {
    const stack = new RecordedStack();
    const silence = stack.#listen();
    try {
      await stack.#mock(isPreview);
      const outputs = await pulumi.runtime.runInPulumiStack(async () => mapOf(await program()));
      await pulumi.runtime.disconnect();
      stack.outputs = outputs ?? {};
    } finally {
      silence();
    }
    return stack;
  }

  /** The resources of a type: `Deployment`. */
  ofType(type: string): RecordedResource[] {
    return this.resources.filter((resource) => resource.kind === type);
  }

  /** The one resource of a type with this name. */
  one(type: string, name: string): RecordedResource {
    const found = this.ofType(type).filter((resource) => resource.name === name);
    const [resource, another] = found;
    if (resource === undefined || another !== undefined) {
      throw new Error(`there are ${found.length} of ${type} ${name}`);
    }
    return resource;
  }

  /** The resources that a component has registered under itself. */
  childrenOf(component: string): RecordedResource[] {
    return this.resources.filter(({ parent }) => parent.endsWith(`::${component}`));
  }

  /** The lines of a severity. */
  said(severity: RecordedLine["severity"]): string[] {
    return this.lines.filter((line) => line.severity === severity).map(({ message }) => message);
  }

  async #mock(isPreview: boolean): Promise<void> {
    let options: RegisteredOptions | undefined;
    await pulumi.runtime.setMocks(
      {
        call: ({ inputs }) => inputs,
        newResource: (args) => {
          if (options === undefined) throw new Error(`${args.name} is not registered`);
          this.resources.push(new RecordedResource(args.type, args.name, args.inputs, options));
          return { id: `${args.name}-id`, state: stateOf(args, options) };
        },
      },
      "project",
      "stack",
      isPreview,
    );
    const monitor: unknown = pulumi.runtime.getMonitor();
    if (!(monitor instanceof MockMonitor)) throw new Error("there are no mocks");
    const register = monitor.registerResource.bind(monitor);
    // The mocks keep most options of a resource to themselves.
    monitor.registerResource = (request: RegisterResourceRequest, callback) => {
      options = optionsOf(request);
      return register(request, callback);
    };
  }

  /** Without an engine, lines for people go to the console. */
  #listen(): () => void {
    const spies = (["log", "warn", "error"] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation((line: unknown) => {
        const [, severity, message] =
          /^(info|warning|error): (?:\[runtime\] )?(.*)$/s.exec(`${line}`) ?? [];
        if (severity === "info" || severity === "warning" || severity === "error") {
          this.lines.push({ severity, message: message ?? "" });
        }
      }),
    );
    return () => {
      for (const spy of spies) spy.mockRestore();
    };
  }
}

function optionsOf(request: RegisterResourceRequest): RegisteredOptions {
  const timeouts = request.getCustomtimeouts();
  return {
    parent: request.getParent(),
    isCustom: request.getCustom(),
    provider: request.getProvider(),
    isProtected: request.getProtect() ?? false,
    ignoreChanges: request.getIgnorechangesList(),
    timeouts: {
      create: timeouts?.getCreate() ?? "",
      update: timeouts?.getUpdate() ?? "",
      delete: timeouts?.getDelete() ?? "",
    },
    secretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: request.getAliasesList().map((alias) => alias.getSpec()?.getName() ?? alias.getUrn()),
  };
}

/** What a provider would add: a name where none was given, and what a random provider makes. */
function stateOf(
  { type, name, inputs }: pulumi.runtime.MockResourceArgs,
  { secretOutputs }: RegisteredOptions,
): Record<string, unknown> {
  const state = { ...inputs, ...madeBy(type, name, inputs) };
  for (const output of secretOutputs) {
    if (state[output] !== undefined) state[output] = pulumi.secret(state[output]);
  }
  return state;
}

function madeBy(
  type: string,
  name: string,
  inputs: { readonly metadata?: object },
): Record<string, unknown> {
  switch (type) {
    case "random:index/randomBytes:RandomBytes":
      return { base64: Buffer.alloc(32, name).toString("base64") };
    case "random:index/randomPassword:RandomPassword":
      return { result: `password-of-${name}` };
    default:
      return { metadata: { name: generatedName(name), ...inputs.metadata } };
  }
}

/** The name in the cluster of what was given none. */
export const generatedName = (name: string): string => `${name}-0f1e2d3c`;

function mapOf(value: unknown): Record<string, unknown> {
  const isMap = typeof value === "object" && value?.constructor === Object;
  return isMap ? { ...value } : {};
}
