import { relative } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** How many of the slowest tests are named: where the minutes of a run go. */
const SLOWEST = 10;

/**
 * Prints the slowest tests, and by name what was skipped and what failed, and ends the run with the one line that CI
 * reads: `N passed, N failed`. CI repeats the `failed: ` lines at its own end.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state: string) => tests.filter((test) => test.result().state === state);
    const passed = inState("passed");
    const failed = inState("failed");
    const skipped = tests.filter((test) => !passed.includes(test) && !failed.includes(test));
    // A file that ends before its first test is a failure, too.
    const broken = modules.filter(
      (module) => module.state() === "failed" && module.children.size === 0,
    );
    for (const line of slowest([...passed, ...failed])) console.log(line);
    for (const { fullName } of skipped) console.log(`skipped: ${fullName}`);
    for (const test of failed)
      console.log(failure(test.module, test.fullName, test.result().errors));
    for (const module of broken)
      console.log(failure(module, "before its first test", module.errors()));
    for (const error of unhandledErrors)
      console.log(`failed: outside of tests: ${firstLine(error)}`);
    const failures = failed.length + broken.length + unhandledErrors.length;
    console.log(`\n${passed.length} passed, ${failures} failed`);
  }
}

function slowest(tests: readonly TestCase[]): string[] {
  const timed = tests.map((test) => ({ test, milliseconds: test.diagnostic()?.duration ?? 0 }));
  const first = timed.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, SLOWEST);
  return first.map(({ test, milliseconds }) => {
    const seconds = (milliseconds / 1000).toFixed(1).padStart(5);
    return `slow: ${seconds} s  ${relative(process.cwd(), test.module.moduleId)}  ${test.fullName}`;
  });
}

function failure(module: TestModule, name: string, errors: readonly unknown[] = []): string {
  return `failed: ${relative(process.cwd(), module.moduleId)}  ${name}: ${firstLine(errors[0])}`;
}

function firstLine(error: unknown): string {
  const { message = error }: { message?: unknown } = Object(error);
  return String(message).split("\n", 1)[0] ?? "";
}
