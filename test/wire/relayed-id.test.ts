import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  decodeRelayedId,
  encodeRelayedId,
  type RelayedId,
} from "../../runtime/calls/relayed-id.ts";

it.each<[string, RelayedId, string]>([
  ["a number", { backend: "github", epoch: 1, originalText: "7" }, "github.1.7"],
  ["a string", { backend: "github", epoch: 12, originalText: '"x"' }, 'github.12."x"'],
  ["a string with dots", { backend: "a", epoch: 1, originalText: '"b.2.c"' }, 'a.1."b.2.c"'],
  ["a backend with dots", { backend: "a.b.c", epoch: 3, originalText: "0" }, "a%2Eb%2Ec.3.0"],
  [
    "a backend with unicode",
    { backend: "größe 🙂", epoch: 1, originalText: "0" },
    "gr%C3%B6%C3%9Fe%20%F0%9F%99%82.1.0",
  ],
  [
    "a backend with a percent sign",
    { backend: "50%2E", epoch: 1, originalText: "0" },
    "50%252E.1.0",
  ],
  [
    "an id above 2^53",
    { backend: "a", epoch: 1, originalText: "9007199254740993" },
    "a.1.9007199254740993",
  ],
  ["a fraction", { backend: "a", epoch: 1, originalText: "1.50" }, "a.1.1.50"],
  [
    "a string with an escaped line break",
    { backend: "a", epoch: 1, originalText: '"\\n"' },
    'a.1."\\n"',
  ],
  [
    "the id of a relayed id",
    { backend: "a", epoch: 1, originalText: '"b.2.\\"x\\""' },
    'a.1."b.2.\\"x\\""',
  ],
])("%s goes out as one string and comes back as it was", (_what, relayed, id) => {
  const text = encodeRelayedId(relayed);
  expect(JSON.parse(text)).toBe(id);
  expect(decodeRelayedId(text)).toEqual(relayed);
});

it("any backend, epoch and id comes back as it was, however the client escapes the string", () => {
  const id = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  const backend = fc.string({ unit: "grapheme", minLength: 1 });
  fc.assert(
    fc.property(backend, fc.nat(), id, (name, epoch, original) => {
      const relayed = { backend: name, epoch, originalText: JSON.stringify(original) };
      const text = encodeRelayedId(relayed);
      expect(decodeRelayedId(text)).toEqual(relayed);
      expect(decodeRelayedId(escaped(text))).toEqual(relayed);
    }),
  );
});

describe("what is no id of ours is undefined", () => {
  it.each([
    "7",
    '"x"',
    '"a.b.7"',
    '"a.1"',
    '"a.1."',
    '".1.7"',
    '"a.1.x"',
    '"a.1.null"',
    '"a.1.{}"',
    '"a.-1.7"',
    '"a.1.7x"',
    '"%zz.1.7"',
    '"a.1234567890123456.7"',
  ])("%s", (text) => {
    expect(decodeRelayedId(text)).toBeUndefined();
  });
});

/** The same JSON string with everything beyond ASCII written as escapes, as Python's json does. */
function escaped(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
