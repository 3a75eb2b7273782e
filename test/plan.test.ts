import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { plan } from "@mcp-fleet/contract/capacity";
import { describe, expect, test } from "vitest";
import { DRAWING_FILE, planDrawing } from "../tools/docs/plan-drawing.ts";

const root = new URL("..", import.meta.url).pathname;

function run(...args: string[]) {
  const command = ["runtime/cli/main.ts", "plan", ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: "utf8",
    env: { PATH: process.env.PATH, NO_COLOR: "1" },
  });
  return { status, stdout, stderr };
}

const LOAD = ["--sessions", "2500", "--backends", "10"];

test("plan prints 3 replicas for 2,500 sessions, with the arithmetic of each figure", () => {
  const { status, stdout, stderr } = run(...LOAD);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^replicas +3 pods {2}= holding \+ spareReplicas$/m);
  expect(stdout).toMatch(/^ {2}holding +2 pods {2}as above$/m);
  expect(stdout).toMatch(/^requiredNofile +6,452 descriptors {2}= client sockets \+ /m);
  expect(stdout).toMatch(/^ {2}backend pools +2,560 descriptors {2}backends 10 × upstream/m);
  expect(stdout).toMatch(/^terminationGrace +5m30s {2}= preStop \+ linger \+ drain \+ close/m);
});

test("plan --json prints what plan() answers, with every flag that it was given", () => {
  const flags = ["--call-timeout-max-seconds", "10m", "--memory-bytes", "1Gi", "--store", "redis"];
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

test("a pod with 1,024 descriptors is no plan for 10 backends: exit 2, and what to change", () => {
  const { status, stdout, stderr } = run(...LOAD, "--nofile", "1024");
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain("raise it to 3255, or lower upstreamConnections");
  expect(stderr).not.toMatch(/^\s+at /m);
});

test.each([
  [["--sessions", "2500"], "--backends <number> is required where no --server is described"],
  [["--backends", "1"], "required option '--sessions <number>'"],
  [["--sessions", "many", "--backends", "1"], '"many" is not a number'],
  [[...LOAD, "--memory-bytes", "2GB"], '"2GB" is not a size'],
  [[...LOAD, "--call-seconds", "soon"], '"soon" is not a duration'],
  [[...LOAD, "--store", "disk"], "Allowed choices are sentinel, redis, memory"],
  [[...LOAD, "--opened-backends", "11"], "at most backends, which is 10"],
])("the flags %j are refused, exit 2", (flags, reason) => {
  const { status, stdout, stderr } = run(...flags);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(reason);
});

describe("--server", () => {
  const SERVER =
    "name=github,replicas=3,stateful,proxied,notifications=session,catalog=perSession,transport=sse,sessions=500,call-timeout-max=10m,session-bytes=2Mi,process-bytes=256Mi,memory-bytes=4Gi";

  test("describes 2 servers as plan() is told of them, and counts them as backends", () => {
    const servers = ["--server", SERVER, "--server", "name=search, stateful=false"];
    const { status, stdout, stderr } = run("--sessions", "2500", ...servers, "--json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const answer = plan({
      sessions: 2500,
      servers: [
        {
          name: "github",
          replicas: 3,
          stateful: true,
          proxied: true,
          notifications: "session",
          catalog: "perSession",
          transport: "sse",
          sessions: 500,
          callTimeoutMaxSeconds: 600,
          sessionBytes: 2 * 2 ** 20,
          processBytes: 256 * 2 ** 20,
          memoryBytes: 4 * 2 ** 30,
        },
        { name: "search" },
      ],
    });
    expect(JSON.parse(stdout)).toEqual(answer);
  });

  test("gives each server its proxies and its 3 pods in the table, and says which of 2 runs elsewhere", () => {
    const { stdout } = run("--sessions", "2500", "--server", SERVER, "--server", "name=search");
    expect(stdout).toMatch(/^The proxies of github$/m);
    expect(stdout).toMatch(/^The pods of github\n\nreplicas +3 pods {2}input$/m);
    expect(stdout).toMatch(/^holding +2 pods {2}= max\(1, replicas − 1\)$/m);
    expect(stdout).toMatch(/^The pods of search\n\nsearch +0 pods {2}It runs elsewhere/m);
    expect(stdout).toMatch(/^volume +\d+Gi {2}= /m);
    expect(stdout).not.toContain("The proxies of search");
  });

  test.each([
    ["replicas=3", ["name", "1 to 63 letters", "write it as name=github"]],
    ["name=a b", ["name", '"a b"', "1 to 63 letters"]],
    ["name=a,replcas=3", ["replcas", "a known key", 'did you mean "replicas"?']],
    ["name=a,callTimeoutMax=10m", ["callTimeoutMax", 'did you mean "call-timeout-max"?']],
    ["name=a,colour=red", ["colour", "known here: name, stateful, proxied,"]],
    ["name=a,replicas=many", ["replicas", '"many"', "a number", "write it as 3"]],
    ["name=a,replicas", ["replicas", "a number"]],
    ["name=a,memory-bytes=2GB", ["memory-bytes", '"2GB"', "a size", "write it as 256Mi"]],
    ["name=a,call-timeout-max=soon", ["call-timeout-max", "a duration", "write it as 10m"]],
    ["name=a,transport=see", ["transport", '"see"', 'did you mean "sse"?']],
    ["name=a,catalog=own", ["catalog", "one of shared, perSession", "write one of them"]],
    ["name=a,stateful=no", ["stateful", "true or false", "write the key alone"]],
    ["name=a,name=b", ["name", "a key that is said once"]],
    ["name=a,replicas=1.5", ["servers.a.replicas", "set it to a whole number"]],
  ])("%s is refused with what to change, exit 2", (spec, reasons) => {
    const { status, stdout, stderr } = run("--sessions", "10", "--server", spec);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    for (const reason of reasons) expect(stderr).toContain(reason);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("with 3 faults says all of them at once", () => {
    const { stderr } = run(
      "--sessions",
      "10",
      "--server",
      "proxied=x,transport=y,replicas=z,name=a",
    );
    expect(stderr.match(/^ {2}fix /gm)).toHaveLength(3);
  });
});

test("docs/plan.svg is drawn from the plan of the command above it", () => {
  const page = readFileSync(new URL("../docs/capacity.md", import.meta.url), "utf8");
  expect(page).toContain("](plan.svg)");
  expect(planDrawing() === readFileSync(DRAWING_FILE, "utf8"), "run make docs").toBe(true);
});
