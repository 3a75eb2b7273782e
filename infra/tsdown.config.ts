import { readFileSync, writeFileSync } from "node:fs";
import { defineConfig } from "tsdown";
import { analyzedSource } from "./analyzed-source.ts";

// dist is the package, for npm and for Pulumi's plugin host. One file for all importers, with the contract
// inlined: not a module, since the host loads a folder by require, and two copies would be two classes.
export default defineConfig({
  entry: "index.ts",
  format: "cjs",
  platform: "node",
  target: "node22.19",
  // Eager, since its declarations begin with files of another package.
  dts: { eager: true },
  clean: true,
  logLevel: "error",
  deps: { onlyBundle: ["@mcp-fleet/contract", "fastest-levenshtein"] },
  copy: [
    "schema.json",
    "PulumiPlugin.yaml",
    "../LICENSE",
    "README.md",
    { from: "redis/scripts", to: "dist" },
  ],
  onSuccess: () => {
    writePackageJson();
    writeAnalyzedSource();
  },
});

/** The manifest as it is here, with paths from where it then lies. */
function writePackageJson(): void {
  const {
    files: _,
    type: _type,
    devDependencies: _dev,
    ...manifest
  } = JSON.parse(readFileSync("package.json", "utf8"));
  const text = JSON.stringify(manifest, undefined, 2).replaceAll("./dist/", "./");
  writeFileSync("dist/package.json", `${text}\n`);
}

/** What the plugin host reads the schema from: it wants a TypeScript file. */
function writeAnalyzedSource(): void {
  const declarations = readFileSync("dist/index.d.cts", "utf8");
  writeFileSync("dist/index.ts", analyzedSource(declarations));
  writeFileSync(
    "dist/tsconfig.json",
    '{ "compilerOptions": { "strict": true }, "include": ["index.ts"] }\n',
  );
}
