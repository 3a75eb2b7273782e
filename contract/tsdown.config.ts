import { readFileSync, writeFileSync } from "node:fs";
import { defineConfig } from "tsdown";

// dist is the package: `npm pack contract/dist`. In this repository the rooms are imported as they are written.
export default defineConfig({
  entry: {
    index: "index.ts",
    "settings/index": "settings/index.ts",
    "capacity/index": "capacity/index.ts",
    "node-version": "node-version.ts",
  },
  format: "esm",
  platform: "neutral",
  target: "node22.19",
  dts: true,
  clean: true,
  logLevel: "error",
  outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
  copy: ["../LICENSE"],
  onSuccess: writePackageJson,
});

/** The manifest as it is here, with the built files in the place of the sources. */
function writePackageJson(): void {
  const { files: _, ...manifest } = JSON.parse(readFileSync("package.json", "utf8"));
  const entries = Object.entries<string>(manifest.exports).map(([name, file]) => {
    const built = file.replace(/\.ts$/, ".js");
    const types = file.replace(/\.ts$/, ".d.ts");
    return [name, file.endsWith(".ts") ? { types, default: built } : file];
  });
  const text = JSON.stringify({ ...manifest, exports: Object.fromEntries(entries) }, undefined, 2);
  writeFileSync("dist/package.json", `${text}\n`);
}
