import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectV1, connectV2 } from "../../testkit/clients/sdk-clients.ts";
import { hasPython, pythonProgram } from "../../testkit/odd-servers/python-client.ts";
import { runCommand } from "../../testkit/processes/command-outcome.ts";
import { startRoles } from "../../testkit/processes/gateway.ts";
import { eventually } from "../../testkit/vitest/eventually.ts";

const PACKAGES = join(import.meta.dirname, "../../node_modules/@modelcontextprotocol");

const published = (name: string) => join(PACKAGES, `server-${name}/dist/index.js`);

const CLIENTS = [
  ["the TypeScript SDK 1.x", connectV1],
  ["the TypeScript SDK 2.x", (url: string) => connectV2(url, "auto")],
] as const;

/** Published servers over stdio behind one gateway, and a folder with a file in it. */
async function startPublished() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "mcp-fleet-published-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "hello.txt"), "Hello from a file.\n");
  const inNode = (name: string, ...args: string[]) => ({
    name,
    transport: "stdio" as const,
    command: process.execPath,
    args: [published(name), ...args],
  });
  const inPython = (name: string) => ({
    name,
    transport: "stdio" as const,
    command: pythonProgram("servers", `mcp-server-${name}`),
  });
  const [gateway] = await startRoles({
    backends: [
      inNode("everything", "stdio"),
      inNode("filesystem", folder),
      { ...inNode("memory"), env: { MEMORY_FILE_PATH: join(folder, "memory.jsonl") } },
      ...(hasPython("servers") ? [inPython("time"), inPython("git")] : []),
    ],
  });
  return { gateway, folder };
}

if (!hasPython("servers")) console.warn("skipped: 2 servers in Python over stdio (no Python)");

describe("published servers over stdio behind one gateway", () => {
  it.each(CLIENTS)("answer %s: 3 in Node, and 2 in Python", async (_, connect) => {
    const { gateway, folder } = await startPublished();
    const { client, call, end } = await connect(gateway.url);
    onTestFinished(end);
    await eventually(async () => {
      const { tools } = await client.listTools();
      const names = tools.map(({ name }) => name);
      expect(names).toContain("everything_echo");
      expect(names).toContain("memory_read_graph");
      if (hasPython("servers")) expect(names).toContain("git_git_status");
    });
    expect(await call("everything_echo", { message: "hello" })).toContain("hello");
    expect(await call("filesystem_read_text_file", { path: join(folder, "hello.txt") })).toContain(
      "Hello from a file.",
    );
    const entities = [{ name: "Ada", entityType: "person", observations: ["writes programs"] }];
    await call("memory_create_entities", { entities });
    expect(await call("memory_read_graph")).toContain("writes programs");
    if (!hasPython("servers")) return;
    expect(await call("time_get_current_time", { timezone: "Europe/Amsterdam" })).toContain(
      "Amsterdam",
    );
  });
});

it("mcp-fleet stdio --measure says what a session of server-memory takes, and ends with 0", async () => {
  const main = join(import.meta.dirname, "../../runtime/cli/main.ts");
  const command = [process.execPath, main, "stdio", "--measure", "--"];
  const { code, stdout } = await runCommand([...command, process.execPath, published("memory")]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/start +\d+ ms/);
  const memory = Number(/memory +(\d+)Mi\n/.exec(stdout)?.[1]);
  expect(memory).toBeGreaterThan(20);
  expect(Number(/memory: (\d+)Mi/.exec(stdout)?.[1])).toBeGreaterThan(memory);
  expect(stdout).toMatch(/processes +1\n/);
});

it("mcp-fleet stdio --measure says why a program ends, and ends with 1", async () => {
  const main = join(import.meta.dirname, "../../runtime/cli/main.ts");
  const command = [process.execPath, main, "stdio", "--measure", "--", process.execPath];
  const { code, stderr } = await runCommand([
    ...command,
    "-e",
    "console.error('no key'); process.exit(3)",
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain("ended with exit code 3; its last words: no key");
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
