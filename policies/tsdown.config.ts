import { defineConfig } from "tsdown";

// dist is what the engine runs: the contract of the runtime is inlined.
export default defineConfig({
  entry: ["main.ts", "index.ts"],
  format: "cjs",
  platform: "node",
  target: "node22.19",
  dts: true,
  clean: true,
  logLevel: "error",
  deps: { onlyBundle: ["fastest-levenshtein"] },
});
