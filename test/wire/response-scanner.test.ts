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

/** `V` stands for what every JSON-RPC message says. */
const versioned = (text: string) => text.replace(/([{, ])V([, ])/g, '$1"jsonrpc":"2.0"$2');

const PIECES = [1, 2, 3, 7, 1000];

describe("an answer that is passed on piece by piece", () => {
  it.each([
    ['{"jsonrpc":"2.0","id":7,"result":{}}', '{"jsonrpc":"2.0","id":"seven","result":{}}'],
    [
      '{"result":{"id":1},"jsonrpc":"2.0","id":7}',
      '{"result":{"id":1},"jsonrpc":"2.0","id":"seven"}',
    ],
    ['{V,"result":"\\"id\\":8,","id":7}', '{V,"result":"\\"id\\":8,","id":"seven"}'],
    ['{V,"error":{"a":"\\\\"},"id":7.0}', '{V,"error":{"a":"\\\\"},"id":"seven"}'],
    [
      ' {\n"id" : 7 ,\r\n"result" : [ "}" ] , V } \n',
      ' {\n"id" : "seven" ,\r\n"result" : [ "}" ] , V } \n',
    ],
    ['{V,"\\u0069d":7,"result":null}', '{V,"\\u0069d":"seven","result":null}'],
    ['{V,"id":"7","result":null}', '{V,"id":"seven","result":null}'],
    ['{V,"id":"\\u0037","result":null}', '{V,"id":"seven","result":null}'],
    ['{V,"id":7,"method":null,"result":1}', '{V,"id":"seven","method":null,"result":1}'],
    [
      '{"json\\u0072pc":"\\u0032\\u002e\\u0030","id":7,"result":1}',
      '{"json\\u0072pc":"\\u0032\\u002e\\u0030","id":"seven","result":1}',
    ],
  ])("carries the client's id: %s", (text, expected) => {
    for (const pieceBytes of PIECES) {
      expect(scanned(versioned(text), pieceBytes)).toBe(versioned(expected));
    }
    expect(responseTo(IDS, versioned(text))).toBe(versioned(expected));
  });

  it.each([
    '{"jsonrpc":"2.0","id":8,"result":{}}',
    '{V,"result":{},"id":8}',
    '{V,"id":7,"result":{},"id":8}',
    '{V,"id":7,"result":{},"\\u0069d":8}',
    '{V,"id":7,"result":1,"result":2}',
    '{V,"result":{}}',
    '{V,"id":7}',
    '{V,"id":7,"method":"ping","result":{}}',
    '{V,"id":{"a":7},"result":{}}',
    '{V,"id":null,"error":{}}',
    `{V,"id":"${"7".repeat(1000)}","result":{}}`,
    '{V,"id":7,"result":{}}{V,"id":8,"result":{}}',
    '[{V,"id":8,"result":{}}]',
    '{V,"id":7,"result":{},"method":"null"}',
    '{V,"id":7,"result":{},"method":null,"method":null}',
    '{V,"id":7,"result":{}',
    '{V,"id":,"result":{}}',
    '{V,"id":7 "result":{}}',
    '{V,"id":7,"result":{},}',
    "<html></html>",
    "",
    '{"id":7,"result":{}}',
    '{"jsonrpc":"1.0","id":7,"result":{}}',
    '{"jsonrpc":2.0,"id":7,"result":{}}',
    '{"jsonrpc":null,"id":7,"result":{}}',
    `{"jsonrpc":"${"2.0".repeat(1000)}","id":7,"result":{}}`,
    '{V,"id":7,"result":{},"jsonrpc":"2.0"}',
  ])("is refused: %s", (text) => {
    for (const pieceBytes of PIECES) expect(scanned(versioned(text), pieceBytes)).toBeUndefined();
    expect(responseTo(IDS, versioned(text))).toBeUndefined();
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
    const value = fc.oneof(fc.constantFrom(7, 8, "7", "2.0"), fc.jsonValue());
    const message = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name });
    const version = fc.constantFrom(['"jsonrpc":"2.0"'], []);
    fc.assert(
      fc.property(
        version,
        message,
        fc.integer({ min: 1, max: 40 }),
        (first, entries, pieceBytes) => {
          const more = entries.map(
            ([name, one]) => `${JSON.stringify(name)}:${JSON.stringify(one)}`,
          );
          const text = `{${[...first, ...more].join(",")}}`;
          const method = entries.find(([name]) => name === "method")?.[1];
          fc.pre(method === undefined || typeof method === "string");
          expect(scanned(text, pieceBytes)).toBe(responseTo(IDS, text));
        },
      ),
      { numRuns: 500 },
    );
  });
});
