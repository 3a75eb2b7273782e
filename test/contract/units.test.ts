import { bytes, formatBytes, formatSeconds, seconds } from "@mcp-fleet/contract";
import fc from "fast-check";
import { expect, test } from "vitest";

test.each([
  ["30s", 30],
  ["1h30m", 5400],
  ["500ms", 0.5],
  ["10m", 600],
  ["1.5s", 1.5],
  ["2d", 172_800],
])("the duration %s is %d seconds", (text, expected) => {
  expect(seconds(text)).toBe(expected);
});

test.each([
  ["8Mi", 8_388_608],
  ["1k", 1000],
  ["4Ki", 4096],
  ["7B", 7],
])("the size %s is %d bytes", (text, expected) => {
  expect(bytes(text)).toBe(expected);
});

test.each(["", "30", "none", "-1s", "1 h", "s", "1y", "1h "])('"%s" is not a duration', (text) => {
  expect(() => seconds(text)).toThrow(RangeError);
});

test.each(["", "8", "8MB", "1.5Mi", "-1k", "Mi"])('"%s" is not a size', (text) => {
  expect(() => bytes(text)).toThrow(RangeError);
});

test("5400 seconds are written 1h30m, and 8388608 bytes 8Mi", () => {
  expect([formatSeconds(5400), formatSeconds(0.25), formatSeconds(0)]).toEqual([
    "1h30m",
    "250ms",
    "0s",
  ]);
  expect([formatBytes(8_388_608), formatBytes(1001), formatBytes(0)]).toEqual([
    "8Mi",
    "1001B",
    "0B",
  ]);
});

test("a duration of any number of milliseconds is read as it was written", () => {
  fc.assert(
    fc.property(fc.nat(2_000_000_000), (milliseconds) => {
      expect(seconds(formatSeconds(milliseconds / 1000))).toBe(milliseconds / 1000);
    }),
  );
});

test("a size of any number of bytes is read as it was written", () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (size) => {
      expect(bytes(formatBytes(size))).toBe(size);
    }),
  );
});
