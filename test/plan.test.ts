import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { plan } from "../runtime/contract/index.ts";

const root = new URL("..", import.meta.url).pathname;

function run(...args: string[]) {
  const command = ["runtime/main.ts", "plan", ...args];
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
  expect(stdout).toMatch(/^terminationGrace +5m22s {2}= preStop \+ linger \+ drain \+ close/m);
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
  [["--sessions", "2500"], "--backends <number>"],
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
