import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePorts } from "../processes/free-ports.ts";
import { until } from "../processes/until.ts";
import { CLUSTER_PROGRAMS, CLUSTER_TOOL, ClusterHolder } from "./cluster-tool.ts";

/**
 * Its two processes are ended one by one: the tool's own `down` also clears the network of whatever other cluster is
 * on the machine.
 */
const DOWN = `
for name in kube-apiserver etcd; do kill -KILL "$(cat "$K8S_STATE/run/$name.pid")"; done
rm -rf "$K8S_HOME" || { sleep 1; rm -rf "$K8S_HOME"; }
`;

/** etcd and an API server of a test's own, in a folder and at ports of their own. */
export class LocalCluster {
  /** Within this it is up, even when Kubernetes has to be built first. */
  static readonly START_LIMIT_MS = 900_000;

  /** Runs kubectl with what is given after it. */
  readonly kubectl: readonly string[];
  /** The file with its address and an administrator's certificate. */
  readonly kubeconfig: string;
  readonly #holder: ClusterHolder;
  readonly #folder: string;

  private constructor(holder: ClusterHolder, folder: string) {
    this.#holder = holder;
    this.#folder = folder;
    this.kubeconfig = join(folder, "kubeconfig");
    const options = ["--kubeconfig", this.kubeconfig, "--cache-dir", join(folder, "cache")];
    this.kubectl = [join(CLUSTER_PROGRAMS, "kubectl"), ...options];
  }

  /** Whether a tool is named that such a cluster could come from. */
  static get isConfigured(): boolean {
    return CLUSTER_TOOL !== "";
  }

  /** Why there can be no such cluster here; undefined where there can. */
  static obstacle(): string | undefined {
    if (CLUSTER_TOOL === "") return "FLEET_CLUSTER_TOOL names no cluster tool";
    if (process.getuid?.() !== 0) return `${CLUSTER_TOOL} needs root`;
    try {
      accessSync(CLUSTER_TOOL, constants.X_OK);
    } catch {
      return `${CLUSTER_TOOL} cannot be run`;
    }
    const built =
      spawnSync(join(CLUSTER_PROGRAMS, "kubectl"), ["version", "--client"]).status === 0;
    const canBuild = spawnSync("go", ["version"]).status === 0;
    return built || canBuild ? undefined : `${CLUSTER_TOOL} needs go on PATH to build Kubernetes`;
  }

  static async start(): Promise<LocalCluster> {
    const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-cluster-"));
    // The API server, etcd, and the peers that etcd does not have.
    const [port = 0] = await freePorts(3);
    const environment = {
      K8S_HOME: folder,
      K8S_STATE: join(folder, "state"),
      K8S_KUBECONFIG: join(folder, "kubeconfig"),
      K8S_API_PORT: String(port),
      K8S_ETCD_PORT: String(port + 1),
    };
    const holder = await ClusterHolder.start({ up: ["--api-only"], down: DOWN, environment });
    return new LocalCluster(holder, folder);
  }

  /** Kills the API server; etcd keeps what there is. Resolves when it is gone. */
  async killApiServer(): Promise<void> {
    const pid = Number(readFileSync(join(this.#folder, "state/run/kube-apiserver.pid"), "utf8"));
    process.kill(pid, "SIGKILL");
    await until("the API server to be gone", () => !existsSync(`/proc/${pid}/fd/0`));
  }

  /** Starts it again, at the same address. */
  async startApiServer(): Promise<void> {
    const { code, stderr } = await this.#holder.run("up", "--api-only");
    if (code !== 0) throw new Error(`the API server did not start again: ${stderr}`);
  }

  /** Ends it and removes its folder. */
  stop(): Promise<void> {
    return this.#holder.stop();
  }
}
