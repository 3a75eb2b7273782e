import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

import { Kubectl } from "./kubectl.ts";

/** A program that runs a whole Kubernetes node on this machine: `up`, `load FILE…`, `down --wipe`. */
const TOOL = process.env.FLEET_CLUSTER_TOOL ?? "";

/** The tool builds Kubernetes once for all of its clusters. */
const PROGRAMS =
  process.env.K8S_BIN ??
  join(process.env.K8S_HOME ?? join(homedir(), ".cache/one-node-k8s"), "bin");

/** A command that brings the file of an image to the nodes of the current context, as `kind load image-archive` does. */
const LOAD_COMMAND = process.env.FLEET_LOAD_IMAGE ?? "";

/** Holds the node as long as the input is open, so that it outlives no run, however that ends. */
const HOLD = `
trap '' PIPE
mkdir -p "$K8S_BIN"
if flock -o "$K8S_BIN/.lock" "$0" up >&2; then
  echo up
  read -r _
fi
"$0" down --wipe >&2
rm -rf "$K8S_HOME"
`;

/** A real Kubernetes: that of the current context where one answers, else a node of our own. */
export class Cluster {
  readonly kubectl: Kubectl;
  /** What it is, for people. */
  readonly title: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #holder: ChildProcess | undefined;

  private constructor(
    kubectl: Kubectl,
    title: string,
    environment = process.env,
    holder?: ChildProcess,
  ) {
    this.kubectl = kubectl;
    this.title = title;
    this.#environment = environment;
    this.#holder = holder;
  }

  static async start(): Promise<Cluster> {
    const context = currentContext();
    if (context !== undefined) {
      const kubeconfig = process.env.KUBECONFIG ?? join(homedir(), ".kube/config");
      return new Cluster(new Kubectl("kubectl", kubeconfig, "default"), `the context ${context}`);
    }
    if (TOOL === "") {
      throw new Error("no kube context answers, and FLEET_CLUSTER_TOOL names no cluster tool");
    }
    return await Cluster.#startNode();
  }

  static async #startNode(): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-node-"));
    const environment = { ...process.env, K8S_HOME: folder, K8S_BIN: PROGRAMS };
    const options = { env: environment, detached: true, stdio: "pipe" } as const;
    const holder = spawn("sh", ["-c", HOLD, resolve(TOOL)], options);
    const complaint = text(holder.stderr);
    const ended = once(holder, "exit").then(async () => {
      throw new Error(`${TOOL} up: ${await complaint}`);
    });
    await Promise.race([once(holder.stdout, "data"), ended]);
    ended.catch(() => {});
    const kubeconfig = join(folder, "kubeconfig");
    const kubectl = new Kubectl(join(PROGRAMS, "kubectl"), kubeconfig, "default");
    return new Cluster(kubectl, "one node", environment, holder);
  }

  /** Brings images to the nodes, out of the files that `make images` makes. */
  async load(files: readonly string[]): Promise<void> {
    const command = this.#holder === undefined ? LOAD_COMMAND : `${resolve(TOOL)} load`;
    // Where nothing loads images, they are in a registry that the nodes reach.
    if (command === "") return;
    for (const file of files) {
      const child = spawn("sh", ["-c", `${command} "$0"`, file], {
        env: this.#environment,
        stdio: ["ignore", "ignore", "pipe"],
      });
      const complaint = text(child.stderr);
      const [code] = await once(child, "close");
      if (code !== 0) throw new Error(`${command} ${file}: ${await complaint}`);
    }
  }

  async version(): Promise<string> {
    const { serverVersion } = JSON.parse(await this.kubectl.run(["version", "-o", "json"]));
    return serverVersion.gitVersion;
  }

  /** Ends the node, where it is ours. */
  async stop(): Promise<void> {
    if (this.#holder === undefined) return;
    const exited = once(this.#holder, "exit");
    this.#holder.stdin?.end();
    await exited;
  }
}

/** The current context, where its API server answers. */
function currentContext(): string | undefined {
  const ask = (...command: string[]) => spawnSync("kubectl", command, { encoding: "utf8" });
  const name = ask("config", "current-context");
  if (name.status !== 0) return undefined;
  const ready = ask("get", "--raw", "/readyz", "--request-timeout=5s");
  return ready.status === 0 ? name.stdout.trim() : undefined;
}
