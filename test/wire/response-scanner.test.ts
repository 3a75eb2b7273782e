import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { responseTo } from "../../runtime/wire/response.ts";
import { ResponseScanner } from "../../runtime/wire/response-scanner.ts";

const IDS = { sentIdText: "7", idText: '"seven"' };

/** What is passed on of an answer that comes in pieces of this size; undefined where it is refused. */
function scanned(text: string, pieceBytes: number, ids = IDS): string | undefined {
  const scanner = new ResponseScanner(ids);
  const bytes = Buffer.from(text);
  const passed: Buffer[] = [];
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      passed.push(...scanner.push(bytes.subarray(at, at + pieceBytes)));
    }
    scanner.finish();
  } catch {
    return undefined;
  }
  return Buffer.concat(passed).toString("utf8");
}

const PIECES = [1, 2, 3, 7, 1000];

describe("an answer that is passed on piece by piece", () => {
  it.each([
    ['{"jsonrpc":"2.0","id":7,"result":{}}', '{"jsonrpc":"2.0","id":"seven","result":{}}'],
    [
      '{"result":{"id":1},"jsonrpc":"2.0","id":7}',
      '{"result":{"id":1},"jsonrpc":"2.0","id":"seven"}',
    ],
    ['{"result":"\\"id\\":8,","id":7}', '{"result":"\\"id\\":8,","id":"seven"}'],
    ['{"error":{"a":"\\\\"},"id":7.0}', '{"error":{"a":"\\\\"},"id":"seven"}'],
    [
      ' {\n"id" : 7 ,\r\n"result" : [ "}" ] } \n',
      ' {\n"id" : "seven" ,\r\n"result" : [ "}" ] } \n',
    ],
    ['{"\\u0069d":7,"result":null}', '{"\\u0069d":"seven","result":null}'],
    ['{"id":"7","result":null}', '{"id":"seven","result":null}'],
    ['{"id":"\\u0037","result":null}', '{"id":"seven","result":null}'],
    ['{"id":7,"method":null,"result":1}', '{"id":"seven","method":null,"result":1}'],
  ])("carries the client's id: %s", (text, expected) => {
    for (const pieceBytes of PIECES) expect(scanned(text, pieceBytes)).toBe(expected);
  });

  it.each([
    '{"jsonrpc":"2.0","id":8,"result":{}}',
    '{"result":{},"id":8}',
    '{"id":7,"result":{},"id":8}',
    '{"id":7,"result":{},"\\u0069d":8}',
    '{"id":7,"result":1,"result":2}',
    '{"result":{}}',
    '{"id":7}',
    '{"id":7,"method":"ping","result":{}}',
    '{"id":{"a":7},"result":{}}',
    '{"id":null,"error":{}}',
    `{"id":"${"7".repeat(1000)}","result":{}}`,
    '{"id":7,"result":{}}{"id":8,"result":{}}',
    '[{"id":8,"result":{}}]',
    '{"id":7,"result":{},"method":"null"}',
    '{"id":7,"result":{},"method":null,"method":null}',
    '{"id":7,"result":{}',
    '{"id":,"result":{}}',
    '{"id":7 "result":{}}',
    '{"id":7,"result":{},}',
    "<html></html>",
    "",
  ])("is refused: %s", (text) => {
    for (const pieceBytes of PIECES) expect(scanned(text, pieceBytes)).toBeUndefined();
    expect(responseTo(IDS, text)).toBeUndefined();
  });

  test("is judged as a whole one is, however it is cut: 500 random messages", () => {
    const key = fc.constantFrom(
      "id",
      "result",
      "error",
      "method",
      "jsonrpc",
      "x",
      '"\\',
      "é".repeat(40),
    );
    const value = fc.oneof(fc.constantFrom(7, 8, "7"), fc.jsonValue());
    const message = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name });
    fc.assert(
      fc.property(message, fc.integer({ min: 1, max: 40 }), (entries, pieceBytes) => {
        const text = `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${JSON.stringify(one)}`).join(",")}}`;
        const method = entries.find(([name]) => name === "method")?.[1];
        fc.pre(method === undefined || typeof method === "string");
        expect(scanned(text, pieceBytes)).toBe(responseTo(IDS, text));
      }),
      { numRuns: 500 },
    );
  });
});
