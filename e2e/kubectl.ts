import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** How a command ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

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
  start(args: readonly string[]): ChildProcess {
    const where = ["--kubeconfig", this.kubeconfig, "--namespace", this.namespace];
    return spawn(this.#program, [...where, ...args], { stdio: "pipe" });
  }

  /** Fails where the command does: look at `code`. */
  async try(args: readonly string[], input: string | Buffer = ""): Promise<Outcome> {
    const child = this.start(args);
    if (!child.stdin || !child.stdout || !child.stderr) throw new Error("kubectl has no pipes");
    // A command that ends before it has read everything says why by itself.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const ended = once(child, "close");
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await ended;
    return { code: Number(code ?? 1), stdout, stderr };
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
