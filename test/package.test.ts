import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const LIMIT_MS = 300_000;

const ENVIRONMENT = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  npm_config_prefer_offline: "true",
  npm_config_loglevel: "error",
};

/** What somebody writes who runs a gateway in a program of their own. */
const EMBEDDER = `
import { validate } from "@mcp-fleet/contract/settings";
import { plan } from "@mcp-fleet/contract/capacity";
import { buildLog, compose, MemoryStore, type ServerAddresses } from "@mcp-fleet/runtime";

const settings = validate({
  port: 0,
  adminPort: 0,
  backends: [{ name: "nobody", url: "http://127.0.0.1:9/mcp" }],
});
const server = await compose({ settings, log: buildLog("silent", "test"), store: new MemoryStore() });
const { adminUrl }: ServerAddresses = await server.listen();
const livez = await (await fetch(adminUrl + "/livez")).json();
const { replicas } = plan({ sessions: 2500, backends: 2 }).gateways;
console.log(JSON.stringify({ livez, replicas: replicas.value }));
await server.close();
`;

describe("the packages of contract and runtime, installed alone into an empty project", () => {
  let project: string;

  const npm = (args: readonly string[], cwd: string) =>
    execFileSync("npm", args, { cwd, env: ENVIRONMENT, encoding: "utf8" });
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: project, env: ENVIRONMENT, encoding: "utf8" }).trim();

  beforeAll(() => {
    for (const part of ["contract/dist/package.json", "runtime/dist/index.js"]) {
      if (!existsSync(join(ROOT, part))) throw new Error(`there is no ${part}: run make build`);
    }
    project = mkdtempSync(join(tmpdir(), "mcp-fleet-embedder-"));
    writeFileSync(join(project, "package.json"), '{"name":"embedder","type":"module"}');
    for (const folder of ["contract/dist", "runtime"]) {
      npm(["pack", "--pack-destination", project], join(ROOT, folder));
    }
    const tarballs = readdirSync(project).filter((name) => name.endsWith(".tgz"));
    expect(tarballs).toHaveLength(2);
    npm(["install", ...tarballs.map((name) => `./${name}`)], project);
  }, LIMIT_MS);

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test("have the command mcp-fleet, which plans without anything else", () => {
    expect(run("node_modules/.bin/mcp-fleet", "--version")).toMatch(/^\d+\.\d+\.\d+$/);
    expect(
      run("node_modules/.bin/mcp-fleet", "plan", "--sessions", "2500", "--backends", "2"),
    ).toContain("replicas");
  });

  test("run a gateway in a program of somebody's own, and plan 3 replicas for 2,500 sessions", () => {
    writeFileSync(join(project, "embedder.ts"), EMBEDDER);
    expect(JSON.parse(run(process.execPath, "embedder.ts"))).toEqual({
      livez: { status: "ok" },
      replicas: 3,
    });
  });

  test("are typed for that program, one copy of the contract for both", () => {
    writeFileSync(join(project, "embedder.ts"), EMBEDDER);
    const options = [
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--module",
      "nodenext",
      "--target",
      "es2024",
    ];
    const types = ["--types", "node", "--typeRoots", join(ROOT, "node_modules/@types")];
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    expect(run(tsc, ...options, ...types, "embedder.ts")).toBe("");
    expect(existsSync(join(project, "node_modules/@mcp-fleet/runtime/node_modules"))).toBe(false);
  });
});
