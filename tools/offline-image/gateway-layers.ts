import { copyFileSync, globSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { bundle } from "../../image/bundle.ts";
import { type Architecture, architectureNamed } from "./architecture.ts";
import { DebianPackages } from "./debian-packages.ts";
import { addNode, NODE_PACKAGES, USERS } from "./node-program.ts";
import { RootFolder, settle } from "./root-folder.ts";

const RUNTIME = join(import.meta.dirname, "../../runtime");

/**
 * The contents of the image of gateways and proxies, as two root file systems that lie over each other: `base` has Node
 * with its libraries and is the same for many versions, `app` has the command. There is no shell, and no package manager.
 */
export async function makeGatewayLayers(folder: string, architecture: Architecture): Promise<void> {
  makeBase(folder, architecture);
  const app = join(folder, "app/app");
  await bundle("runtime/cli/main.ts", app);
  copyFileSync(join(RUNTIME, "package.json"), join(app, "package.json"));
  mkdirSync(join(app, "lua"));
  for (const script of globSync(join(RUNTIME, "store/redis/lua/*.lua"))) {
    copyFileSync(script, join(app, "lua", basename(script)));
  }
  settle(join(folder, "app"));
}

/** The lower one, which every image with Node can begin with; returns where it is. */
export function makeBase(folder: string, architecture: Architecture): string {
  const base = join(folder, "base");
  const packages = DebianPackages.get(join(folder, "packages"), architecture, NODE_PACKAGES);
  const root = new RootFolder(base, architecture, packages);
  addNode(root, folder, architecture);
  root.writeUsers(USERS);
  settle(base);
  return base;
}

if (import.meta.main) {
  const [folder = "", architecture = ""] = process.argv.slice(2);
  await makeGatewayLayers(folder, architectureNamed(architecture));
}
