import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

import { type CommandOutcome, outcomeOf } from "../processes/command-outcome.ts";

/** A program that runs Kubernetes on this machine: `up` a node, `up --api-only` none, `load FILE`, `down --wipe`. */
export const CLUSTER_TOOL = process.env.FLEET_CLUSTER_TOOL ?? "";

/** The tool builds Kubernetes once for all of its clusters. */
export const CLUSTER_PROGRAMS =
  process.env.K8S_BIN ??
  join(process.env.K8S_HOME ?? join(homedir(), ".cache/one-node-k8s"), "bin");

/** Two runs that build Kubernetes at a time would disturb each other. */
const HOLD = `
trap '' PIPE
mkdir -p "$K8S_BIN"
if flock -o "$K8S_BIN/.lock" "$0" up "$@" >&2; then
  echo up
  read -r _
else
  tail -n 5 "$K8S_STATE"/log/*.log >&2
fi
`;

export interface ClusterRun {
  /** What the tool's `up` is given. */
  readonly up: readonly string[];
  /** A shell script that ends it, with the tool as $0. */
  readonly down: string;
  /** Its own folder and ports. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A cluster that is up as long as its holder's input is open, so that it outlives no run, however that ends. */
export class ClusterHolder {
  readonly #holder: ChildProcess;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(holder: ChildProcess, env: NodeJS.ProcessEnv) {
    this.#holder = holder;
    this.#env = env;
  }

  /**
   * Resolves when it is up.
   *
   * @throws what the tool complains of.
   */
  static async start({ up, down, environment }: ClusterRun): Promise<ClusterHolder> {
    const env = { ...process.env, ...environment, K8S_BIN: CLUSTER_PROGRAMS };
    const command = ["-c", HOLD + down, resolve(CLUSTER_TOOL), ...up];
    const holder = spawn("sh", command, { env, detached: true, stdio: "pipe" });
    const complaint = text(holder.stderr);
    const ended = once(holder, "exit").then(async () => {
      throw new Error(`${CLUSTER_TOOL} up: ${await complaint}`);
    });
    await Promise.race([once(holder.stdout, "data"), ended]);
    ended.catch(() => {});
    return new ClusterHolder(holder, env);
  }

  /** Runs the tool on this cluster. */
  run(...args: readonly string[]): Promise<CommandOutcome> {
    return outcomeOf(spawn(resolve(CLUSTER_TOOL), args, { env: this.#env, stdio: "pipe" }));
  }

  /** Ends the cluster. */
  async stop(): Promise<void> {
    const exited = once(this.#holder, "exit");
    this.#holder.stdin?.end();
    await exited;
  }
}
