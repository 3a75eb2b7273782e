import type { Reporter, TestModule } from "vitest/node";

/** Prints what was skipped, by name, and ends the run with the one line that CI reads: `N passed, N failed`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    const skipped: string[] = [];
    for (const module of modules) {
      const broken = module.state() === "failed" && [...module.children.allTests()].length === 0;
      if (broken) failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed += 1;
        else if (state === "failed") failed += 1;
        else skipped.push(test.fullName);
      }
    }
    for (const name of skipped) console.log(`skipped: ${name}`);
    console.log(`\n${passed} passed, ${failed} failed`);
  }
}
