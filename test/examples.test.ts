import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "@pulumi/pulumi";
import { beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ShapeFaults } from "../infra/faults/shape-faults.ts";
import { SCHEMA } from "../infra/package-schema.ts";
import { verdict } from "../testkit/pulumi/judged-stack.ts";
import { RecordedStack } from "../testkit/pulumi/recorded-stack.ts";

const PROGRAMS = join(import.meta.dirname, "../examples/programs");
const EXAMPLES = readdirSync(PROGRAMS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const withFile = (file: string) =>
  EXAMPLES.filter((example) => existsSync(join(PROGRAMS, example, file)));
const read = (example: string, file: string) => readFileSync(join(PROGRAMS, example, file), "utf8");

/** What the programs ask for; a value here is one that somebody would have to set. */
const CONFIG = {
  "eks-example:cacheAddress": "master.sessions.abc123.euw1.cache.amazonaws.com:6379",
  "eks-example:cachePassword": "the-password-of-the-cache",
  "eks-example:roleArn": "arn:aws:iam::123456789012:role/documents",
};

/** What is wrong with the arguments of a component, by the schema. `null` stands for what only a run knows. */
function faultsOf(component: string, args: unknown, path: string): string[] {
  const { inputProperties = {}, requiredInputs = [] } =
    SCHEMA.resources[`mcp-fleet:index:${component}`] ?? {};
  const shape = { type: "object", properties: inputProperties, required: requiredInputs };
  return new ShapeFaults(SCHEMA.types, new Set(), true)
    .of(path, args, shape)
    .map((fault) => `${fault.path} ${fault.rule}`);
}

/** A program in YAML as data: what it takes from elsewhere is known when it runs. */
function withoutReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutReferences);
  if (typeof value === "string") return /^\$\{[^}]*\}$/.test(value) ? null : value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutReferences(inner)]),
  );
}

it("there are 5 examples, each in TypeScript", () => {
  expect(EXAMPLES).toEqual([
    "eks",
    "existing-redis",
    "from-toolhive",
    "many-namespaces",
    "quickstart",
  ]);
  expect(withFile("index.ts")).toEqual(EXAMPLES);
});

describe("in TypeScript", () => {
  beforeEach(() => runtime.setAllConfig(CONFIG));

  it.each(withFile("index.ts"))("%s passes every mandatory policy", async (example) => {
    const stack = await RecordedStack.of(() => import(join(PROGRAMS, example, "index.ts")));
    const configured = existsSync(join(PROGRAMS, example, "policies.json"))
      ? JSON.parse(read(example, "policies.json"))
      : {};
    expect(stack.resources.length).toBeGreaterThan(5);
    expect(verdict(stack, configured)).toEqual([]);
  });
});

it("quickstart has a unit test with Pulumi's mocks, which the documentation shows", () => {
  const file = join(PROGRAMS, "quickstart/index.test.ts");
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { status, stdout } = spawnSync(process.execPath, ["--test", file], {
    env,
    encoding: "utf8",
  });
  expect(status, stdout).toBe(0);
  expect(stdout).toContain("pass 1");
  const page = readFileSync(join(PROGRAMS, "../../docs/testing-and-options.md"), "utf8");
  expect(page).toContain(readFileSync(file, "utf8"));
});

describe("in Pulumi YAML", () => {
  it.each(withFile("Pulumi.yaml"))(
    "%s says what the schema knows, and all that it requires",
    (example) => {
      const program = parse(read(example, "Pulumi.yaml"));
      const found = Object.entries<{ type: string; properties: object }>(program.resources).flatMap(
        ([name, { type, properties }]) =>
          faultsOf(type.replace("mcp-fleet:", ""), withoutReferences(properties), name),
      );
      expect(found).toEqual([]);
    },
  );

  it("a mistyped argument is found, and one that is required and missing", () => {
    const program = { backends: [{ nam: "wiki" }], sessions: 1, sessionStorage: { adress: "a:1" } };
    expect(faultsOf("VirtualMcpServer", program, "gateway")).toEqual([
      "gateway.backends[0].name is required",
      "gateway.backends[0].nam is not a known argument",
      "gateway.sessionStorage.adress is not a known argument",
    ]);
    expect(faultsOf("Gateway", { sessions: 1 }, "gateway")).toHaveLength(1);
  });
});

/** Every call of a class of the package in a program in Python, as JSON: [name, arguments], with what is not written out as null. */
const CALLS = `
import ast, json, sys
def plain(node):
    if isinstance(node, ast.Dict):
        return {key.value: plain(value) for key, value in zip(node.keys, node.values)}
    if isinstance(node, ast.List):
        return [plain(entry) for entry in node.elts]
    return None
calls = [node for node in ast.walk(ast.parse(sys.stdin.read())) if isinstance(node, ast.Call)]
print(json.dumps([
    [call.func.attr, {argument.arg: plain(argument.value) for argument in call.keywords}]
    for call in calls
    if isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "mcp_fleet"
]))
`;

describe("in Python", () => {
  it.each(withFile("__main__.py"))("%s says what the schema knows, in snake case", (example) => {
    const calls: [string, object][] = JSON.parse(
      execFileSync("python3", ["-c", CALLS], {
        input: read(example, "__main__.py"),
        encoding: "utf8",
      }),
    );
    expect(calls.length).toBeGreaterThan(0);
    const found = calls.flatMap(([name, args]) => faultsOf(name, camelCase(args), name));
    expect(found).toEqual([]);
  });
});

/** Of each literal of the package's types in a program in Go, its type without `Args` at the end, and its fields in the schema's case. */
function literalsOf(program: string): { readonly type: string; readonly fields: string[] }[] {
  const found: { type: string; fields: string[] }[] = [];
  const open: { type: string; fields: string[]; isList: boolean }[] = [];
  const tokens = /(\[\])?mcpfleet\.(\w+)Args\{|"(?:[^"\\]|\\.)*"|\{|\}|\b([A-Z]\w*):\s/g;
  for (const [token, list, type, field] of program.matchAll(tokens)) {
    const inner = open.at(-1);
    if (token.endsWith("{")) {
      const name = type ?? (inner?.isList ? inner.type : "");
      const literal = { type: name, fields: [], isList: list !== undefined };
      open.push(literal);
      if (name !== "" && !literal.isList) found.push(literal);
    } else if (token === "}") open.pop();
    else if (field !== undefined)
      inner?.fields.push(field.replace(/^./, (first) => first.toLowerCase()));
  }
  return found;
}

/** Fields that the schema does not know, and those that it requires and that are missing. */
function faultsInGo(program: string): string[] {
  return literalsOf(program).flatMap(({ type, fields }) => {
    const shape =
      SCHEMA.resources[`mcp-fleet:index:${type}`] ?? SCHEMA.types[`mcp-fleet:index:${type}`];
    const known = Object.keys(shape?.inputProperties ?? shape?.properties ?? {});
    const required = shape?.requiredInputs ?? shape?.required ?? [];
    return [
      ...fields.filter((field) => !known.includes(field)).map((field) => `${type}.${field}`),
      ...required
        .filter((field) => !fields.includes(field))
        .map((field) => `${type} needs ${field}`),
    ];
  });
}

describe("in Go", () => {
  it.each(withFile("main.go"))(
    "%s says what the schema knows, and all that it requires",
    (example) => {
      const program = read(example, "main.go");
      expect(literalsOf(program).length).toBeGreaterThan(1);
      expect(faultsInGo(program)).toEqual([]);
    },
  );

  it("a mistyped argument is found, and one that is required and missing", () => {
    const program = read("quickstart", "main.go").replace("MasterName:", "MainName:");
    expect(faultsInGo(program)).toContain("StorageSentinelArgs.mainName");
    expect(faultsInGo(program.replaceAll("Sessions:", "Session:"))).toContain(
      "RedisSentinel needs sessions",
    );
  });
});

/** Keys of Python as the schema has them; keys of a map are as they are, such as annotations. */
function camelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      /[.:/]/.test(key) ? key : key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      camelCase(inner),
    ]),
  );
}
