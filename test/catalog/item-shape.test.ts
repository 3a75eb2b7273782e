import { describe, expect, it } from "vitest";
import { faultOf, withoutNulls } from "../../runtime/catalog/item-shape.ts";

describe("an item of a list", () => {
  it("loses members that are null, also in its parts, but none of its 2 schemas and its _meta", () => {
    const any = `{"default":null}`;
    const schemas = `"inputSchema":${any},"outputSchema":${any},"_meta":${any}`;
    const text = `{"name":"a","title":null,"annotations":{"title":null,"readOnlyHint":true},"arguments":[{"name":"b","description":null}],${schemas}}`;

    expect(withoutNulls(text)).toBe(
      `{"name":"a","annotations":{"readOnlyHint":true},"arguments":[{"name":"b"}],${schemas}}`,
    );
  });

  it("is the same text where nothing in it is null", () => {
    const text = '{ "name" : "a", "size" : 9007199254740993, "description": "null" }';
    expect(JSON.parse(withoutNulls(text))).toEqual(JSON.parse(text));
    expect(withoutNulls(text)).toContain("9007199254740993");
    expect(withoutNulls('{ "name" : "a" }')).toBe('{ "name" : "a" }');
  });

  const schema = { type: "object" };
  it.each([
    ["tools", { name: "a" }, "inputSchema is required"],
    ["tools", { name: "a", inputSchema: [] }, "inputSchema must be of the type object"],
    ["tools", { name: "a", inputSchema: {} }, 'inputSchema.type must be "object"'],
    [
      "tools",
      { name: "a", inputSchema: schema, outputSchema: { type: "array" } },
      'outputSchema.type must be "object"',
    ],
    [
      "tools",
      { name: "a", inputSchema: schema, description: 7 },
      "description must be of the type string",
    ],
    ["prompts", { name: "a", arguments: {} }, "arguments must be of the type array"],
    ["resources", { uri: "a:b" }, "name is required"],
    ["resources", { uri: "a:b", name: 7 }, "name must be a string"],
    ["resourceTemplates", { uriTemplate: "a:{b}" }, "name is required"],
  ] as const)("of %s that is %o is at fault: %s", (list, item, fault) => {
    expect(faultOf(JSON.stringify(item), list)).toBe(fault);
  });

  it.each([
    ["tools", { name: "a", inputSchema: { ...schema, properties: {} }, cost: 7 }],
    ["prompts", { name: "a" }],
    ["resources", { uri: "a:b", name: "a", size: 7 }],
    ["resourceTemplates", { uriTemplate: "a:{b}", name: "a" }],
  ] as const)("of %s that is %o has no fault", (list, item) => {
    expect(faultOf(JSON.stringify(item), list)).toBeUndefined();
  });
});
