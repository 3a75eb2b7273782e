import { defineConfig } from "tsdown";

// dist is what the engine runs, with the contract inlined.
export default defineConfig({
  entry: ["main.ts", "index.ts"],
  format: "cjs",
  platform: "node",
  target: "node22.19",
  // Eager, since its declarations begin with files of another package.
  dts: { eager: true },
  // Declarations of the rest of the repository are none of its business, and take minutes.
  tsconfig: "tsconfig.json",
  clean: true,
  logLevel: "error",
  deps: {
    onlyBundle: [
      "@mcp-fleet/contract",
      "fastest-levenshtein",
      "@secretlint/secretlint-rule-preset-recommend",
      "yaml",
    ],
  },
});
