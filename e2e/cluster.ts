import { mkdtempSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { CLUSTER_PROGRAMS, CLUSTER_TOOL, ClusterHolder } from "../testkit/cluster/cluster-tool.ts";
import { currentContext } from "../testkit/cluster/kube-context.ts";
import { runCommand } from "../testkit/processes/command-outcome.ts";
import { Kubectl } from "./kubectl.ts";

/** A command that brings the file of an image to the nodes of the current context, as `kind load image-archive` does. */
const LOAD_COMMAND = process.env.FLEET_LOAD_IMAGE ?? "";

const DOWN = `
"$0" down --wipe >&2
rm -rf "$K8S_HOME"
`;

/** A real Kubernetes: that of the current context where one answers, else a node of our own. */
export class Cluster {
  readonly kubectl: Kubectl;
  /** What it is, for people. */
  readonly title: string;
  readonly #node: ClusterHolder | undefined;

  private constructor(kubectl: Kubectl, title: string, node?: ClusterHolder) {
    this.kubectl = kubectl;
    this.title = title;
    this.#node = node;
  }

  static async start(): Promise<Cluster> {
    const context = currentContext();
    if (context !== undefined) {
      const kubeconfig = process.env.KUBECONFIG ?? join(homedir(), ".kube/config");
      return new Cluster(new Kubectl("kubectl", kubeconfig, "default"), `the context ${context}`);
    }
    if (CLUSTER_TOOL === "") {
      throw new Error("no kube context answers, and FLEET_CLUSTER_TOOL names no cluster tool");
    }
    return await Cluster.#startNode();
  }

  static async #startNode(): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-node-"));
    const environment = { K8S_HOME: folder, K8S_STATE: join(folder, "state") };
    const node = await ClusterHolder.start({ up: [], down: DOWN, environment });
    const kubeconfig = join(folder, "kubeconfig");
    const kubectl = new Kubectl(join(CLUSTER_PROGRAMS, "kubectl"), kubeconfig, "default");
    return new Cluster(kubectl, "one node", node);
  }

  /** Brings images to the nodes, out of the files that `make images` makes. */
  async load(files: readonly string[]): Promise<void> {
    // Where nothing loads images, they are in a registry that the nodes reach.
    if (this.#node === undefined && LOAD_COMMAND === "") return;
    const command = ["sh", "-c", `${LOAD_COMMAND} "$0"`];
    for (const file of files) {
      const loading = this.#node?.run("load", file) ?? runCommand([...command, file]);
      const { code, stderr } = await loading;
      if (code !== 0) throw new Error(`loading ${file}: ${stderr}`);
    }
  }

  async version(): Promise<string> {
    const { serverVersion } = JSON.parse(await this.kubectl.run(["version", "-o", "json"]));
    return serverVersion.gitVersion;
  }

  /** Ends the node, where it is ours. */
  async stop(): Promise<void> {
    await this.#node?.stop();
  }
}
