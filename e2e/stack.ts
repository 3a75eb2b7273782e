import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "yaml";

import { Engine, REPOSITORY, type Run } from "../testkit/pulumi/engine.ts";

const ROOT = join(import.meta.dirname, "..");
const POLICIES = join(ROOT, "policies");

/** What a key of the configuration may be set to. */
export interface StackConfiguration {
  readonly [key: string]: string | number;
}

/** The example stack of this repository, on one cluster, by the real engine and with the policies. */
export class Stack {
  readonly #engine: Engine;
  readonly #project: string;
  readonly #policies: readonly string[];
  #configuration: StackConfiguration;

  private constructor(engine: Engine, project: string, configuration: StackConfiguration) {
    this.#engine = engine;
    this.#project = project;
    this.#configuration = configuration;
    const arePoliciesBuilt = existsSync(join(POLICIES, "dist/main.cjs"));
    this.#policies = arePoliciesBuilt ? ["--policy-pack", POLICIES] : [];
  }

  static async start(kubeconfig: string, configuration: StackConfiguration): Promise<Stack> {
    const project = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8"));
    const program = `export * from "${REPOSITORY}/infra/main.ts";\n`;
    const settings = {
      name: project.name,
      config: project.config,
      // The types are checked by `make lint`; here it would be done again at each command.
      runtime: { name: "nodejs", options: { typescript: false } },
    };
    const engine = await Engine.typescript(program, { settings, kubeconfig });
    return new Stack(engine, project.name, configuration);
  }

  get hasPolicies(): boolean {
    return this.#policies.length > 0;
  }

  /** `pulumi up`, with some keys set anew; undefined takes one away. */
  async up(change: { readonly [key: string]: string | number | undefined } = {}): Promise<Run> {
    const merged = Object.entries({ ...this.#configuration, ...change });
    this.#configuration = Object.fromEntries(
      merged.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    );
    const entries = Object.entries(this.#configuration);
    this.#engine.configure(
      Object.fromEntries(entries.map(([key, value]) => [`${this.#project}:${key}`, value])),
    );
    return await this.#engine.up(...this.#policies);
  }

  /** What a second `pulumi up` finds: how many resources stay, and whether that is all of them. */
  async second(): Promise<{ readonly stay: number; readonly isSame: boolean }> {
    const options = ["--yes", "--skip-preview", "--expect-no-changes", ...this.#policies];
    const { code, stdout } = await this.#engine.run(["up", ...options]);
    return { stay: Number(/(\d+) unchanged/.exec(stdout)?.[1] ?? 0), isSame: code === 0 };
  }

  async output(name: string): Promise<unknown> {
    return (await this.#engine.outputs())[name];
  }

  /** Removes everything; returns how many resources the state still has. */
  async destroy(): Promise<number> {
    await this.#engine.destroy();
    const left = await this.#engine.resources();
    this.#engine.remove();
    return left.length;
  }
}
