import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { clock, SYSTEM_CLOCK, useClock } from "../../runtime/platform/clock.ts";
import { random, SYSTEM_RANDOM, useRandom } from "../../runtime/platform/random.ts";

const RUNTIME = join(import.meta.dirname, "../../runtime");

/** What the system has of time and chance; modules that have them are in the import rules. */
const SYSTEM =
  /\b(?:Date\.now|new Date\(\)|performance\.now|Math\.random|AbortSignal\.timeout|setTimeout|setInterval|setImmediate|queueMicrotask|random(?:UUID|Bytes|Int))\b/;

it("0 files of the runtime but the 3 of platform/ ask the system for time or chance", () => {
  const files = globSync("**/*.ts", { cwd: RUNTIME, exclude: ["dist/**", "node_modules/**"] });
  const found = files.filter((file) => SYSTEM.test(readFileSync(join(RUNTIME, file), "utf8")));
  expect(files.length).toBeGreaterThan(100);
  expect(found.toSorted()).toEqual([
    // The page's own script, which runs in a browser.
    "admin/admin-page.ts",
    "platform/clock.ts",
    "platform/random.ts",
  ]);
});

it("another clock and another chance are those of everything that was imported before", () => {
  onTestFinished(() => {
    useClock(SYSTEM_CLOCK);
    useRandom(SYSTEM_RANDOM);
  });
  useClock({ ...SYSTEM_CLOCK, now: () => 7 });
  useRandom({ ...SYSTEM_RANDOM, uuid: () => "always" });
  expect([clock.now(), random.uuid()]).toEqual([7, "always"]);
});
