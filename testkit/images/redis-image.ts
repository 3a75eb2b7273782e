import { join } from "node:path";

import type { Architecture } from "../../tools/offline-image/architecture.ts";
import { writeArchive } from "../../tools/offline-image/archive.ts";
import { DebianPackages } from "../../tools/offline-image/debian-packages.ts";
import { RootFolder, settle } from "../../tools/offline-image/root-folder.ts";

export const REDIS_IMAGE = "mcp-fleet-test/redis:1";

/** The user that Redis's own images and the components know. */
const USERS = { root: 0, redis: 999 } as const;

const PACKAGES = ["redis-server", "redis-tools", "dash", "coreutils", "mawk", "libc-bin"] as const;

/** What the scripts of the pods call, as the images of the vendor have it too; `ls` is for people. */
const TOOLS = [
  ...["cat", "cksum", "date", "mv", "rm", "sleep", "sort", "timeout", "uniq"],
  ...["getent", "ls", "redis-cli"],
] as const;

/** Debian's Redis, with what the scripts of Redis pods need, as an image for tests. It writes to volumes only. */
export async function makeRedisImage(
  file: string,
  work: string,
  architecture: Architecture,
): Promise<void> {
  const folder = join(work, "redis");
  const packages = DebianPackages.get(join(work, "redis-packages"), architecture, PACKAGES);
  const root = new RootFolder(folder, architecture, packages);
  for (const name of TOOLS) root.addPackagedProgram(name);
  // One program is server, Sentinel and checker, by the name that it is called by.
  root.addPackagedProgram("redis-check-rdb", "redis-server");
  root.link("usr/bin/redis-sentinel", "redis-server");
  root.addPackagedProgram("dash", "sh");
  root.addPackagedProgram("mawk", "awk");
  root.link("bin", "usr/bin");
  root.write("etc/nsswitch.conf", "hosts: files dns\n");
  root.writeUsers(USERS);
  settle(folder);
  const configuration = {
    User: String(USERS.redis),
    WorkingDir: "/",
    Env: ["PATH=/usr/bin"],
    Entrypoint: ["redis-server"],
    ExposedPorts: { "6379/tcp": {}, "26379/tcp": {} },
  };
  await writeArchive({ name: REDIS_IMAGE, architecture, configuration, layers: [folder] }, file);
}
