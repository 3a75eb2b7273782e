import { describe, expect, it } from "vitest";

import { FleetError } from "../../runtime/wire/fleet-error.ts";
import { isSameId, readEnvelope, readMessage } from "../../runtime/wire/message.ts";

describe("what a client sends", () => {
  it.each([
    ["a request", '{"jsonrpc":"2.0","id":7,"method":"ping"}', "request", "ping", "7"],
    [
      "a request with a string id",
      '{"jsonrpc":"2.0","id":"x","method":"ping"}',
      "request",
      "ping",
      '"x"',
    ],
    [
      "an id above 2^53",
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}',
      "request",
      "ping",
      "9007199254740993",
    ],
    ["a fraction", '{"jsonrpc":"2.0","id":1.50,"method":"ping"}', "request", "ping", "1.50"],
    [
      "a notification",
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      "notification",
      "notifications/initialized",
      "",
    ],
    ["a result", '{"jsonrpc":"2.0","id":7,"result":{}}', "response", "", "7"],
    [
      "an error",
      '{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":""}}',
      "response",
      "",
      '"x"',
    ],
    ["a result of null", '{"jsonrpc":"2.0","id":7,"result":null}', "response", "", "7"],
    [
      "members in any order",
      ' {"params":{"id":1},"id" : 2 ,"method":"m","jsonrpc":"2.0"}',
      "request",
      "m",
      "2",
    ],
    ["an escaped method", '{"jsonrpc":"2.0","id":7,"method":"p\\u0069ng"}', "request", "ping", "7"],
  ])("%s", (_what, text, kind, method, idText) => {
    expect(readMessage(text)).toMatchObject({ text, kind, method, idText });
  });

  it("params are parsed, and are an empty object where there are none", () => {
    expect(readMessage('{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":[1]}}').params).toEqual({
      a: [1],
    });
    expect(readMessage('{"jsonrpc":"2.0","id":7,"method":"m"}').params).toEqual({});
  });

  it.each([
    ["{", "PARSE_ERROR"],
    ["", "PARSE_ERROR"],
    ["null", "INVALID_REQUEST"],
    ["[]", "INVALID_REQUEST"],
    ["{}", "INVALID_REQUEST"],
    ['{"jsonrpc":2.0,"id":7,"method":"m"}', "INVALID_REQUEST"],
    ['{"jsonrpc":"2.0","id":7}', "INVALID_REQUEST"],
    ['{"jsonrpc":"2.0","id":null,"method":"m"}', "INVALID_REQUEST"],
    ['{"jsonrpc":"2.0","id":true,"method":"m"}', "INVALID_REQUEST"],
    ['{"jsonrpc":"2.0","id":null,"result":{}}', "INVALID_REQUEST"],
    ['{"jsonrpc":"2.0","result":{}}', "INVALID_REQUEST"],
    ['{"jsonrpc":"2.0","id":7,"method":null}', "INVALID_REQUEST"],
    ['{"jsonrpc":"2.0","id":7,"method":"m","method":"n"}', "INVALID_REQUEST"],
    ['{"jsonrpc":"2.0","id":7,"method":"m","params":{"name":1,"n\\u0061me":2}}', "INVALID_REQUEST"],
  ])("%j is %s", (text, code) => {
    expect(codeOf(() => readMessage(text))).toBe(code);
  });

  it("an error about params carries the id 7, one about the id itself none", () => {
    expect(idTextOf('{"jsonrpc":"2.0","id":7,"method":"m","params":[]}')).toBe("7");
    expect(idTextOf('{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":1,"a":2}}')).toBe("7");
    expect(idTextOf('{"jsonrpc":"2.0","id":[7],"method":"m"}')).toBeUndefined();
  });

  it("keys inside arguments may stand twice: they are the backend's to judge", () => {
    const text = '{"jsonrpc":"2.0","id":7,"method":"m","params":{"arguments":{"a":1,"a":2}}}';
    expect(readMessage(text).kind).toBe("request");
  });
});

describe("what a backend sends", () => {
  it.each([
    ['{"id":7,"method":"ping"}', { kind: "request", method: "ping", idText: "7" }],
    ['{"id":0,"method":"ping"}', { kind: "request", method: "ping", idText: "0" }],
    ['{"method":"m"}', { kind: "notification", method: "m", idText: "" }],
    ['{"result":{},"id":1.0}', { kind: "response", method: "", idText: "1.0" }],
    ['{"error":{}}', { kind: "response", method: "", idText: "" }],
  ])("%s", (text, envelope) => {
    expect(readEnvelope(`{"jsonrpc":"2.0",${text.slice(1)}`)).toMatchObject(envelope);
  });

  it.each([
    "{}",
    "[]",
    "x",
    '{"id":1}',
    '{"jsonrpc":"2.0","id":1}',
    '{"id":1,"result":{}}',
    '{"jsonrpc":"1.0","id":1,"result":{}}',
    '{"jsonrpc":2.0,"id":1,"result":{}}',
    '{"method":"ping","id":1}',
    '{"method":"notifications/progress"}',
  ])("%s is no message, which throws a SyntaxError", (text) => {
    expect(() => readEnvelope(text)).toThrow(SyntaxError);
  });

  it("the span of the id is where it stands in the text", () => {
    const text = '{"jsonrpc":"2.0","x":{"id":1}, "id" : "a\\"b" ,"method":"m"}';
    const { id } = readEnvelope(text);
    expect(id && text.slice(id.start, id.end)).toBe('"a\\"b"');
  });
});

it.each([
  ["7", "7", true],
  ["1.0", "1", true],
  ["1e2", "100", true],
  ['"\\u00e9"', '"é"', true],
  ["9007199254740993", "9007199254740992", true],
  ["7", "8", false],
  ["1", '"1"', false],
  ["", "7", false],
  ["7", "no JSON", false],
  ["{}", "{ }", false],
])("the ids %s and %s mean the same: %s", (one, other, same) => {
  expect(isSameId(one, other)).toBe(same);
});

function errorOf(work: () => unknown): FleetError {
  try {
    work();
  } catch (error) {
    if (error instanceof FleetError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

function codeOf(work: () => unknown): string {
  return errorOf(work).code;
}

function idTextOf(text: string): string | undefined {
  return errorOf(() => readMessage(text)).idText;
}

it("takes params null as none, which is what some clients write", () => {
  const message = readMessage('{"jsonrpc":"2.0","id":7,"method":"m","params":null}');
  expect(message).toMatchObject({ kind: "request", method: "m", params: {} });
  expect(message.text).toBe('{"jsonrpc":"2.0","id":7,"method":"m","params":{}}');
});
