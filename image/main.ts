import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { type Architecture, architectureNamed } from "../tools/offline-image/architecture.ts";
import { writeArchive } from "../tools/offline-image/archive.ts";
import { readLastStage } from "../tools/offline-image/dockerfile.ts";
import { makeGatewayLayers } from "../tools/offline-image/gateway-layers.ts";
import { BUILDERS, type BuildOrder, buildWith, obstacle } from "./builder.ts";

/**
 * Makes the image of gateways and proxies, as a file that can be loaded: with the first of docker, podman and buildah
 * that works here and can reach its registry, else without any. FILE [ARCHITECTURE]
 */
const ROOT = join(import.meta.dirname, "..");
const MEBIBYTE = 2 ** 20;

/** From layers made here, and what the Dockerfile says beside them. */
async function assemble(order: BuildOrder, folder: string): Promise<void> {
  const { name, architecture, buildArguments, file } = order;
  const dockerfile = join(ROOT, "Dockerfile");
  const { configuration, layers } = readLastStage(dockerfile, buildArguments);
  await makeGatewayLayers(folder, architecture);
  const folders = layers.map((layer) => join(folder, layer));
  await writeArchive({ name, architecture, configuration, layers: folders }, file);
}

/** The first program that can build here. What keeps the others from it is said, unless they are not there at all. */
function workingBuilder(order: BuildOrder): string | undefined {
  return BUILDERS.find((builder) => {
    const reason = obstacle(builder, order);
    if (reason !== undefined && reason !== "is not there") say(`${builder} ${reason}`);
    return reason === undefined;
  });
}

function orderFor(file: string, architecture: Architecture): BuildOrder {
  const { version } = JSON.parse(readFileSync(join(ROOT, "runtime/package.json"), "utf8"));
  const git = spawnSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8" });
  const buildArguments = {
    NODE_VERSION: process.versions.node,
    VERSION: version,
    REVISION: git.status === 0 ? git.stdout.trim() : "",
  };
  // In full: a bare name is another one to podman than to clusters.
  const name = `docker.io/library/mcp-fleet:${version}`;
  return { folder: ROOT, name, architecture, buildArguments, file };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function make(file: string, architectureName: string | undefined): Promise<void> {
  const architecture = architectureNamed(architectureName);
  const order = orderFor(file, architecture);
  mkdirSync(dirname(file), { recursive: true });
  const builder = workingBuilder(order);
  if (builder === undefined) await assemble(order, join(dirname(file), architecture));
  else buildWith(builder, order);
  const size = `${(statSync(file).size / MEBIBYTE).toFixed(0)} MiB`;
  const how = builder === undefined ? "assembled without a registry" : `built with ${builder}`;
  say(`${order.name} (${architecture}, ${size}) in ${relative(process.cwd(), file)}, ${how}`);
}

const [file = "", architectureName] = process.argv.slice(2);
try {
  await make(file, architectureName);
} catch (error) {
  process.stderr.write(
    `the image cannot be made here: ${error instanceof Error ? error.message : error}\n`,
  );
  process.exitCode = 1;
}
