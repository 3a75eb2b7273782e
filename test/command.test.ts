import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[], variables: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["runtime/cli/main.ts", ...args], {
    cwd: root,
    encoding: "utf8",
    env: { PATH: process.env.PATH, NO_COLOR: "1", ...variables },
  });
  return { status, stdout, stderr };
}

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const BACKEND = "backends: [{name: a, url: 'http://127.0.0.1:9001/mcp'}]\n";

test.each([
  ["gateway", "127.0.0.1:4483, 2 backends"],
  ["toolhive-vmcp", "127.0.0.1:4483, 2 backends"],
  ["fleet", "0.0.0.0:4483, 3 backends"],
])("examples/%s.yaml is valid, in one line, exit 0", (name, summary) => {
  const { status, stdout, stderr } = run(["validate", "--config", `examples/${name}.yaml`]);
  expect({ status, stderr, lines: stdout.trim().split("\n").length }).toEqual({
    status: 0,
    stderr: "",
    lines: 1,
  });
  expect(stdout).toContain("valid: ");
  expect(stdout).toContain(summary);
});

test("3 faults of a file come at once on stderr, each with its line, exit 2 and no stack", () => {
  const file = fileOf("faults.yaml", `${BACKEND}prot: 1\nport: x\nsession:\n  idleTtl: soon\n`);
  const { status, stdout, stderr } = run(["validate", "--config", file]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain("3 faults");
  expect(stderr).toContain('did you mean "port"?');
  expect(stderr).toContain(`${file}:2:7`);
  expect(stderr).toContain(`${file}:3:7`);
  expect(stderr).toContain(`${file}:5:12`);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test("broken YAML is a fault with line and column", () => {
  const file = fileOf("broken.yaml", `${BACKEND}session: {idleTtl: [1\nport: 2\n`);
  const { status, stderr } = run(["validate", "--config", file]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/broken\.yaml:\d+:\d+/);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test("a key that stands twice is a fault beside the others", () => {
  const file = fileOf("twice.yaml", `${BACKEND}name: a\nname: b\nport: x\n`);
  const { status, stderr } = run(["validate", "--config", file]);
  expect(status).toBe(2);
  expect(stderr).toContain("2 faults");
  expect(stderr).toContain("twice.yaml:3:1");
  expect(stderr).toContain("keep one of the two");
});

test.each([
  ["a list", "- a\n", "a map of settings"],
  ["an alias of nothing", "name: *x\n", "alias"],
  ["an empty file", "", "is required, and must be a list"],
  ["an unknown tag", `${BACKEND}name: !secret x\n`, "tag"],
])("%s as configuration is a fault, exit 2", (_, text, expected) => {
  const { status, stderr } = run(["validate", "--config", fileOf("odd.yaml", text)]);
  expect(status).toBe(2);
  expect(stderr).toContain("The configuration has 1 fault.");
  expect(stderr).toContain(expected);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test("a missing file and a folder are faults, exit 2", () => {
  const missing = run(["gateway", "--config", join(folder, "none.yaml")]);
  const unreadable = run(["validate", "--config", folder]);
  expect([missing.status, unreadable.status]).toEqual([2, 2]);
  expect(missing.stderr).toContain("ENOENT");
  expect(unreadable.stderr).toContain("EISDIR");
});

test("the environment overrides the file, and its faults name the variable", () => {
  const file = fileOf("port.yaml", `${BACKEND}port: 4000\nname: file\n`);
  const { stdout } = run(["validate", "--config", file], { MCP_FLEET_PORT: "5000" });
  expect(stdout).toContain("file on 127.0.0.1:5000");
  const { status, stderr } = run(["validate", "--config", file], {
    MCP_FLEET_PORT: "x",
    MCP_FLEET_BACKENDS: '[{"name":"b","url":"ftp://b"}]',
    MCP_FLEET_NAM: "y",
  });
  expect(status).toBe(2);
  expect(stderr).toContain("3 faults");
  expect(stderr).toContain("from   MCP_FLEET_PORT");
  expect(stderr).toContain("from   MCP_FLEET_BACKENDS");
  expect(stderr).toContain("did you mean MCP_FLEET_NAME?");
});

test("a flag overrides the environment, and its faults name the flag", () => {
  const flags = ["--port", "70000", "--log-level", "loud", "--host", "::1", "--admin-port", "x"];
  const { status, stderr } = run(["gateway", ...flags], {
    MCP_FLEET_PORT: "5000",
    MCP_FLEET_BACKENDS: '[{"name":"b","url":"http://b/mcp"}]',
  });
  expect(status).toBe(2);
  expect(stderr).toContain("3 faults");
  for (const flag of ["--port", "--admin-port", "--log-level"]) {
    expect(stderr).toContain(`from   ${flag}`);
  }
});

test("the environment alone can be the configuration", () => {
  const { status, stdout } = run(["validate"], {
    MCP_FLEET_BACKENDS: '[{"name":"b","url":"http://b/mcp"}]',
  });
  expect(status).toBe(0);
  expect(stdout).toContain("1 backend (b)");
});

test("schema prints the JSON Schema of the file", () => {
  const { status, stdout } = run(["schema"]);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    anyOf: [{ required: ["backends"] }, { required: ["discovery"] }],
  });
});

test("--version is that of the package and --help names the 3 commands, exit 0", () => {
  const manifest = JSON.parse(readFileSync(join(root, "runtime/package.json"), "utf8"));
  expect(run(["--version"])).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: "" });
  const { status, stdout } = run(["--help"]);
  expect(status).toBe(0);
  for (const command of ["gateway", "validate", "schema"]) expect(stdout).toContain(command);
});

test.each([
  [[]],
  [["gatway"]],
  [["gateway", "--prot", "1"]],
  [["validate", "--config"]],
  [["schema", "x"]],
])("the command line %j is a usage error, exit 2", (args) => {
  const { status, stdout, stderr } = run(args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).not.toBe("");
  expect(stderr).not.toMatch(/^\s+at /m);
});

test("stdio names 2 wrong options, each with what it must be, exit 2 and no stack", () => {
  for (const [option, value, rule] of [
    ["--max", "many", "must be a whole number"],
    ["--env", "=x", "must be NAME=VALUE"],
  ] as const) {
    const { status, stderr } = run(["stdio", option, value, "--", "node"]);
    expect(status).toBe(2);
    expect(stderr).toContain(rule);
    expect(stderr).not.toMatch(/^\s+at /m);
  }
});

test("stdio judges the size of --memory as the field that it is", () => {
  const { status, stderr } = run(["stdio", "--memory", "much", "--", "node"]);
  expect(status).toBe(2);
  expect(stderr).toContain("backends[0].process.memory");
});
