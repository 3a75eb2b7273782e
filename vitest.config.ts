import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Tests start hundreds of processes, each of which would compile the same files anew.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, ".cache/node");

/** What only computes. */
const COMPUTED = ["contract", "import", "infra", "policies", "wire"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  // Programs in examples/ import the package by its name; here it is what the sources are now.
  resolve: { alias: { "mcp-fleet": join(import.meta.dirname, "infra/index.ts") } },
  test: {
    projects: [
      // Its files share what a worker has loaded.
      { extends: true, test: { name: "computed", include: COMPUTED, isolate: false } },
      {
        extends: true,
        test: { name: "running", include: ["test/**/*.test.ts"], exclude: COMPUTED },
      },
    ],
    reporters: ["default", "./testkit/vitest/summary-reporter.ts"],
    globalSetup: [],
    setupFiles: ["./testkit/vitest/seeded.ts"],
    // Most of what tests wait for is elsewhere: servers that start, connections that break, a fleet that recovers.
    maxWorkers: 2,
    // Of tests that run beside each other, mostly engines that wait for their plugins.
    maxConcurrency: 2,
    // These are limits for a hang on a machine that is busy with something else, and measure no speed.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
