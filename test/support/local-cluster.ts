import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

/** A program that runs Kubernetes on this machine; `up --api-only` starts etcd and the API server, and no node. */
const TOOL = process.env.FLEET_CLUSTER_TOOL ?? "";

/** The tool builds Kubernetes once for all of its clusters. */
const HOME = process.env.K8S_HOME ?? join(homedir(), ".cache/one-node-k8s");
const PROGRAMS = process.env.K8S_BIN ?? join(HOME, "bin");

/**
 * Holds a cluster as long as the input is open, so that none outlives a run, however that ends. Its two processes are
 * ended one by one: the tool's own `down` also clears the network of whatever other cluster is on the machine.
 */
const HOLD = `
trap '' PIPE
mkdir -p "$K8S_BIN"
if flock -o "$K8S_BIN/.lock" "$0" up --api-only >&2; then
  echo up
  read -r _
else
  tail -n 5 "$K8S_STATE"/log/*.log >&2
fi
for name in kube-apiserver etcd; do kill -KILL "$(cat "$K8S_STATE/run/$name.pid")"; done
rm -rf "$K8S_HOME" || { sleep 1; rm -rf "$K8S_HOME"; }
`;

/** etcd and an API server of a test's own, in a folder and at ports of their own. */
export class LocalCluster {
  /** Within this it is up, even when Kubernetes has to be built first. */
  static readonly START_LIMIT_MS = 900_000;

  /** Runs kubectl with what is given after it. */
  readonly kubectl: readonly string[];
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess, folder: string) {
    this.#holder = holder;
    const options = [
      "--kubeconfig",
      join(folder, "kubeconfig"),
      "--cache-dir",
      join(folder, "cache"),
    ];
    this.kubectl = [join(PROGRAMS, "kubectl"), ...options];
  }

  /** Whether a tool is named that such a cluster could come from. */
  static get isConfigured(): boolean {
    return TOOL !== "";
  }

  /** Why there can be no such cluster here; undefined where there can. */
  static obstacle(): string | undefined {
    if (TOOL === "") return "FLEET_CLUSTER_TOOL names no cluster tool";
    if (process.getuid?.() !== 0) return `${TOOL} needs root`;
    try {
      accessSync(TOOL, constants.X_OK);
    } catch {
      return `${TOOL} cannot be run`;
    }
    const built = spawnSync(join(PROGRAMS, "kubectl"), ["version", "--client"]).status === 0;
    const canBuild = spawnSync("go", ["version"]).status === 0;
    return built || canBuild ? undefined : `${TOOL} needs go on PATH to build Kubernetes`;
  }

  static async start(): Promise<LocalCluster> {
    const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-cluster-"));
    const port = await freePorts();
    const env = {
      ...process.env,
      K8S_HOME: folder,
      K8S_BIN: PROGRAMS,
      K8S_STATE: join(folder, "state"),
      K8S_KUBECONFIG: join(folder, "kubeconfig"),
      K8S_API_PORT: String(port),
      K8S_ETCD_PORT: String(port + 1),
    };
    const holder = spawn("sh", ["-c", HOLD, resolve(TOOL)], { env, detached: true, stdio: "pipe" });
    const complaint = text(holder.stderr);
    const ended = once(holder, "exit").then(async () => {
      throw new Error(`${TOOL} up --api-only: ${await complaint}`);
    });
    await Promise.race([once(holder.stdout, "data"), ended]);
    ended.catch(() => {});
    return new LocalCluster(holder, folder);
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    const exited = once(this.#holder, "exit");
    this.#holder.stdin?.end();
    await exited;
  }
}

/** The first of three free ports, which the system does not give to others meanwhile: they come from 32768 on. */
async function freePorts(): Promise<number> {
  const first = 20_000 + Math.floor(Math.random() * 12_000);
  const servers = [first, first + 1, first + 2].map((port) =>
    createServer().listen(port, "127.0.0.1"),
  );
  try {
    await Promise.all(servers.map((server) => once(server, "listening")));
    return first;
  } catch {
    return await freePorts();
  } finally {
    for (const server of servers) server.close();
  }
}
