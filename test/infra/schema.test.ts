import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contractLines, widerLines } from "../../testkit/pulumi/contract-lines.ts";
import { GrowingList } from "../../testkit/pulumi/growing-list.ts";
import { componentSchema, SCHEMA_FILE, schemaText } from "../../tools/docs/component-schema.ts";

const PACKAGE = join(import.meta.dirname, "../../infra/package.json");

/** As the sources are now: reading them takes seconds. */
const schema = componentSchema();

describe("the schema of the package", () => {
  test("is what Pulumi's analyzer reads from the 3 components now", () => {
    expect(schemaText(schema), "run: make docs").toBe(readFileSync(SCHEMA_FILE, "utf8"));
  });

  test("says of the package what its package.json says, and where its logo is", () => {
    const { name, version, description, homepage, license, keywords } = JSON.parse(
      readFileSync(PACKAGE, "utf8"),
    );
    const repository = "https://github.com/mcp-fleet/mcp-fleet";
    expect(schema).toMatchObject({
      ...{ name, version, description, homepage, license, keywords, repository },
      ...{ displayName: "MCP Fleet", publisher: "mcp-fleet" },
      logoUrl: `${repository}/raw/v${version}/docs/logo.svg`,
    });
    expect(keywords).toEqual(expect.arrayContaining(["category/infrastructure", "kind/component"]));
  });
});

describe("the arguments and outputs of the components", () => {
  const list = new GrowingList(join(import.meta.dirname, "arguments.txt"));
  const lines = contractLines(schema);

  test("are all that arguments.txt says, each of the type it has there, none of them required since", () => {
    const gone = list.published.filter(
      (line) => !widerLines(line).some((wider) => lines.includes(wider)),
    );
    expect(gone, "programs that are written rely on these").toEqual([]);
  });

  test("that are new in a type that is published may be left out", () => {
    const members = (all: readonly string[]) => all.map((line) => /^(\w+)\.(\w+)/.exec(line) ?? []);
    const types = new Set(members(list.published).map(([, type]) => type));
    const known = new Set(members(list.published).map(([path]) => path));
    const demanded = lines.filter((line) => {
      const [path, type = "", member] = /^(\w+)\.(\w+): (?!Output<)/.exec(line) ?? [];
      return path && types.has(type) && !known.has(`${type}.${member}`);
    });
    expect(demanded, "programs that are written do not say these").toEqual([]);
  });

  test("are all in arguments.txt (UPDATE_ARGUMENTS=1 adds those that are new)", () => {
    if (process.env.UPDATE_ARGUMENTS === "1") list.add(lines);
    expect(list.missing(lines), "run with UPDATE_ARGUMENTS=1").toEqual([]);
  });

  test("may become wider: a required argument optional, a plain one an output; never narrower", () => {
    expect(widerLines("A.b: number")).toEqual([
      "A.b: number",
      "A.b?: number",
      "A.b: Input<number>",
      "A.b?: Input<number>",
    ]);
    expect(widerLines("A.b?: Input<string>[]")).toEqual([
      "A.b?: Input<string>[]",
      "A.b?: Input<Input<string>[]>",
    ]);
    expect(widerLines("A.b?: Input<string>")).toEqual(["A.b?: Input<string>"]);
  });
});
