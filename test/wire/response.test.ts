import { expect, it } from "vitest";
import { ownIds, responseTo } from "../../runtime/wire/response.ts";

const answer = (id: string) => `{"jsonrpc":"2.0","id":${id},"result":{}}`;

it.each([
  ["7", "7"],
  ["7.0", "7"],
  ['"7"', "7"],
  ['"\\u0037"', "7"],
  ['"a"', '"a"'],
])("an answer under the id %s is that to the request %s, and goes on under its id", (id, asked) => {
  expect(responseTo(ownIds(asked), answer(id))).toBe(answer(asked));
});

it.each([
  ["8", "7"],
  ['"8"', "7"],
  ["7", '"7"'],
  ['"\\"7\\""', '"7"'],
  ["null", "7"],
])("an answer under the id %s is none to the request %s", (id, asked) => {
  expect(responseTo(ownIds(asked), answer(id))).toBeUndefined();
});

it("the answer is found in an array of 3 messages", () => {
  const note = '{"jsonrpc":"2.0","method":"notifications/message"}';
  const text = ` [${note}, ${answer("6")} ,${answer("7")}]`;
  expect(responseTo(ownIds("7"), text)).toBe(answer("7"));
});

it.each([["[]"], [`[${answer("6")}]`], [`[${answer("7")}] x`], [`[${answer("7")}`], ["[[]]"]])(
  "there is no answer in %s",
  (text) => {
    expect(responseTo(ownIds("7"), text)).toBeUndefined();
  },
);
