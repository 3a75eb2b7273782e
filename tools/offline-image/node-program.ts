import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";

import { ARCHITECTURES, type Architecture } from "./architecture.ts";
import type { RootFolder } from "./root-folder.ts";

/** The packages with the libraries of Node, beside Debian's name in os-release. Node has certificates and time zones in it. */
export const NODE_PACKAGES = ["base-files", "libatomic1", "libstdc++6"] as const;

/** Where Node is in images. */
const NODE_PATH = "usr/bin/node";

/** The user of images that name no other one, as the components start them. */
export const USERS = { root: 0, nonroot: 65532 } as const;

/** What an image has in which Node runs: Node, its libraries, and what these look up in /etc. */
export function addNode(root: RootFolder, folder: string, architecture: Architecture): void {
  const node = nodeProgram(folder, architecture);
  root.addProgram(node.program, NODE_PATH);
  root.addFile(node.license, "usr/share/doc/node/copyright");
  root.addPackagedFile("usr/lib/os-release", "etc/os-release");
  root.write("etc/nsswitch.conf", "hosts: files dns\n");
}

/** The Node that runs this, where it is for that architecture; else the same version from npm. */
function nodeProgram(folder: string, architecture: Architecture) {
  const own = ARCHITECTURES[architecture].node;
  if (process.platform === "linux" && own === process.arch)
    return nodeIn(dirname(process.execPath));
  const name = `node-linux-${own}`;
  const version = process.versions.node;
  const target = join(folder, `${name}-${version}`);
  const found = nodeIn(join(target, "package/bin"));
  if (!existsSync(found.program)) {
    mkdirSync(target, { recursive: true });
    execFileSync("npm", ["pack", "--silent", `${name}@${version}`], { cwd: target });
    execFileSync("tar", ["-xzf", `${name}-${version}.tgz`], { cwd: target });
  }
  return found;
}

function nodeIn(bin: string) {
  return { program: join(bin, "node"), license: join(bin, "../LICENSE") };
}
