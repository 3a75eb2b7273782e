import { describe, expect, it } from "vitest";
import { RequestIdScanner } from "../../runtime/wire/request-id-scanner.ts";

/** What is found in a text that arrives in pieces of so many bytes. */
function idIn(text: string, pieceBytes: number): string | undefined {
  const scanner = new RequestIdScanner();
  const bytes = Buffer.from(text);
  let found: string | undefined;
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    found = scanner.push(bytes.subarray(at, at + pieceBytes));
  }
  return found;
}

const params = '"params":{"id":9,"method":"no","text":"a\\"b} ,é","list":[1,{"id":8}]}';

const ROWS: readonly (readonly [string, string, string | undefined])[] = [
  ["last", `{"method":"tools/call",${params},"jsonrpc":"2.0","id":7}`, "7"],
  ["first", `{"id":"a\\"7","jsonrpc":"2.0","method":"tools/call",${params}}`, '"a\\"7"'],
  ["with spaces", ` {\n "id" : 7 , "method" : "x" , ${params} } `, "7"],
  ["of a text that breaks off behind it", `{"id":7,"method":"x",${params.slice(0, 30)}`, "7"],
  ["of a notification", `{"jsonrpc":"2.0","method":"x",${params}}`, undefined],
  ["of a response", '{"jsonrpc":"2.0","id":7,"result":{"method":"x"}}', undefined],
  ["of a batch", `[{"id":7,"method":"x"}]`, undefined],
  ["that is null", '{"id":null,"method":"x"}', undefined],
  ["of 300 bytes", `{"id":"${"x".repeat(300)}","method":"x"}`, undefined],
  ["of what is not JSON", "id=7&method=x", undefined],
];

describe.each([1, 7, 10_000])("in pieces of %i bytes, the id of a request", (pieceBytes) => {
  it.each(ROWS)("%s is found where there is one", (_what, text, idText) => {
    expect(idIn(text, pieceBytes)).toBe(idText);
  });
});
