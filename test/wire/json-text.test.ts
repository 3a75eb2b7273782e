import fc from "fast-check";
import { describe, expect, it, test, vi } from "vitest";

import { at, cut, elements, members, replace, withMember } from "../../runtime/wire/json-text.ts";

const entriesOf = (text: string) =>
  members(text).map((member) => [member.key, cut(text, member)] as const);

describe("members", () => {
  it.each<[string, [string, string][]]>([
    ["{}", []],
    [" { } ", []],
    ['{"a":1}', [["a", "1"]]],
    [
      '\n{ "a" :\t1.50 , "b" : [ 1 , {"c":2} ] }\r\n',
      [
        ["a", "1.50"],
        ["b", '[ 1 , {"c":2} ]'],
      ],
    ],
    [
      '{"a":"}{","b":"]["}',
      [
        ["a", '"}{"'],
        ["b", '"]["'],
      ],
    ],
    [
      '{"a":"\\"","b":"\\\\","c":"\\\\\\""}',
      [
        ["a", '"\\""'],
        ["b", '"\\\\"'],
        ["c", '"\\\\\\""'],
      ],
    ],
    [
      '{"a\\"b":1,"c\\\\":2}',
      [
        ['a"b', "1"],
        ["c\\", "2"],
      ],
    ],
    ['{"\\u0061":1}', [["a", "1"]]],
    [
      '{"日本":"🙂","é":null}',
      [
        ["日本", '"🙂"'],
        ["é", "null"],
      ],
    ],
    [
      '{"":true,"__proto__":false}',
      [
        ["", "true"],
        ["__proto__", "false"],
      ],
    ],
    [
      '{"n":-0.0e-10,"m":9007199254740993}',
      [
        ["n", "-0.0e-10"],
        ["m", "9007199254740993"],
      ],
    ],
  ])("%s", (text, entries) => {
    expect(entriesOf(text)).toEqual(entries);
  });

  it.each(['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"":1,"":2}'])(
    "%s has a key twice, which throws",
    (text) => {
      expect(() => members(text)).toThrow(/duplicate key/);
    },
  );

  it.each([
    "",
    "[]",
    "1",
    "{",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a" 1}',
    "{a:1}",
    '{"a":"',
    '{"a":"\\"}',
    '{"a":,"b":1}',
    '{"a":[}',
    "{,}",
  ])("%j is no object, which throws a SyntaxError", (text) => {
    expect(() => members(text)).toThrow(SyntaxError);
  });

  test("any object of any JSON: the same keys in the same order, and values that parse to the same", () => {
    fc.assert(
      fc.property(jsonObject(), spaces(), (object, space) => {
        const text = JSON.stringify(object, null, space);
        const entries = entriesOf(text).map(([key, value]) => [key, JSON.parse(value)]);
        expect(entries).toEqual(Object.entries(JSON.parse(text)));
      }),
    );
  });
});

describe("elements", () => {
  it.each<[string, string[]]>([
    ["[]", []],
    [" [ ] ", []],
    ["[1]", ["1"]],
    ['[ 1 , "]" , [2,3] , {"a":[]} ]', ["1", '"]"', "[2,3]", '{"a":[]}']],
  ])("%s", (text, expected) => {
    expect(elements(text).map((span) => cut(text, span))).toEqual(expected);
  });

  test("any array of any JSON: values that parse to the same, in the same order", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), spaces(), (array, space) => {
        const text = JSON.stringify(array, null, space);
        const values = elements(text).map((span) => JSON.parse(cut(text, span)));
        expect(values).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe("at", () => {
  const text = '{"a":{"b":[1,2],"c":{"d":"x"}},"e":5}';

  it.each<[string[], string | undefined]>([
    [[], text],
    [["e"], "5"],
    [["a", "b"], "[1,2]"],
    [["a", "c", "d"], '"x"'],
    [["z"], undefined],
    [["a", "z"], undefined],
    [["e", "x"], undefined],
    [["a", "b", "0"], undefined],
    [["toString"], undefined],
  ])("the path %j is %s", (path, expected) => {
    const span = at(text, ...path);
    expect(span && cut(text, span)).toBe(expected);
  });
});

describe("replace and withMember", () => {
  it("changes one value and not one other character", () => {
    const text = ' {"id" : 1.50,\n "x":"\\u00e9"} ';
    const id = at(text, "id");
    expect(id && replace(text, id, '"other"')).toBe(' {"id" : "other",\n "x":"\\u00e9"} ');
  });

  it.each([
    ["{}", '{"k":1}'],
    [" { } ", ' {"k":1 } '],
    ['{"a":0}', '{"k":1,"a":0}'],
    ['{ "a":0 , "k" : {"x":2} }', '{ "a":0 , "k" : 1 }'],
    ['{"a":{"k":5}}', '{"k":1,"a":{"k":5}}'],
  ])("%s with k set to 1 is %s", (text, expected) => {
    expect(withMember(text, "k", "1")).toBe(expected);
  });

  it("escapes the key it sets", () => {
    expect(JSON.parse(withMember("{}", 'a"\\\n', "1"))).toEqual({ 'a"\\\n': 1 });
  });

  test("any member of any JSON object replaced by itself leaves the same text", () => {
    fc.assert(
      fc.property(jsonObject(), spaces(), (object, space) => {
        const text = JSON.stringify(object, null, space);
        for (const member of members(text)) {
          expect(replace(text, member, cut(text, member))).toBe(text);
          expect(withMember(text, member.key, cut(text, member))).toBe(text);
        }
      }),
    );
  });

  test("any key of any JSON object set to any value is what JSON.parse finds", () => {
    fc.assert(
      fc.property(jsonObject(), fc.string(), fc.jsonValue(), (object, key, value) => {
        const changed = withMember(JSON.stringify(object), key, JSON.stringify(value));
        const entries = Object.entries(JSON.parse(JSON.stringify(object)));
        const expected = new Map([...entries, [key, JSON.parse(JSON.stringify(value))]]);
        expect(new Map(Object.entries(JSON.parse(changed)))).toEqual(expected);
      }),
    );
  });
});

describe("size", () => {
  /** Characters looked at, one by one or by a search: what the time of a scan grows with. */
  function stepsOf(text: string): number {
    const looks = vi.spyOn(String.prototype, "charCodeAt");
    const searches = vi.spyOn(String.prototype, "indexOf");
    try {
      members(text);
      const searched = searches.mock.calls.map(([, from = 0], index) => {
        const found: unknown = searches.mock.results[index]?.value;
        return (typeof found === "number" && found >= 0 ? found : text.length) - from + 1;
      });
      return looks.mock.calls.length + searched.reduce((sum, steps) => sum + steps, 0);
    } finally {
      looks.mockRestore();
      searches.mockRestore();
    }
  }

  it("a value nested 1,000,000 deep is skipped without a stack", () => {
    const deep = "[".repeat(1_000_000) + "]".repeat(1_000_000);
    const text = `{"a":${deep},"b":1}`;
    expect(entriesOf(text).map(([key, value]) => [key, value.length])).toEqual([
      ["a", 2_000_000],
      ["b", 1],
    ]);
  });

  it("1,000,000 open brackets that nobody closes throw a SyntaxError", () => {
    expect(() => members(`{"a":${"[".repeat(1_000_000)}`)).toThrow(SyntaxError);
  });

  it.each([
    ["nested arrays", (size: number) => `{"a":${"[".repeat(size)}${"]".repeat(size)}}`],
    ["a string of escaped quotes", (size: number) => `{"a":"${'\\"'.repeat(size)}"}`],
    ["a string of backslashes", (size: number) => `{"a":"${"\\\\".repeat(size)}"}`],
    ["strings that end in backslashes", (size: number) => `{"a":[${'"\\\\",'.repeat(size)}0]}`],
    ["white space", (size: number) => `{"a":${" ".repeat(size)}1}`],
    [
      "many members",
      (size: number) => `{${Array.from({ length: size }, (_, index) => `"${index}":0`).join()}}`,
    ],
  ])("10 times as much of %s takes at most 12 times as many steps", (_what, make) => {
    const few = stepsOf(make(300));
    expect(few).toBeGreaterThan(300);
    expect(stepsOf(make(3_000))).toBeLessThanOrEqual(few * 12);
  });
});

function jsonObject() {
  return fc.dictionary(fc.string(), fc.jsonValue());
}

function spaces() {
  return fc.constantFrom("", " ", "\t", "\n", "\r\n  ");
}
