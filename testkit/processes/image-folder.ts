import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { ImageConfiguration } from "../../tools/offline-image/dockerfile.ts";

/**
 * What a container runtime does, in few lines: namespaces of its own for mounts and processes, where the program is the
 * first; the root read-only; volumes over it; a user without any right to get more. The network is the machine's.
 */
const CONFINE = `
set -e
root=$1 user=$2 group=$3 folder=$4
shift 4
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
touch "$root/dev/null"
mount --bind /dev/null "$root/dev/null"
while [ "$1" != -- ]; do
  mount --bind "$1" "$root$2"
  shift 2
done
shift
exec setpriv --no-new-privs unshare --root="$root" --wd="$folder" --setgid="$group" --setuid="$user" -- "$@"
`;

/** What a container runtime gives to a program whose image says nothing else. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Folders of the machine by where they are in the image. */
export type Volumes = Readonly<Record<string, string>>;

/** The file system of an image, unpacked into a folder, and what the image says beside it. */
export class ImageFolder {
  readonly path: string;
  readonly configuration: ImageConfiguration;

  private constructor(path: string, configuration: ImageConfiguration) {
    this.path = path;
    this.configuration = configuration;
  }

  /**
   * Makes the image of this name unless it is there and younger than what it is made from: its file. Undefined where it
   * cannot be made or run here, which is said, and is an error where everything has to be tested.
   */
  static make(name: string): string | undefined {
    const reason = obstacle();
    const file = `.tools/images/${name}.tar`;
    const root = join(import.meta.dirname, "../..");
    const env = { ...process.env, MAKEFLAGS: "", ARCHITECTURE: "" };
    const made = reason
      ? undefined
      : spawnSync("make", [file], { cwd: root, env, encoding: "utf8" });
    if (made?.status === 0) return join(root, file);
    const text = `the image ${name} cannot be tested: ${reason ?? made?.stderr ?? "make does not run"}`;
    if (process.env.FLEET_REQUIRE_ALL === "1") throw new Error(text);
    process.stderr.write(`skipped: ${text}\n`);
    return undefined;
  }

  /** Unpacks a file that `docker save` could have written. */
  static open(file: string): ImageFolder {
    const work = mkdtempSync(join(tmpdir(), "mcp-fleet-image-"));
    try {
      execFileSync("tar", ["-C", work, "-xf", file]);
      const read = (name: string) => JSON.parse(readFileSync(join(work, name), "utf8"));
      const [manifest] = read("manifest.json");
      const path = mkdtempSync(join(tmpdir(), "mcp-fleet-root-"));
      chmodSync(path, 0o755);
      for (const layer of manifest.Layers) {
        execFileSync("tar", ["-C", path, "-xpf", join(work, layer)]);
      }
      return new ImageFolder(path, read(manifest.Config).config);
    } finally {
      rmSync(work, { recursive: true });
    }
  }

  /** Starts what the image starts, with these arguments instead of its own where there are any. */
  start(args: readonly string[] = this.configuration.Cmd ?? [], volumes: Volumes = {}) {
    const { User = "0", WorkingDir = "/", Entrypoint = [], Env = [] } = this.configuration;
    const [user = "", group = user] = User.split(":");
    const mounts = Object.entries(volumes).flatMap(([at, folder]) => [folder, at]);
    for (const at of ["/proc", "/dev", ...Object.keys(volumes)]) {
      mkdirSync(join(this.path, at), { recursive: true });
    }
    const place = [this.path, user, group, WorkingDir, ...mounts, "--"];
    const namespaces = ["--mount", "--pid", "--fork"];
    const command = ["sh", "-c", CONFINE, "sh", ...place, ...Entrypoint, ...args];
    const env = { PATH, ...Object.fromEntries(Env.map((line) => line.split("=", 2))) };
    return new ImageProcess(spawn("unshare", [...namespaces, ...command], { env, stdio: "pipe" }));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The first process of an image that runs. */
export class ImageProcess {
  /** What it has written so far, a line each. */
  readonly lines: string[] = [];
  /** The exit code. */
  readonly exited: Promise<number | null>;
  readonly #outer: ChildProcess;

  constructor(outer: ChildProcess) {
    this.#outer = outer;
    this.exited = once(outer, "exit").then(([code]) => code);
    for (const output of [outer.stdout, outer.stderr]) {
      if (output) createInterface({ input: output }).on("line", (line) => this.lines.push(line));
    }
  }

  /** What the system says of it, of the file of this name in /proc. */
  fact(name: "mountinfo" | "stat" | "status"): string {
    return readFileSync(`/proc/${this.#running()}/${name}`, "utf8");
  }

  /** The first process of a namespace gets only signals that it listens for. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.#running(), signal);
  }

  /** With the first process of a namespace, all others of it end. */
  async stop(): Promise<void> {
    const id = this.#id();
    if (id !== undefined) process.kill(id, "SIGKILL");
    await this.exited;
  }

  #running(): number {
    const id = this.#id();
    if (id === undefined) throw new Error(`it does not run:\n${this.lines.join("\n")}`);
    return id;
  }

  /** Its number outside: the one child of the process that made the namespaces. */
  #id(): number | undefined {
    const outer = `/proc/${this.#outer.pid}`;
    if (!existsSync(outer)) return undefined;
    const [id] = readFileSync(`${outer}/task/${this.#outer.pid}/children`, "utf8").split(" ");
    return id ? Number(id) : undefined;
  }
}

/** Why images cannot be run here; undefined where they can. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return "only root may change roots";
  const { status, stderr } = spawnSync("unshare", ["--mount", "--pid", "--fork", "true"]);
  return status === 0
    ? undefined
    : `no namespaces can be made: ${stderr ?? "unshare is not there"}`;
}
