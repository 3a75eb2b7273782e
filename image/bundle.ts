import { chmodSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { build, type Rolldown } from "tsdown";

const ROOT = join(import.meta.dirname, "..");

/**
 * Makes a program of this tree one that needs nothing but Node: `main.js` and the modules that it loads when it needs
 * them, in a folder with the licences of all packages in them. The text is not shrunk, so that a stack says where.
 */
export async function bundle(entry: string, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const bundled = new Set<string>();
  await build({
    config: false,
    cwd: ROOT,
    entry: { main: entry },
    outDir: folder,
    format: "esm",
    platform: "node",
    target: `node${process.versions.node}`,
    dts: false,
    clean: false,
    logLevel: "error",
    deps: { alwaysBundle: [/./], onlyBundle: false },
    outExtensions: () => ({ js: ".js" }),
    plugins: [packagesOf(bundled)],
  });
  chmodSync(join(folder, "main.js"), 0o644);
  writeFileSync(join(folder, "LICENSE"), readFileSync(join(ROOT, "LICENSE")));
  const licenses = [...bundled]
    .sort()
    .map(licenseOf)
    .join(`\n${"-".repeat(80)}\n\n`);
  writeFileSync(join(folder, "THIRD-PARTY-LICENSES"), licenses);
}

/** Collects the folders of the packages that get into a bundle. */
function packagesOf(bundled: Set<string>): Rolldown.Plugin {
  return {
    name: "packages-of",
    generateBundle(_options, output) {
      for (const file of Object.values(output)) {
        if (file.type !== "chunk") continue;
        for (const id of file.moduleIds) {
          const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
          if (folder !== undefined) bundled.add(folder);
        }
      }
    },
  };
}

/** What a package says about its licence: the files' text, or at least its name. */
function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = globSync("{LICENSE,LICENCE,license,NOTICE}*", { cwd: folder }).sort();
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").trim());
  return `${[`${name} ${version} (${license})`, ...texts].join("\n\n")}\n`;
}
