import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { writtenLog } from "../../testkit/processes/written-log.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("writes 10 of 1,000 equal lines, says after 10 s that 990 were left out, and begins anew", () => {
  const { log, lines } = writtenLog();
  for (let count = 0; count < 1_000; count += 1) {
    log.child({ name: "fleet" }).warn({ backend: "a", sid: String(count) }, "it fails");
  }
  expect(lines).toHaveLength(10);
  vi.advanceTimersByTime(10_000);
  expect(lines).toHaveLength(11);
  expect(lines[10]).toMatchObject({ backend: "a", leftOut: 990, level: 40 });
  expect(lines[10]?.msg).toBe("equal lines were left out: it fails");
  log.warn({ backend: "a" }, "it fails");
  expect(lines).toHaveLength(12);
});

it("tells lines apart by their text, code and backend: 4 kinds of 10 leave nothing out", () => {
  const { log, lines } = writtenLog();
  for (let count = 0; count < 10; count += 1) {
    log.info({ backend: "a" }, "it fails");
    log.info({ backend: "b" }, "it fails");
    log.info({ backend: "a", code: "INTERNAL" }, "it fails");
    log.info("something else");
  }
  vi.advanceTimersByTime(10_000);
  expect(lines).toHaveLength(40);
});

it("cuts what others say at 200 characters, in one line, and messages at 1,000", () => {
  const { log, lines } = writtenLog();
  const error = Object.assign(new Error("x".repeat(5_000)), { code: "INVALID_PARAMS" });
  log.info({ method: `a\nb${"x".repeat(5_000)}`, error }, "request failed");
  expect(lines[0]?.method).toBe(`a b${"x".repeat(197)}…`);
  expect(lines[0]?.error).toMatchObject({ message: `${"x".repeat(1_000)}…` });
  expect(JSON.stringify(lines[0]).length).toBeLessThan(1_500);
});

it("writes a line with its own members only, none of the line before", () => {
  const { log, lines } = writtenLog();
  log.warn({ sid: "a", nofile: { limit: 1_024 } }, "the limit is low");
  log.info({ url: "http://localhost/mcp" }, "listening");
  expect(lines[1]).toMatchObject({ url: "http://localhost/mcp", msg: "listening" });
  expect(Object.keys(lines[1] ?? {})).not.toContain("nofile");
  expect(Object.keys(lines[1] ?? {})).not.toContain("sid");
});
