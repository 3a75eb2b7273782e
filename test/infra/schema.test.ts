import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contractLines, widerLines } from "../../testkit/pulumi/contract-lines.ts";
import { GrowingList } from "../../testkit/pulumi/growing-list.ts";
import {
  componentSchema,
  SCHEMA_FILE,
  schemaText,
  shippedSchema,
} from "../../tools/docs/component-schema.ts";

const PACKAGE = join(import.meta.dirname, "../../infra/dist");

describe("the schema of the package", () => {
  test("is what Pulumi's analyzer reads from the 3 components now", () => {
    expect(schemaText(), "run: make docs").toBe(readFileSync(SCHEMA_FILE, "utf8"));
  });

  test("is what the analyzer reads from the package as it is shipped, too", () => {
    if (!existsSync(join(PACKAGE, "schema.json"))) {
      throw new Error("there is no package to test: run make build");
    }
    const shipped = JSON.parse(readFileSync(join(PACKAGE, "schema.json"), "utf8"));
    expect(contractLines(shippedSchema(PACKAGE))).toEqual(contractLines(shipped));
  });
});

describe("the arguments and outputs of the components", () => {
  const list = new GrowingList(join(import.meta.dirname, "arguments.txt"));
  const lines = contractLines(componentSchema());

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
