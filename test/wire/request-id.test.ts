import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { FIRST_OWN_ID, ownIdText, sentIdText, underSentId } from "../../runtime/wire/request-id.ts";

describe("the id of a request of our own", () => {
  test("is a whole number of 31 bits, and 1,000 of them are 1,000 numbers", () => {
    const ids = Array.from({ length: 1000 }, () => Number(ownIdText()));

    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) {
      expect(Number.isInteger(id)).toBe(true);
      expect(id).toBeGreaterThanOrEqual(FIRST_OWN_ID);
      expect(id).toBeLessThan(2 ** 31);
    }
  });
});

describe("the id of a client's request", () => {
  it.each([
    "0",
    "1",
    "1073741823",
    '"1073741824"',
    "-1073741824",
    "1.5",
    "9007199254740991",
    "null",
    '"a\\u0062"',
  ])("is sent as it is: %s", (idText) => expect(sentIdText(idText)).toBe(idText));

  it.each([
    ["1073741824", "2147483648"],
    ["1073741824.0", "2147483648"],
    ["1.5e9", "2573741824"],
    ["2147483648", "3221225472"],
    ["9007198180999167", "9007199254740991"],
  ])("makes room for ours: %s", (idText, sent) => expect(sentIdText(idText)).toBe(sent));

  test("is never one of ours, and no two below 2⁵³ − 2³⁰ become one: 1,000 pairs", () => {
    const number = fc.oneof(
      fc.integer({ min: FIRST_OWN_ID - 5, max: FIRST_OWN_ID + 5 }),
      fc.integer({ min: 2 ** 31 - 5, max: 2 ** 31 + 5 }),
      fc.integer({ min: 0, max: 2 ** 53 - 2 ** 30 - 1 }),
    );
    fc.assert(
      fc.property(number, number, (one, other) => {
        const sent = Number(sentIdText(String(one)));
        expect(sent >= FIRST_OWN_ID && sent < 2 ** 31).toBe(false);
        expect(sentIdText(String(one)) === sentIdText(String(other))).toBe(one === other);
      }),
      { numRuns: 1000 },
    );
  });

  test("is replaced in its place, and nothing else", () => {
    const text = '{ "id":1073741824, "params":{ "requestId": 7 } }';
    expect(underSentId(text, "id")).toBe('{ "id":2147483648, "params":{ "requestId": 7 } }');
    expect(underSentId(text, "params", "requestId")).toBe(text);
    expect(underSentId(text, "params", "none")).toBe(text);
  });
});
