import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { interpolate, output, secret } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import * as fleet from "../infra/index.ts";
import { verdict } from "../testkit/pulumi/judged-stack.ts";
import { RecordedStack } from "../testkit/pulumi/recorded-stack.ts";

const ROOT = join(import.meta.dirname, "..");

interface Example {
  readonly page: string;
  readonly language: string;
  readonly text: string;
  readonly line: string;
}

const MAKES =
  /new (?:McpServer|RedisSentinel|VirtualMcpServer)\(|: SessionStorageArgs|^ +type: mcp-fleet:/m;

/** Every example of the pages that makes components, or the store of some. */
const EXAMPLES: readonly Example[] = [
  "README.md",
  ...globSync("docs/**/*.md", { cwd: ROOT }).sort(),
]
  .flatMap((page) => {
    const blocks = readFileSync(join(ROOT, page), "utf8").matchAll(
      /^```(ts|yaml)\n([\s\S]*?)^```/gm,
    );
    return [...blocks].map(([, language = "", text = ""]) => {
      return {
        page,
        language,
        text,
        line: text.split("\n").find((one) => !/^import/.test(one)) ?? "",
      };
    });
  })
  // What is of another stack is tried with the engine: test/pulumi/outputs.test.ts.
  .filter(({ text }) => MAKES.test(text) && !text.includes("StackReference"));

/** A cloud whose resources have outputs for whatever is asked of them. */
const cloud = (): unknown =>
  new Proxy(class {}, {
    get: (_, name) => (name === "prototype" ? {} : cloud()),
    construct: () => new Proxy({}, { get: (_, name) => output(`${String(name)}.example.com`) }),
  });

/** The package, with a configuration of the stack that has whatever is asked of it. */
const pulumi = {
  Config: class {
    requireSecret(name: string) {
      return secret(`${name}-secret`);
    }
  },
};

/** What examples take for granted: components of the same program, and packages of clouds. */
const GIVEN = {
  backends: () => [{ name: "wiki", url: "https://wiki.example.com/mcp" }],
  github: () => new fleet.McpServer("github", { image: "github:1" }),
  redis: () => new fleet.RedisSentinel("sessions", { sessions: 20_000 }),
};

function runTypescript(text: string): void {
  const body = stripTypeScriptTypes(text.replaceAll(/^import .*;\n|^export (?:default )?/gm, ""));
  const isTaken = (name: string) =>
    new RegExp(`\\b${name}[.,]`).test(body) && !new RegExp(`const ${name}\\b`).test(body);
  const given = Object.entries(GIVEN).map(
    ([name, make]) => [name, isTaken(name) ? make() : undefined] as const,
  );
  const names = { ...fleet, pulumi, interpolate, random: cloud(), aws: cloud(), gcp: cloud() };
  const scope = { ...names, ...Object.fromEntries(given) };
  const used = `if (typeof sessionStorage !== "undefined" && ${body.includes("const sessionStorage")})
    new VirtualMcpServer("of-the-store", { sessions: 500, sessionStorage,
      backends: [{ name: "wiki", url: "https://wiki.example.com/mcp" }] });`;
  new Function(...Object.keys(scope), `{ ${body}\n${used} }`)(...Object.values(scope));
}

interface YamlResource {
  readonly type: string;
  readonly properties?: object;
}

function runYaml(text: string): void {
  const { resources }: { resources: Readonly<Record<string, YamlResource>> } = parse(text);
  const made = new Map<string, object>();
  const resolved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolved);
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, resolved(inner)]),
      );
    }
    const [, name = "", member = ""] = /^\$\{([\w-]+)\.(\w+)\}$/.exec(String(value)) ?? [];
    return name === "" ? value : Reflect.get(made.get(name) ?? {}, member);
  };
  for (const [name, { type, properties = {} }] of Object.entries(resources)) {
    const component: unknown = Reflect.get(fleet, type.split(":").at(-1) ?? "");
    if (typeof component !== "function") continue;
    made.set(name, Reflect.construct(component, [name, resolved(properties)]));
  }
}

describe("the examples in the documentation", () => {
  test("are 10 at least, in README.md and the pages of the components", () => {
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(10);
    expect(new Set(EXAMPLES.map(({ page }) => page)).size).toBeGreaterThanOrEqual(5);
  });

  test.each(EXAMPLES)("of $page pass every mandatory policy: $language, $line", async (example) => {
    const stack = await RecordedStack.of(() =>
      example.language === "ts" ? runTypescript(example.text) : runYaml(example.text),
    );
    expect(stack.resources.length).toBeGreaterThan(0);
    const externalStores = ["sessions", "redis.tools.svc"];
    expect(verdict(stack, { "session-storage-declared": { externalStores } })).toEqual([]);
  });
});
