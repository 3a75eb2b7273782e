import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { Architecture } from "../tools/offline-image/architecture.ts";

/** What to build: the Dockerfile of this folder, as the image of this name, into a file that can be loaded. */
export interface BuildOrder {
  readonly folder: string;
  readonly name: string;
  readonly architecture: Architecture;
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly file: string;
}

/** Long enough to get the image that a build begins with; a registry that is not there may never answer. */
const PULL_LIMIT_MS = 300_000;

const SAVE: Readonly<Record<string, (name: string, file: string) => string[]>> = {
  docker: (name, file) => ["save", "--output", file, name],
  podman: (name, file) => ["save", "--format", "docker-archive", "--output", file, name],
  buildah: (name, file) => ["push", name, `docker-archive:${file}:${name}`],
};

/** The programs that could build an image, the first choice first. */
export const BUILDERS: readonly string[] = Object.keys(SAVE);

/** Why this program cannot build here; undefined where it can. It gets the image that the build begins with. */
export function obstacle(
  builder: string,
  { folder, architecture }: BuildOrder,
): string | undefined {
  const info = spawnSync(builder, ["info"], { encoding: "utf8" });
  if (info.error) return "is not there";
  if (info.status !== 0) return `does not work: ${lastLine(info.stderr)}`;
  const base = baseImage(join(folder, "Dockerfile"));
  const args = ["pull", "--platform", `linux/${architecture}`, base];
  const pull = spawnSync(builder, args, { encoding: "utf8", timeout: PULL_LIMIT_MS });
  return pull.status === 0 ? undefined : `cannot get ${base}: ${lastLine(pull.stderr)}`;
}

/** Builds, and saves what it built. */
export function buildWith(builder: string, order: BuildOrder): void {
  const { folder, name, architecture, buildArguments, file } = order;
  const given = Object.entries(buildArguments).flatMap(([key, value]) => [
    "--build-arg",
    `${key}=${value}`,
  ]);
  const platform = ["--platform", `linux/${architecture}`];
  run(builder, ["build", ...platform, ...given, "--tag", name, folder]);
  rmSync(file, { force: true });
  run(builder, SAVE[builder]?.(name, file) ?? []);
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "inherit", "inherit"] });
}

/** The image of the first stage. */
function baseImage(dockerfile: string): string {
  const text = readFileSync(dockerfile, "utf8");
  const [, version = ""] = /^ARG NODE_VERSION=(\S+)$/m.exec(text) ?? [];
  const [, image = ""] = /^FROM (\S+) AS /m.exec(text) ?? [];
  return image.replace(/\$\{NODE_VERSION\}/, version);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
