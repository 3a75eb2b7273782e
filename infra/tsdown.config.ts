import { defineConfig } from "tsdown";

// For programs in TypeScript and for Pulumi's plugin host, with the contract inlined. Both are CommonJS, as the host
// is, and so that no program has two copies of a class.
export default defineConfig({
  entry: ["index.ts", "plugin.ts"],
  format: "cjs",
  platform: "node",
  target: "node22.19",
  // Eager, since its declarations begin with files of another package.
  dts: { eager: true, entry: "index.ts" },
  clean: true,
  logLevel: "error",
  // Decided when the package is built, not where it runs.
  define: {
    "process.env.MCP_FLEET_IMAGE": JSON.stringify(process.env.MCP_FLEET_IMAGE) ?? "undefined",
  },
  deps: { onlyBundle: ["@mcp-fleet/contract", "fastest-levenshtein"] },
  copy: ["schema.json", "../LICENSE", { from: "redis/scripts", to: "dist" }],
});
