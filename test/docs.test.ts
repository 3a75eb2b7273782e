import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { COMPONENTS } from "../infra/components.ts";
import {
  McpServer,
  type ProcessArgs,
  RedisSentinel,
  type SessionStorageArgs,
  VirtualMcpServer,
} from "../infra/index.ts";
import { ERROR_TABLE } from "../runtime/wire/error-table.ts";
import { RecordedStack } from "../testkit/pulumi/recorded-stack.ts";
import { isSame, sourceOf } from "../tools/docs/argument-source.ts";
import { type Argument, argumentTypes } from "../tools/docs/component-arguments.ts";
import { componentPage, isConditional } from "../tools/docs/component-pages.ts";
import { POLICY_PAGES } from "../tools/docs/policy-pages.ts";
import { TABLES, withTables } from "../tools/docs/tables.ts";

const read = (file: string) => readFileSync(new URL(`../docs/${file}`, import.meta.url), "utf8");

test.each([...new Set(TABLES.map(({ file }) => file))])(
  "the tables of docs/%s are up to date",
  (file) => {
    const page = read(file);
    expect(withTables(file, page), "run: make docs").toBe(page);
  },
);

test.each([...POLICY_PAGES])("docs/%s is up to date (make docs)", (file, text) => {
  expect(read(file)).toBe(text);
});

test("docs/policies has no page of a policy that is gone", () => {
  const files = readdirSync(new URL("../docs/policies", import.meta.url));
  const known = ["README.md", ...[...POLICY_PAGES.keys()].map((file) => basename(file))];
  expect(files.filter((file) => !known.includes(file))).toEqual([]);
});

test("a page without the marks of its table is not passed over", () => {
  expect(() => withTables("settings.md", "# Settings")).toThrow("no marks for the table settings");
});

test("docs/operations.md says what to do about each error of a backend and of the store", () => {
  const names = Object.keys(ERROR_TABLE).filter((name) =>
    /^(?:BACKEND|STORE)_|^OUTCOME/.test(name),
  );
  const rows = read("operations.md")
    .split("\n")
    .filter((line) => line.startsWith("| "));
  expect(names.length).toBeGreaterThan(8);
  expect(names.filter((name) => !rows.some((row) => row.includes(`\`${name}\``)))).toEqual([]);
});

test("docs/stack.md names each configuration key that the stack reads", () => {
  const program = readFileSync(new URL("../infra/main.ts", import.meta.url), "utf8");
  const keys = [...program.matchAll(/config\.(?:get|require)\w*\("(\w+)"\)/g)].map(
    ([, key]) => key,
  );
  const page = read("stack.md");
  expect(keys.length).toBeGreaterThan(5);
  expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
});

describe.each(Object.keys(COMPONENTS))("the arguments of %s", (component) => {
  const all: readonly Argument[] = argumentTypes(component).flatMap((type) => type.arguments);
  const paths = (found: readonly Argument[]) => found.map(({ path }) => path);

  test("are explained, each with its default or when it is required", () => {
    expect(paths(all.filter(({ about }) => about === ""))).toEqual([]);
    const silent = all.filter(
      ({ isRequired, fallback, members, about }) =>
        !isRequired && fallback === undefined && members === undefined && !isConditional(about),
    );
    expect(paths(silent)).toEqual([]);
  });

  test("say what is counted, where they are numbers", () => {
    const numbers = all.filter(({ type }) => type === "number");
    expect(numbers.length).toBeGreaterThan(3);
    expect(paths(numbers.filter((one) => sourceOf(component, one).unit === "–"))).toEqual([]);
  });

  test("have the defaults of the plan and of the settings that they stand for", () => {
    const others = all.flatMap((argument) => {
      const [said = ""] = (argument.fallback ?? "").split(/,? /);
      const { fallbacks } = sourceOf(component, argument);
      return fallbacks
        .filter((fallback) => argument.fallback !== undefined && !isSame(said, fallback))
        .map((fallback) => `${argument.path}: ${argument.fallback}, and elsewhere ${fallback}`);
    });
    expect(others).toEqual([]);
  });
});

const storage: SessionStorageArgs = { address: "redis:6379", password: "secret" };

const oidc = {
  issuer: "https://id.example.com",
  audience: "mcp",
  clientId: "gateway",
  clientSecret: "secret",
};

const everything: ProcessArgs = {
  ownerKey: "key",
  monitoring: { serviceMonitor: true, grafanaDashboard: true },
};

test.each<[keyof typeof COMPONENTS, string, () => unknown]>([
  [
    "VirtualMcpServer",
    "eng",
    () =>
      new VirtualMcpServer("eng", {
        ...everything,
        sessions: 1000,
        backends: [{ name: "search", url: "http://search/mcp" }],
        sessionStorage: storage,
        autoscaling: { maxReplicas: 4 },
        incomingAuth: { type: "oidc", oidc },
        discovery: {
          groupRef: "eng",
          services: { labelSelector: "mcp=yes", namespaces: ["tools"] },
        },
        outgoingAuth: { default: { type: "bearer_token", bearerToken: { token: "secret" } } },
        ingress: { host: "mcp.example.com" },
        httpRoute: { hostnames: ["mcp.example.com"], parentRefs: [{ name: "public" }] },
      }),
  ],
  [
    "McpServer",
    "browser",
    () =>
      new McpServer("browser", {
        image: "browser:1",
        sessionStorage: storage,
        incomingAuth: {
          type: "oidc",
          oidc: { issuer: "https://login.example.com", audience: "mcp", clientSecret: "secret" },
        },
        proxy: everything,
      }),
  ],
  [
    "RedisSentinel",
    "sessions",
    () =>
      new RedisSentinel("sessions", {
        sessions: 1000,
        exporter: { serviceMonitor: true, grafanaDashboard: true },
        tls: { issuer: { name: "ca" } },
        users: [{ name: "eng" }],
      }),
  ],
])("the page of %s names the children of %s, and no others", async (component, _, program) => {
  const { resources } = await RecordedStack.of(program);
  const children = resources
    .filter(({ type }) => !type.startsWith("mcp-fleet:") && !type.startsWith("pulumi:"))
    .map((child) => `${child.type.split(":").at(-1)} ${nameOf(child)}`);
  const [, section = ""] = read(componentPage(component)).split("## Children");
  const [table = ""] = section.split("\n## ");
  const named = [...table.matchAll(/^\| (\w+) +\| `([^`]+)`/gm)].map(
    ([, kind, name]) => `${kind} ${name}`,
  );
  expect(named.sort()).toEqual(children.sort());
});

/** As the cluster knows it: where the provider completes it, what comes before that. */
function nameOf({
  type,
  name,
  inputs,
}: Pick<RecordedStack["resources"][number], "type" | "name" | "inputs">) {
  if (type.startsWith("random:")) return name;
  const metadata = inputs.metadata as { readonly name?: string } | undefined;
  return metadata?.name ?? `${name}-…`;
}
