import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { plan } from "@mcp-fleet/contract/capacity";
import { afterAll, describe, expect, test } from "vitest";
import { DRAWING_FILE, planDrawing } from "../tools/docs/plan-drawing.ts";

const root = new URL("..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-plan-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function command(args: readonly string[], variables: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["runtime/cli/main.ts", ...args], {
    cwd: root,
    encoding: "utf8",
    env: { PATH: process.env.PATH, NO_COLOR: "1", ...variables },
  });
  return { status, stdout, stderr };
}

const run = (...args: string[]) => command(["plan", ...args]);

function fileOf(text: string): string {
  const path = join(folder, "fleet.yaml");
  writeFileSync(path, text);
  return path;
}

const LOAD = ["--sessions", "2500", "--backends", "10"];

describe("flags alone", () => {
  test("plan 3 replicas for 2,500 sessions, with the arithmetic of each figure", () => {
    const { status, stdout, stderr } = run(...LOAD);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^replicas +3 pods {2}= holding \+ spareReplicas$/m);
    expect(stdout).toMatch(/^ {2}holding +2 pods {2}as above$/m);
    expect(stdout).toMatch(/^requiredNofile +11,188 descriptors {2}= client sockets \+ /m);
    expect(stdout).toMatch(/^ {2}backend pools +2,560 descriptors {2}backends 10 × upstream/m);
    expect(stdout).toMatch(/^terminationGrace +5m30s {2}= preStop \+ linger \+ drain \+ close/m);
  });

  test("are inputs of plan(), whose answer --json prints", () => {
    const flags = ["--call-timeout-max", "10m", "--memory-bytes", "1Gi", "--store", "redis"];
    const { status, stdout } = run(...LOAD, ...flags, "--streams-per-session", "0.5", "--json");
    expect(status).toBe(0);
    const answer = plan({
      sessions: 2500,
      backends: 10,
      callTimeoutMaxSeconds: 600,
      memoryBytes: 2 ** 30,
      store: "redis",
      streamsPerSession: 0.5,
    });
    expect(JSON.parse(stdout)).toEqual(answer);
  });

  test("that cannot be planned for are named, with what to change, exit 2", () => {
    expect(run(...LOAD, "--nofile", "1024")).toEqual({
      status: 2,
      stdout: "",
      stderr: `This load cannot be planned: 1 fault.

nofile
  value  1024
  rule   must be at least 3259: what a pod needs to serve one session
  fix    raise it to 3259, or lower upstreamConnections, views or backends
  from   --nofile
`,
    });
  });

  test.each([
    [["--sessions", "2500"], "--sessions and --backends are required without --config"],
    [["--backends", "1"], "--sessions and --backends are required without --config"],
    [["--sessions", "many"], "'many' is invalid. It must be a whole number; write a whole number"],
    [["--sessions", "0"], "'0' is invalid. It must be at least 1; set it to 1 or more."],
    [
      ["--memory-bytes", "2GB"],
      "'2GB' is invalid. It must be a size such as 8Mi; write it as 8Mi, 512Ki or",
    ],
    [["--memory-bytes", "2Ti"], "'2Ti' is invalid. It must be a size from 1B to 1Ti;"],
    [["--call-time", "10"], "'10' is invalid. It must be a duration such as 30s; add a unit: 10s."],
    [["--idle-ttl", "25d"], "'25d' is invalid. It must be a duration from 1s to 24d;"],
    [["--streams-per-session", ""], "'' is invalid. It must be a number; write a number,"],
    [["--store", "disk"], "Allowed choices are sentinel, cluster, redis, memory"],
    [["--server", "name=github"], "unknown option '--server'"],
  ])("%j is a usage error, exit 2", (flags, reason) => {
    const { status, stdout, stderr } = run(...flags);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(reason);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("--config", () => {
  const EXAMPLE = ["--config", "examples/fleet.yaml"];

  test("plans for a gateway's configuration with its section load", () => {
    const { status, stdout, stderr } = run(...EXAMPLE, "--json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const github = { stateful: true, notifications: "session", proxied: true } as const;
    const answer = plan({
      sessions: 2500,
      maxReplicas: 8,
      callTimeoutMaxSeconds: 600,
      store: "sentinel",
      servers: [
        { name: "github", ...github, replicas: 3, sessionBytes: 2 * 2 ** 20 },
        { name: "search", replicas: 2, callTimeoutMaxSeconds: 60 },
        { name: "billing", proxied: true },
      ],
    });
    expect(JSON.parse(stdout)).toEqual(answer);
  });

  test("gives each server its proxies and its pods in the table, and says which of 3 runs elsewhere", () => {
    const { stdout } = run(...EXAMPLE);
    expect(stdout).toMatch(/^The proxies of github$/m);
    expect(stdout).toMatch(/^The pods of github\n\nreplicas +3 pods {2}input$/m);
    expect(stdout).toMatch(/^holding +2 pods {2}= max\(1, replicas − 1\)$/m);
    expect(stdout).toMatch(/^The pods of billing\n\nbilling +0 pods {2}It runs elsewhere/m);
    expect(stdout).toMatch(/^volume +\d+Gi {2}= /m);
    expect(stdout).not.toContain("The proxies of search");
  });

  test("gives way to flags, and to variables as a gateway does", () => {
    const flags = ["--call-timeout-max", "20m", "--max-replicas", "9", "--json"];
    const variables = { MCP_FLEET_LIMITS_VIEWS: "64", MCP_FLEET_LIMITS_CALL_TIMEOUT_MAX: "15m" };
    const { stdout } = command(["plan", ...EXAMPLE, ...flags], variables);
    expect(JSON.parse(stdout).inputs).toMatchObject({
      sessions: 2500,
      maxReplicas: 9,
      callTimeoutMaxSeconds: 1200,
      views: 64,
    });
  });

  test("says 6 faults of settings and load at once, each with its line, exit 2", () => {
    const file = fileOf(`backends:
  - { name: github, url: http://github:8080/mcp }
  - { name: search, url: ftp://search:8080/mcp }
limits: { vews: 3 }
load:
  sessions: many
  maxReplica: 8
  servers:
    github: { replicas: 3, memory: 2Gi }
    gihub: { replicas: 2 }
`);
    expect(run("--config", file)).toEqual({
      status: 2,
      stdout: "",
      stderr: `The configuration has 6 faults.

load.sessions
  value  "many"
  rule   must be a whole number
  fix    write a whole number, without quotes or a decimal point
  from   ${file}:6:13

load.servers.github.memory
  value  "2Gi"
  rule   must be a known key
  fix    did you mean "memoryBytes"?
  from   ${file}:9:36

load.maxReplica
  value  8
  rule   must be a known key
  fix    did you mean "maxReplicas"?
  from   ${file}:7:15

load.servers.gihub
  value  "gihub"
  rule   must be the name of a backend
  fix    did you mean "github"?
  from   ${file}:10:12

limits.vews
  value  3
  rule   must be a known key
  fix    did you mean "views"?
  from   ${file}:4:17

backends[1].url
  value  "ftp://search:8080/mcp"
  rule   must be an http or https URL without a user name, password or fragment
  fix    write it as http://host:port/mcp
  from   ${file}:3:26
`,
    });
  });

  test("says which flag makes a plan impossible", () => {
    const tooFew = run(...EXAMPLE, "--backends", "2");
    expect(tooFew.status).toBe(2);
    expect(tooFew.stderr).toContain("must be at least 3: as many servers are given");
    expect(tooFew.stderr).toContain("from   --backends");
    const tooLow = run(...EXAMPLE, "--nofile", "900");
    expect(tooLow.stderr).toMatch(/^nofile\n {2}value {2}900\n.*\n.*\n {2}from {3}--nofile$/m);
  });
});

describe("a gateway", () => {
  test("takes a file with a load and reads nothing of it, and mcp-fleet schema explains its keys", () => {
    const file = fileOf(`backends: [{ name: a, url: "http://a/mcp" }]
load: { sessions: 20000, colour: red }
`);
    const { status, stdout } = command(["validate", "--config", file]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: "valid: gateway mcp-fleet on 127.0.0.1:4483, 1 backend (a), at most 10000 sessions\n",
    });
    expect(JSON.parse(command(["schema"]).stdout).properties.load).toMatchObject({
      description: expect.stringContaining("Gateways and proxies ignore it."),
      additionalProperties: false,
      properties: {
        sessions: { type: "integer", description: "Concurrent sessions, fleet-wide" },
        callTime: { type: "string", title: "duration" },
        servers: { additionalProperties: { properties: { proxied: { type: "boolean" } } } },
      },
    });
  });
});

test("docs/plan.svg is drawn from the plan of the example above it", () => {
  const page = readFileSync(new URL("../docs/capacity.md", import.meta.url), "utf8");
  expect(page).toContain("](plan.svg)");
  expect(planDrawing() === readFileSync(DRAWING_FILE, "utf8"), "run make docs").toBe(true);
});
