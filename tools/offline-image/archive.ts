import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

import type { Architecture } from "./architecture.ts";
import type { ImageConfiguration } from "./dockerfile.ts";

export interface Image {
  /** Name and tag. */
  readonly name: string;
  readonly architecture: Architecture;
  readonly configuration: ImageConfiguration;
  /** Folders, each a settled root file system: the first lies under all others. */
  readonly layers: readonly string[];
}

const EPOCH = "1970-01-01T00:00:00Z";

/**
 * Writes an image as the one file that docker, podman, containerd, skopeo and others load (`docker save` writes such
 * files). Layers that are the same make the same file, byte for byte.
 */
export async function writeArchive(image: Image, file: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const work = mkdtempSync(`${file}-`);
  try {
    const layers: string[] = [];
    for (const folder of image.layers) layers.push(await packLayer(folder, work));
    const config = JSON.stringify({
      created: EPOCH,
      architecture: image.architecture,
      os: "linux",
      config: image.configuration,
      // Builds that begin with this image expect an entry for each layer.
      history: layers.map(() => ({ created: EPOCH, created_by: "make image" })),
      rootfs: { type: "layers", diff_ids: layers.map((digest) => `sha256:${digest}`) },
    });
    const configFile = `${createHash("sha256").update(config).digest("hex")}.json`;
    const manifest = {
      Config: configFile,
      RepoTags: [image.name],
      Layers: layers.map((digest) => `${digest}.tar`),
    };
    writeFileSync(join(work, configFile), config);
    writeFileSync(join(work, "manifest.json"), JSON.stringify([manifest]));
    pack(
      work,
      `${file}.new`,
      ["--mtime=@0", "--mode=u=rw,go=r"],
      ["manifest.json", configFile, ...new Set(manifest.Layers)],
    );
    renameSync(`${file}.new`, file);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Packs a folder into a file that is named by its digest, which it returns. */
async function packLayer(folder: string, work: string): Promise<string> {
  const file = join(work, "layer");
  pack(folder, file, ["--sort=name"], ["."]);
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const digest = hash.digest("hex");
  renameSync(file, join(work, `${digest}.tar`));
  return digest;
}

function pack(folder: string, file: string, options: string[], entries: string[]): void {
  const owner = ["--format=gnu", "--numeric-owner", "--owner=0", "--group=0"];
  execFileSync("tar", ["-C", folder, ...owner, ...options, "-cf", file, "--", ...entries]);
}
