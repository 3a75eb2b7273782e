import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";

import { hasRedis } from "../testkit/processes/redis.ts";

const root = new URL("..", import.meta.url).pathname;

/** Where the demo keeps its files, so that a test sees what is left of them. */
let folder: string;
let demo: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-fleet-demo-test-"));
});
afterEach(() => {
  // Does nothing to a demo that has ended.
  demo?.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

function startDemo(...args: readonly string[]) {
  const child = spawn(process.execPath, ["demo/main.ts", "--admin-port", "0", ...args], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  demo = child;
  return { child, result: resultOf(child) };
}

async function resultOf(child: ChildProcess) {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("the demo's output is not piped");
  const [[status], out, problems] = await Promise.all([
    once(child, "close"),
    text(stdout),
    text(stderr),
  ]);
  return { status, out, problems, leftFiles: readdirSync(folder) };
}

/** The rows of the table, as cells. */
function rowsOf(out: string): readonly (readonly string[])[] {
  const lines = out.split("\n").map((line) => line.trim().split(/ {2,}/));
  return lines.filter(([server = ""]) => ["everything", "filesystem", "memory"].includes(server));
}

test("without a terminal the demo calls 3 servers through one endpoint, leaves nothing and exits 0", async () => {
  const { status, out, problems, leftFiles } = await startDemo("--port", "0").result;
  expect({ status, problems, leftFiles }).toEqual({ status: 0, problems: "", leftFiles: [] });

  const rows = rowsOf(out);
  expect(rows.map(([, , tool, answer]) => [tool, answer])).toEqual([
    ["everything_echo", "Echo: hello"],
    ["filesystem_read_text_file", "Hello from a file."],
    ["memory_create_entities", expect.stringContaining('"name": "demo"')],
  ]);
  const tools = rows.reduce((sum, [, count]) => sum + Number(count), 0);
  expect(out).toContain(`sees ${tools} tools in one list`);
});

test("the same 3 calls again are 3 requests to the backends and 0 new sessions there", async () => {
  const { out } = await startDemo("--port", "0").result;
  expect(out).toContain("The first calls opened 3 backend sessions.");
  expect(out).toContain("3 calls again cost 3 requests to backends and opened 0 new sessions");
});

test.skipIf(!hasRedis)(
  "of 3 gateway processes 1 is killed amid 60 calls of one session: 0 errors, nothing is left, exit 0",
  async () => {
    const { status, out, problems, leftFiles } = await startDemo("--port", "0", "--replicas", "3")
      .result;
    expect({ status, problems, leftFiles }).toEqual({ status: 0, problems: "", leftFiles: [] });

    const rows = out.split("\n").map((line) => line.trim().split(/ {2,}/));
    const gateways = rows.filter(([, , , now = ""]) => ["killed", "runs"].includes(now));
    expect(gateways.map(([, , after, now]) => [Number(after) > 0, now])).toEqual([
      [false, "killed"],
      [true, "runs"],
      [true, "runs"],
    ]);
    expect(gateways.every(([, before]) => Number(before) > 0)).toBe(true);
    expect(out).toContain("60 calls, 0 errors, 0 answers that the session is unknown");
    expect(out).toContain("opened 0 new sessions at backends after the kill");
  },
);

test("REPLICAS that is no number ends the demo with 1 line and exit 1, before anything starts", async () => {
  const { status, out, problems } = await startDemo("--port", "0", "--replicas", "many").result;
  expect({ status, out }).toEqual({ status: 1, out: "" });
  expect(problems).toBe("demo: REPLICAS=many is no number of processes from 1 to 99\n");
});

test("a port that is no port ends the demo with 1 line and exit 1, and its 3 servers with it", async () => {
  const { status, out, problems, leftFiles } = await startDemo("--port", "70000").result;
  expect({ status, leftFiles }).toEqual({ status: 1, leftFiles: [] });
  expect(problems).toMatch(/^demo: .*70000.*\n$/);

  const urls = out.match(/http:\/\/127\.0\.0\.1:\d+\/mcp/g) ?? [];
  expect(urls).toHaveLength(3);
  for (const url of urls) await expect(fetch(url)).rejects.toThrow("fetch failed");
});

test("a signal while the servers start stops them, leaves nothing and exits 0", async () => {
  const { child, result } = startDemo("--port", "0");
  child.stdout?.once("data", () => child.kill("SIGINT"));
  const { status, out, problems, leftFiles } = await result;
  expect({ status, problems, leftFiles }).toEqual({ status: 0, problems: "", leftFiles: [] });
  expect(out).not.toContain("Connect your own client");
});
