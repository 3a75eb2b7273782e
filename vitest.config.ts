import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./testkit/vitest/summary-reporter.ts"],
    globalSetup: [],
    // Most of what tests wait for is elsewhere: servers that start, connections that break, a fleet that recovers.
    maxWorkers: 2,
    // Of tests that run beside each other, mostly engines that wait for their plugins.
    maxConcurrency: 2,
    // Real servers and clients start in some tests: the limit is for a hang, not a measure of speed.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
