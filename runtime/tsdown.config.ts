import { defineConfig } from "tsdown";

// What the package ships: the command, and what embedders import. Packages are left to npm.
export default defineConfig({
  // A thread starts from a file of its own.
  entry: { main: "cli/main.ts", index: "index.ts", "cedar-worker": "authz/cedar-worker.ts" },
  format: "esm",
  platform: "node",
  target: "node22.19",
  dts: { entry: "index.ts" },
  clean: true,
  logLevel: "error",
  outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
  copy: [{ from: "store/redis/lua", to: "dist" }],
});
