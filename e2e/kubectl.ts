import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

import { type CommandOutcome, outcomeOf } from "../testkit/processes/command-outcome.ts";

/** kubectl, for one cluster and one namespace. */
export class Kubectl {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly #program: string;

  constructor(program: string, kubeconfig: string, namespace: string) {
    this.#program = program;
    this.kubeconfig = kubeconfig;
    this.namespace = namespace;
  }

  /** The same cluster, another namespace. */
  in(namespace: string): Kubectl {
    return new Kubectl(this.#program, this.kubeconfig, namespace);
  }

  /** A command that goes on by itself. */
  start(args: readonly string[]): ChildProcessWithoutNullStreams {
    const where = ["--kubeconfig", this.kubeconfig, "--namespace", this.namespace];
    return spawn(this.#program, [...where, ...args], { stdio: "pipe" });
  }

  /** Fails where the command does: look at `code`. */
  try(args: readonly string[], input: string | Buffer = ""): Promise<CommandOutcome> {
    return outcomeOf(this.start(args), input);
  }

  /** What the command prints; a command that fails is an error. */
  async run(args: readonly string[], input: string | Buffer = ""): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr.trim() || stdout.trim()}`);
    return stdout;
  }

  async apply(object: object): Promise<void> {
    await this.run(["apply", "-f", "-"], JSON.stringify(object));
  }
}
